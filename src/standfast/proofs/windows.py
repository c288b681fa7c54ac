"""When drills may disturb: `[drills] windows` of standfast.toml. Pure.

A window is `mon-fri 02:00-04:30`, `sat,sun 22:00-06:00` or `daily 03:00-04:00`, on the clock of the
site's time zone. One that ends before it starts goes on after midnight, and belongs to the day on
which it started.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FORM = re.compile(r"([a-z,-]+) (\d\d:\d\d)-(\d\d:\d\d)")
STEP = timedelta(minutes=1)
LOOK_AHEAD = timedelta(days=8)
"""Every window opens within a week, and a day more for a night that the clock skips."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """`days`: 0 is Monday, as in `datetime.weekday`."""

    days: frozenset[int]
    start: time
    end: time

    def holds(self, local: datetime) -> bool:
        at = local.time()
        if self.start < self.end:
            return local.weekday() in self.days and self.start <= at < self.end
        yesterday = (local.weekday() - 1) % len(DAYS)
        return (local.weekday() in self.days and at >= self.start) or (
            yesterday in self.days and at < self.end
        )


def parse(text: str) -> Window:
    """Raises `ValueError` with what is expected."""
    found = FORM.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError("must be days and times, such as `mon-fri 02:00-04:30`")
    start, end = (clock_time(word) for word in found.group(2, 3))
    if start == end:
        raise ValueError("must end at another time than it starts")
    return Window(days=days(found[1]), start=start, end=end)


def clock_time(word: str) -> time:
    try:
        return time.fromisoformat(word)
    except ValueError:
        raise ValueError(f"must have times of day; {word} is none") from None


def days(text: str) -> frozenset[int]:
    if text == "daily":
        return frozenset(range(len(DAYS)))
    return frozenset(day for part in text.split(",") for day in span(part))


def span(part: str) -> Iterable[int]:
    """`fri-mon` goes over the end of the week."""
    names = part.split("-")
    if len(names) > 2 or not set(names) <= set(DAYS):
        raise ValueError(f"must name days as {', '.join(DAYS)} or daily; {part} is none")
    first, last = DAYS.index(names[0]), DAYS.index(names[-1])
    return ((first + step) % len(DAYS) for step in range((last - first) % len(DAYS) + 1))


def is_open(windows: Iterable[Window], zone: ZoneInfo, now: datetime) -> bool:
    local = now.astimezone(zone)
    return any(window.holds(local) for window in windows)


def opens_at(windows: tuple[Window, ...], zone: ZoneInfo, now: datetime) -> datetime | None:
    """The first moment from now on at which one is open, to the minute; None if none ever is."""
    if is_open(windows, zone, now):
        return now
    at = now.replace(second=0, microsecond=0)
    while windows and at < now + LOOK_AHEAD:
        at += STEP
        if is_open(windows, zone, at):
            return at
    return None
