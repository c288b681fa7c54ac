"""Which snapshots stay, and that nobody with the first key can make retention take good ones."""

from datetime import timedelta

import pytest

from standfast.core.errors import Refused
from standfast.mechanisms.backup.offsite.keeping import MOST_AT_ONCE, Keep, going, kept

from .seen import NOW, snapshot

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
KEEP = Keep(days=14, weeks=8, months=12)
TWO = ("backup-1", "backup-2")


def steady(days: int, keep: Keep = KEEP) -> list[str]:
    """Two machines take one each day, and retention runs each day; what is left at the end."""
    left: list = []
    for number in range(days, -1, -1):
        now = NOW - number * DAY
        left += [
            snapshot(number * DAY + after * 12 * HOUR, machine=name)
            for after, name in enumerate(TWO)
        ]
        gone = {each.id for each in going(left, keep, now)}
        left = [each for each in left if each.id not in gone]
    return left


def test_days_weeks_and_months_stay() -> None:
    left = steady(400)
    days = {each.taken_at.date() for each in left}
    assert {(NOW - number * DAY).date() for number in range(14)} <= days
    assert len({each.taken_at.strftime("%G-%V") for each in left}) >= 8
    assert len({each.taken_at.strftime("%Y-%m") for each in left}) >= 12
    assert len(left) < 40


def test_the_newest_stays_however_old_it_is() -> None:
    old = snapshot(900 * DAY)
    assert kept([old], Keep(days=2, weeks=0, months=0), NOW) == (old,)


def test_all_of_the_last_days_stay() -> None:
    many = [snapshot(number * HOUR) for number in range(71)]
    assert going(many, KEEP, NOW) == ()


def test_snapshots_of_the_future_push_none_out() -> None:
    good = [snapshot(number * DAY) for number in range(10)]
    planted = [snapshot(-number * DAY, machine="thief") for number in range(1, 40)]
    assert going([*good, *planted], Keep(days=10, weeks=0, months=0), NOW) == ()


def test_planted_ones_that_make_many_look_superfluous_are_refused() -> None:
    good = [snapshot(number * DAY) for number in range(60)]
    planted = [
        snapshot(number * DAY - timedelta(minutes=1), machine="thief") for number in range(4, 60)
    ]
    with pytest.raises(Refused, match="at once"):
        going([*good, *planted], Keep(days=60, weeks=0, months=0), NOW)


def test_as_many_as_a_week_makes_superfluous_may_go() -> None:
    old = [snapshot((30 + number) * DAY) for number in range(MOST_AT_ONCE)]
    gone = going([snapshot(HOUR), *old], Keep(days=2, weeks=0, months=0), NOW)
    assert len(gone) == MOST_AT_ONCE - 1
    assert gone == tuple(sorted(gone, key=lambda each: each.taken_at))


def test_parts_go_once_no_upload_can_need_them_and_never_count() -> None:
    old, new = snapshot(3 * DAY, is_part=True), snapshot(HOUR, is_part=True)
    assert going([old, new, snapshot(2 * HOUR)], KEEP, NOW) == (old,)
    assert kept([new], KEEP, NOW) == ()
