"""Which copy a moment is brought back from, and which moments are none."""

from datetime import UTC, datetime, timedelta

import pytest

from standfast.core.errors import ConfigError
from standfast.mechanisms.backup import wal
from standfast.mechanisms.backup.chain import Leg, Run
from standfast.mechanisms.backup.engine import Copy, Kind
from standfast.mechanisms.backup.shelf import Shelf
from standfast.mechanisms.recovery.point_in_time import moment
from standfast.mechanisms.recovery.point_in_time.choice import choose, ordered

START = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def copy(name: str, ended: float, first: int) -> Copy:
    return Copy(
        name=name,
        kind=Kind.FULL,
        began_at=at(ended - 5),
        finished_at=at(ended),
        first_segment=wal.name(1, first),
        last_segment=wal.name(1, first + 1),
        needs=(),
        database_bytes=1000,
        stored_bytes=100,
    )


SHELF = Shelf(
    copies=(copy("one", 10, 3), copy("two", 100, 20), copy("three", 500, 60)),
    legs=(Leg(timeline=1, begins=0),),
    commits={Run(first=2, last=40): at(200.5), Run(first=50, last=90): at(700.5)},
)


@pytest.mark.parametrize(
    ("second", "name"),
    [
        (10, None),
        (11, "one"),
        (100, "one"),
        (101, "two"),
        (200, "two"),
        (201, None),
        (500, None),
        (501, "three"),
        (700, "three"),
        (701, None),
    ],
)
def test_a_moment_comes_back_from_the_newest_copy_that_ended_before_it(
    second: int, name: str | None
) -> None:
    found = choose(SHELF, at(second))
    assert (found.copy.name if found else None) == name


def test_the_latest_begins_with_the_newest_copy_and_replays_all_that_follows() -> None:
    found = choose(SHELF, None)
    assert found is not None
    assert (found.copy.name, found.segments) == ("three", 31)
    order = ordered(found, "/srv/look", None)
    assert (order.to, order.target.moment) == (None, None)


def test_the_latest_comes_from_wal_that_has_a_copy() -> None:
    """A machine that was away has new WAL, and no copy of its own since."""
    gone_on = Shelf(copies=SHELF.copies[:2], legs=SHELF.legs, commits=SHELF.commits)
    found = choose(gone_on, None)
    assert found is not None
    assert found.copy.name == "two"


def test_without_a_later_commit_no_moment_comes_back_and_the_latest_does() -> None:
    still = Shelf(copies=SHELF.copies[:1], legs=SHELF.legs, commits={Run(first=2, last=9): None})
    assert choose(still, at(50)) is None
    assert choose(still, None) is not None
    assert choose(Shelf(copies=(), legs=(), commits={}), None) is None


def test_an_order_says_the_moment_to_the_engine() -> None:
    found = choose(SHELF, at(150))
    assert found is not None
    order = ordered(found, "/srv/look", at(150))
    assert order.target.copy == "two"
    assert order.target.moment == at(150)
    assert type(order).from_json(order.to_json()) == order


NOW = datetime(2026, 11, 29, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-11-29 13:05:06", datetime(2026, 11, 29, 13, 5, 6, tzinfo=UTC)),
        ("2026-11-29T13:05", datetime(2026, 11, 29, 13, 5, tzinfo=UTC)),
        ("2026-11-29T13:05:06.250Z", datetime(2026, 11, 29, 13, 5, 6, 250000, tzinfo=UTC)),
        ("2026-11-29 14:05:06+01:00", datetime(2026, 11, 29, 13, 5, 6, tzinfo=UTC)),
        ("latest", None),
    ],
)
def test_a_moment_is_typed_as_it_is_shown(typed: str, meant: datetime | None) -> None:
    assert moment.parse(typed, NOW) == meant


@pytest.mark.parametrize("typed", ["yesterday", "2026-11-28", "13:05", "2026-11-29 14:00:01", ""])
def test_what_is_no_moment_yet_is_refused(typed: str) -> None:
    with pytest.raises(ConfigError) as refused:
        moment.parse(typed, NOW)
    assert "backup list" in refused.value.remedy
