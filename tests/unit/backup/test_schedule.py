"""When copies are taken, and which are full."""

from datetime import UTC, datetime, timedelta

import pytest

from standfast.mechanisms.backup.engine import Copy, Kind
from standfast.mechanisms.backup.schedule import calendar, due, last_moment

from . import copies

SUNDAY = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def test_machines_take_turns_as_far_apart_as_can_be() -> None:
    assert [calendar(each, 2, every_min=20) for each in range(2)] == ["*:00/20:00", "*:10/20:00"]
    assert [calendar(each, 3, every_min=30) for each in range(3)] == [
        "*:00/30:00",
        "*:10/30:00",
        "*:20/30:00",
    ]


def copy(kind: Kind, began: datetime) -> Copy:
    return copies.copy(kind=kind, began_at=began)


def kind_due(now: datetime, *copies: Copy) -> Kind:
    return due(copies, now, day="sunday", at="02:00")


def test_the_first_copy_is_a_full_one() -> None:
    assert kind_due(SUNDAY) is Kind.FULL


@pytest.mark.parametrize(
    ("now", "kind"),
    [
        (SUNDAY - timedelta(minutes=1), Kind.INCREMENTAL),
        (SUNDAY, Kind.FULL),
        (SUNDAY + timedelta(days=3), Kind.FULL),
    ],
)
def test_a_full_copy_is_due_once_the_weekly_moment_has_passed(now: datetime, kind: Kind) -> None:
    older = copy(Kind.FULL, SUNDAY - timedelta(days=6))
    today = copy(Kind.DIFFERENTIAL, SUNDAY - timedelta(hours=23))
    assert kind_due(now, older, today) is kind


def test_a_full_copy_after_the_weekly_moment_is_enough_for_the_week() -> None:
    newest = copy(Kind.FULL, SUNDAY + timedelta(minutes=3))
    assert kind_due(SUNDAY + timedelta(hours=23), newest) is Kind.INCREMENTAL
    assert kind_due(SUNDAY + timedelta(days=6), newest) is Kind.DIFFERENTIAL


def test_one_of_each_day_holds_all_that_changed_since_the_full_one() -> None:
    full = copy(Kind.FULL, SUNDAY)
    monday = SUNDAY + timedelta(days=1)
    taken = copy(Kind.DIFFERENTIAL, monday)
    assert kind_due(monday, full) is Kind.DIFFERENTIAL
    assert kind_due(monday + timedelta(hours=12), full, taken) is Kind.INCREMENTAL
    assert kind_due(monday + timedelta(days=1), full, taken) is Kind.DIFFERENTIAL


@pytest.mark.parametrize("hours", range(0, 24 * 15, 7))
def test_the_last_moment_is_the_weeks_day_at_its_time_within_seven_days(hours: int) -> None:
    now = SUNDAY + timedelta(hours=hours)
    moment = last_moment(now, day="wednesday", at="23:30")
    assert (moment.weekday(), moment.hour, moment.minute) == (2, 23, 30)
    assert timedelta(0) <= now - moment < timedelta(days=7)
