"""What a job's schedule may be, held against systemd's own reading."""

import random
import subprocess

import pytest

from standfast.mechanisms.web.schedule import is_schedule, spoken

GOOD = (
    "hourly",
    "daily",
    "*-*-* 03:20:00",
    "Mon..Fri *-*-* 08:00:00",
    "mon,wed 1..3:30",
    "*:0/15",
    "*-*-01 00:30",
    "2027-*-1,15 12:00",
    "*-1/3-* *:05",
    "*-*-1/2",
    "00:00:59",
)
BAD = (
    "",
    " ",
    "sometimes",
    "25:00",
    "08:60",
    "*:*:*",
    "*:*:0/10",
    "*:*:0,30",
    "Fri..Mon 08:00",
    "*/2:00",
    "*-*-31/31 01:00",
    "08:00 UTC",
    "08:00 Europe/Berlin",
    "5..3:00",
    "08:00\nOnCalendar=minutely",
    "٠٨:٠٠",
)
SEED = 20261125
DRAWN = 60


def systemd_reads(schedule: str) -> bool:
    asked = ["systemd-analyze", "calendar", "--", schedule]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("schedule", GOOD)
def test_a_schedule_is_accepted_here_and_by_systemd(schedule: str) -> None:
    assert is_schedule(schedule)
    assert systemd_reads(spoken(schedule))


@pytest.mark.parametrize("schedule", BAD)
def test_what_is_no_schedule_or_due_more_than_once_a_minute_is_refused(schedule: str) -> None:
    assert not is_schedule(schedule)


def test_whatever_is_accepted_systemd_accepts_too() -> None:
    chance = random.Random(SEED)
    accepted = 0
    while accepted < DRAWN:
        schedule = drawn(chance)
        if is_schedule(schedule):
            accepted += 1
            assert systemd_reads(spoken(schedule)), f"{schedule} (seed {SEED})"


def drawn(chance: random.Random) -> str:
    days = chance.choice(["", "", "Mon ", "Mon..Fri ", "sat,sun ", "Fri..Mon ", "sun..sun "])
    date = f"{field(chance, 1970, 2199)}-{field(chance, 1, 12)}-{field(chance, 1, 31)} "
    time = f"{field(chance, 0, 23)}:{field(chance, 0, 59)}"
    return days + chance.choice(["", date]) + time + chance.choice(["", ":00", ":61"])


def field(chance: random.Random, low: int, high: int) -> str:
    return ",".join(part(chance, low, high) for _ in range(chance.choice([1, 1, 2])))


def part(chance: random.Random, low: int, high: int) -> str:
    first, second, step = (chance.randint(low - 1, high + 1) for _ in range(3))
    first = max(first, 0)
    return chance.choice(
        ["*", f"{first}", f"{first}..{second}", f"{first}/{step}", f"{first}..{second}/{step}"]
    )
