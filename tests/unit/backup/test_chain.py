"""Which segments are read on the way to the newest timeline, and where one is missing."""

from itertools import pairwise
from random import Random

import pytest

from standfast.mechanisms.backup import wal
from standfast.mechanisms.backup.chain import (
    Leg,
    Run,
    is_on_the_way,
    joined,
    runs,
    timeline_at,
    way,
)

HISTORY = "1\t0/B0000A0\tno recovery target specified\n"
"""As a promoted PostgreSQL 15 wrote it."""

FORKED = way(2, HISTORY)


def test_a_timeline_begins_in_the_segment_in_which_the_former_was_left() -> None:
    assert way(1, "") == (Leg(timeline=1, begins=0),)
    assert [each.begins for each in FORKED] == [0, 11]
    assert [each.timeline for each in FORKED] == [1, 2]
    twice = way(4, f"{HISTORY}\n2\t1/00000028\tafter LSN 1/28\n")
    assert twice[2] == Leg(timeline=4, begins=256)


def test_each_segment_is_read_of_the_timeline_that_was_the_last_to_begin() -> None:
    assert [timeline_at(number, FORKED) for number in (0, 10, 11, 12)] == [1, 1, 2, 2]
    assert not is_on_the_way(wal.name(1, 11), FORKED)
    assert is_on_the_way(wal.name(2, 11), FORKED)


def test_what_the_former_primary_wrote_behind_the_fork_fills_no_gap() -> None:
    former = [wal.name(1, number) for number in range(1, 14)]
    newer = [wal.name(2, number) for number in (12, 13)]
    assert runs([*former, *newer], FORKED) == (Run(first=1, last=10), Run(first=12, last=13))
    whole = [*former, *newer, wal.name(2, 11)]
    assert runs(whole, FORKED) == (Run(first=1, last=13),)


def test_names_and_numbers_go_over_the_end_of_a_file() -> None:
    assert wal.name(1, 255) == "0000000100000000000000FF"
    assert wal.name(1, 256) == "000000010000000100000000"
    for number in (0, 1, 255, 256, 70_000):
        name = wal.name(3, number)
        assert (wal.timeline(name), wal.number(name)) == (3, number)
        assert wal.is_segment(name)


@pytest.mark.parametrize("seed", range(200))
def test_runs_hold_what_is_there_and_nothing_else(seed: int) -> None:
    chance = Random(seed)
    there = sorted(chance.sample(range(30), chance.randint(0, 30)))
    found = tuple(joined(there))
    assert [number for run in found for number in range(run.first, run.last + 1)] == there
    assert all(after.first > before.last + 1 for before, after in pairwise(found))
