"""What is said to be restorable is what PostgreSQL restores."""

from datetime import UTC, datetime
from itertools import pairwise
from random import Random

import pytest

from standfast.mechanisms.backup import wal
from standfast.mechanisms.backup.chain import Leg, Run, runs, way
from standfast.mechanisms.backup.engine import Copy, Kind
from standfast.mechanisms.backup.window import Reach, Window, reach

from .copies import START, at, copy

ONE = (Leg(timeline=1, begins=0),)


def test_any_second_between_the_copys_end_and_the_last_commit() -> None:
    """Recorded and tried with pgBackRest 2.45 and PostgreSQL 15: 02:44:23 was refused ("unable to
    find backup set with stop time less than"), 02:44:24 and 02:47:02 came back, 02:47:03 did not
    ("recovery ended before configured recovery target was reached")."""
    ended = datetime(2026, 11, 29, 2, 44, 23, tzinfo=UTC)
    last = datetime(2026, 11, 29, 2, 47, 2, 520085, tzinfo=UTC)
    legs = way(2, "1\t0/B0000A0\tno recovery target specified\n")
    found = reach([copy(finished_at=ended, first=2)], legs, {Run(first=1, last=14): last})
    assert found.windows == (
        Window(
            since=datetime(2026, 11, 29, 2, 44, 24, tzinfo=UTC),
            until=datetime(2026, 11, 29, 2, 47, 2, tzinfo=UTC),
        ),
    )
    assert not found.gaps


def test_a_missing_segment_ends_a_window_and_the_next_copy_begins_another() -> None:
    first, second = copy("1F", first=2), copy("2F", began_at=at(300), first=20)
    commits = {Run(first=1, last=9): at(100.5), Run(first=12, last=30): at(400.5)}
    found = reach([first, second], ONE, commits)
    assert found.windows == (
        Window(since=at(1), until=at(100)),
        Window(since=at(301), until=at(400)),
    )
    assert found.gaps == ((at(100), at(301)),)
    assert found.whole == {"1F", "2F"}


def test_wal_without_a_copy_before_it_brings_nothing_back() -> None:
    assert reach([], ONE, {Run(first=1, last=9): at(100)}) == Reach(windows=(), whole=frozenset())


def test_a_copy_whose_own_wal_has_a_gap_does_not_come_back() -> None:
    torn = copy(first=5, last=8)
    found = reach([torn], ONE, {Run(first=1, last=6): at(10), Run(first=8, last=9): at(20)})
    assert found == Reach(windows=(), whole=frozenset())


def test_a_copy_from_behind_a_fork_does_not_come_back() -> None:
    legs = (Leg(timeline=1, begins=0), Leg(timeline=2, begins=5))
    lost = copy(first=6, timeline=1)
    assert not reach([lost], legs, {Run(first=1, last=9): at(100)}).whole
    across = copy(first=4, last=6, timeline=1)
    assert not reach([across], legs, {Run(first=1, last=9): at(100)}).whole
    assert reach([copy(first=6, timeline=2)], legs, {Run(first=1, last=9): at(100)}).whole


def test_a_copy_that_needs_one_that_is_gone_does_not_come_back() -> None:
    orphan = copy("1F_2I", Kind.INCREMENTAL, first=2, needs=("1F",))
    commits = {Run(first=1, last=9): at(100)}
    assert not reach([orphan], ONE, commits).whole
    assert reach([orphan, copy("1F")], ONE, commits).whole == {"1F", "1F_2I"}


@pytest.mark.parametrize("last", [None, at(-1), at(0.9)])
def test_without_a_later_commit_there_is_a_copy_and_no_window(last: datetime | None) -> None:
    found = reach([copy(first=2)], ONE, {Run(first=1, last=9): last})
    assert (found.windows, found.whole) == ((), {"1F"})


def comes_back(second: int, copies: list[Copy], there: set[int]) -> bool:
    """By trying: from some copy that ended before, through every segment, until a commit behind
    that second is met. Segment n has a commit in each half second from n·5 to n·5 + 4.5 s."""
    for each in copies:
        number = wal.number(each.first_segment)
        if (each.finished_at - START).total_seconds() + 1 > second:
            continue
        while number in there:
            behind = number * 5 + 4.5 > second and number >= wal.number(each.last_segment)
            if behind:
                return True
            number += 1
    return False


@pytest.mark.parametrize("seed", range(150))
def test_windows_hold_every_second_that_comes_back_and_no_other(seed: int) -> None:
    chance = Random(seed)
    there = {number for number in range(24) if chance.random() < 0.85}
    copies = []
    for name in range(chance.randint(0, 4)):
        first = chance.randrange(22)
        last = first + chance.randint(0, 2)
        began, ended = at(first * 5 + 1), at(last * 5 + 2)
        copies.append(copy(f"{name}F", Kind.FULL, began, ended, first=first, last=last))
    known = runs([wal.name(1, number) for number in there], ONE)
    found = reach(copies, ONE, {run: at(run.last * 5 + 4.5) for run in known})
    for second in range(130):
        inside = any(each.since <= at(second) <= each.until for each in found.windows)
        assert inside is comes_back(second, copies, there), (seed, second)
    assert all(before.until < after.since for before, after in pairwise(found.windows))
