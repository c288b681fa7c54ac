"""What is done about a volume: one thing at a time, two copies first."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from standfast.mechanisms.hosts.volumes.decide import (
    SCRUB_EVERY_S,
    Mirror,
    Replace,
    Scrub,
    Step,
    decide,
)
from standfast.mechanisms.hosts.volumes.model import Kind, Member, Volume
from standfast.mechanisms.hosts.volumes.model import Scrub as Scrubbed

NOW = 1_796_000_000.0
DONE = Scrubbed(began_at=NOW - 3600, finished=True)
WELL = Volume(
    folder="/srv",
    kind=Kind.BTRFS,
    members=(Member(name="1"), Member(name="2")),
    copies=2,
    spares=("/dev/standfast-disk-3",),
    scrub=DONE,
)
REFUSES = (Member(name="1"), Member(name="2", errors=1, corrupt=70))
GONE = (Member(name="1"), Member(name="2", gone=True))
DAMAGED = (Member(name="1"), Member(name="2", corrupt=70))
TAKES_OVER = Replace(member="2", spare="/dev/standfast-disk-3")


def decided(mended: Mapping[str, int] | None = None, **changes: object) -> Step | None:
    return decide(replace(WELL, **changes), mended or {}, now=NOW)  # type: ignore[arg-type]


def test_a_volume_that_is_well_is_left_alone() -> None:
    assert decided() is None


@pytest.mark.parametrize("members", [REFUSES, GONE])
def test_the_spare_takes_the_place_of_a_disk_that_fails(members: tuple[Member, ...]) -> None:
    """Whatever else there is to do, a scrub that goes on included."""
    assert decided(members=members) == TAKES_OVER
    assert decided(members=members, unmirrored=("data (single)",)) == TAKES_OVER
    assert decided(members=members, scrub=Scrubbed(began_at=NOW, finished=False)) == TAKES_OVER


def test_without_a_spare_nothing_can_be_done() -> None:
    assert decided(members=GONE, spares=()) is None


def test_nothing_is_begun_while_the_kernel_is_at_something() -> None:
    assert decided(members=REFUSES, busy="device replace") is None


def test_what_was_written_while_a_disk_was_gone_is_mirrored_afterwards() -> None:
    assert decided(unmirrored=("data (single)",), members=DAMAGED) == Mirror()


def test_damage_is_mended_once() -> None:
    assert isinstance(decided(members=DAMAGED), Scrub)
    assert isinstance(decided({"2": 69}, members=DAMAGED), Scrub)
    assert decided({"2": 70}, members=DAMAGED) is None
    assert decided(members=DAMAGED, scrub=Scrubbed(began_at=NOW, finished=False)) is None


def test_everything_is_read_through_at_once_and_then_weekly() -> None:
    assert decided(scrub=None) == Scrub(why="it is due")
    old = Scrubbed(began_at=NOW - SCRUB_EVERY_S, finished=True)
    assert decided(scrub=old) == Scrub(why="it is due")
    assert decided(scrub=replace(old, began_at=old.began_at + 1)) is None


def test_what_could_not_be_corrected_is_looked_at_again() -> None:
    lasting = replace(DONE, began_at=NOW - 119, uncorrectable=1)
    assert decided(scrub=lasting) is None
    assert isinstance(decided(scrub=replace(lasting, began_at=NOW - 120)), Scrub)


def test_whichever_step_was_cut_off_the_next_look_takes_it_up() -> None:
    """A disk fails, is replaced, what was written meanwhile is mirrored, all is read through: from
    each state that a cut can leave, the same steps follow, and end."""
    states = [
        replace(WELL, members=GONE, unmirrored=("data (single)",), scrub=None),
        replace(WELL, unmirrored=("data (single)",), scrub=None, spares=()),
        replace(WELL, scrub=None, spares=()),
        replace(WELL, spares=()),
    ]
    steps = [decide(each, {}, now=NOW) for each in states]
    assert steps == [TAKES_OVER, Mirror(), Scrub(why="it is due"), None]
