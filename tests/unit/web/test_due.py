"""A job's times: each is run once, whoever asks and whatever its clock says."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from standfast.mechanisms.web.due import AGREE_S, due
from standfast.mechanisms.web.job import parse_next

NIGHT = datetime(2026, 11, 25, 3, 20, tzinfo=UTC)
SEED = 20261125


def daily(moment: datetime) -> datetime:
    today = moment.replace(hour=3, minute=20, second=0, microsecond=0)
    return today if today > moment else today + timedelta(days=1)


def minutely(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0) + timedelta(minutes=1)


def at(seconds: float) -> datetime:
    return NIGHT + timedelta(seconds=seconds)


def test_the_first_time_ever_is_due() -> None:
    assert due(at(0.2), None, daily) == NIGHT


def test_a_time_that_was_run_is_not_due_again() -> None:
    assert due(at(0.2), NIGHT, daily) is None
    assert due(at(30), NIGHT, daily) is None


def test_between_two_times_nothing_is_due() -> None:
    assert due(at(3600), NIGHT, daily) is None
    assert due(at(3600), None, daily) is None


def test_what_was_missed_is_made_up_for_once() -> None:
    boot = at(3600)
    assert due(boot, NIGHT - timedelta(days=3), daily) == boot
    assert due(at(3601), boot, daily) is None
    assert due(at(24 * 3600), boot, daily) == NIGHT + timedelta(days=1)


def test_a_schedule_that_never_comes_is_never_due() -> None:
    assert due(at(0), NIGHT - timedelta(days=1), lambda _: None) is None


def test_machines_whose_clocks_differ_run_each_time_once() -> None:
    """A thousand minutes on three machines, each with a clock of its own that is off by up to 20 s
    and a timer that is late by up to a second."""
    chance = random.Random(SEED)
    off = [chance.uniform(-20, 20) for _ in range(3)]
    asking = sorted(
        (60 * minute - each + chance.uniform(0, 1), each) for minute in range(1000) for each in off
    )
    ran: list[datetime] = []
    for true, each in asking:
        found = due(at(true + each), ran[-1] if ran else None, minutely)
        if found is not None:
            ran.append(found)
    assert ran == [NIGHT + timedelta(minutes=minute) for minute in range(1000)], SEED


def test_clocks_may_differ_by_less_than_the_time_between_two_runs() -> None:
    assert AGREE_S < 60


@pytest.mark.parametrize(
    ("printed", "moment"),
    [
        ("  Original form: x\n    Next elapse: Wed 2026-11-25 03:20:00 UTC\n", NIGHT),
        ("    Next elapse: never\n", None),
        ("", None),
    ],
)
def test_what_systemd_prints_is_read(printed: str, moment: datetime | None) -> None:
    assert parse_next(printed) == moment
