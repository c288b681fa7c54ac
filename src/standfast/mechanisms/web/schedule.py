"""Whether a job's schedule is one that systemd understands, asked where there is no systemd.

A part of systemd.time(7), "calendar events": the short words, or weekdays, a date and a time. What
is accepted here is accepted there (a test asks `systemd-analyze calendar`), and nothing is due more
than once a minute, which is as closely as machines agree on the time (`due.py`). Times are UTC,
whatever zone a machine is in, so that all web machines mean the same one.
"""

import re

SHORT = frozenset({"minutely", "hourly", "daily", "weekly", "monthly", "quarterly", "yearly"})
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = r"(?:mon|tue|wed|thu|fri|sat|sun)"
WEEKDAYS = re.compile(rf"{DAY}(?:\.\.{DAY})?(?:,{DAY}(?:\.\.{DAY})?)*")
PART = re.compile(r"(\d{1,4}(?:\.\.\d{1,4})?)(?:/(\d{1,4}))?")

YEAR, MONTH, DAY_OF_MONTH = (1970, 2199), (1, 12), (1, 31)
HOUR, MINUTE, SECOND = (0, 23), (0, 59), (0, 59)

EXPECTED = (
    'must be a time (UTC) as systemd reads it, such as "hourly", "*-*-* 03:20:00", '
    '"Mon..Fri *-*-* 08:00:00" or "*:0/15"'
)


def is_schedule(text: str) -> bool:
    words = text.split(" ")
    if len(words) == 1 and words[0] in SHORT:
        return True
    if words and WEEKDAYS.fullmatch(words[0].lower()):
        if not rising(words[0].lower()):
            return False
        words = words[1:]
    if words and "-" in words[0]:
        if not is_date(words[0]):
            return False
        words = words[1:]
        if not words:
            return True
    return len(words) == 1 and is_time(words[0])


def rising(days: str) -> bool:
    spans = [each.split("..") for each in days.split(",")]
    return all(DAYS.index(span[0]) <= DAYS.index(span[-1]) for span in spans)


def is_date(text: str) -> bool:
    fields = text.split("-")
    limits = (YEAR, MONTH, DAY_OF_MONTH)
    return len(fields) == 3 and all(map(is_field, fields, limits))


def is_time(text: str) -> bool:
    fields = text.split(":")
    if len(fields) == 3 and not fields[2].isdigit():
        return False  # several seconds of one minute
    limits = (HOUR, MINUTE, SECOND)[: len(fields)]
    return len(fields) in (2, 3) and all(map(is_field, fields, limits))


def is_field(text: str, limits: tuple[int, int]) -> bool:
    return text == "*" or all(is_part(each, *limits) for each in text.split(","))


def is_part(text: str, low: int, high: int) -> bool:
    """A number or two that span a range, and how often within it or up to the end."""
    found = PART.fullmatch(text)
    if not found or not text.isascii():
        return False
    numbers = [int(each) for each in found[1].split("..")]
    if numbers != sorted(set(numbers)) or not all(low <= each <= high for each in numbers):
        return False
    last = numbers[1] if len(numbers) > 1 else high
    return found[2] is None or 1 <= int(found[2]) <= last - numbers[0]


def spoken(schedule: str) -> str:
    """As systemd is told."""
    return f"{schedule} UTC"
