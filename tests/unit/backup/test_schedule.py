"""When copies are taken, and which are full."""

from datetime import UTC, datetime, timedelta

import pytest

from standfast.mechanisms.backup.schedule import calendar, is_full_due, last_moment

SUNDAY = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def test_machines_take_turns_as_far_apart_as_can_be() -> None:
    assert [calendar(each, 2, every_min=20) for each in range(2)] == ["*:00/20:00", "*:10/20:00"]
    assert [calendar(each, 3, every_min=30) for each in range(3)] == [
        "*:00/30:00",
        "*:10/30:00",
        "*:20/30:00",
    ]


def test_the_first_copy_is_a_full_one() -> None:
    assert is_full_due(None, SUNDAY, day="sunday", at="02:00")


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (SUNDAY - timedelta(minutes=1), False),
        (SUNDAY, True),
        (SUNDAY + timedelta(days=3), True),
    ],
)
def test_a_full_copy_is_due_once_the_weekly_moment_has_passed(now: datetime, due: bool) -> None:
    newest = SUNDAY - timedelta(days=6)
    assert is_full_due(newest, now, day="sunday", at="02:00") is due


def test_a_full_copy_after_the_weekly_moment_is_enough_for_the_week() -> None:
    newest = SUNDAY + timedelta(minutes=3)
    assert not is_full_due(newest, SUNDAY + timedelta(days=6), day="sunday", at="02:00")


@pytest.mark.parametrize("hours", range(0, 24 * 15, 7))
def test_the_last_moment_is_the_weeks_day_at_its_time_within_seven_days(hours: int) -> None:
    now = SUNDAY + timedelta(hours=hours)
    moment = last_moment(now, day="wednesday", at="23:30")
    assert (moment.weekday(), moment.hour, moment.minute) == (2, 23, 30)
    assert timedelta(0) <= now - moment < timedelta(days=7)
