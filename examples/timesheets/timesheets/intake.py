"""From what a client sent to what may be stored, or the reasons why not. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from timesheets import hours
from timesheets.models import DAY_MINUTES, NOTE_LENGTH

FIELDS = frozenset({"id", "project", "day", "minutes", "time", "note"})
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2999, 12, 31)
LARGEST_NUMBER = 2**63 - 1
"""The end of PostgreSQL's bigint."""


class Unfit(Exception):
    """`problems`: field to what is wrong with it."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(", ".join(f"{name}: {words}" for name, words in problems.items()))
        self.problems = dict(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An entry as a client wants it. None: as it is, or the default for a new one."""

    minutes: int
    project: int | None = None
    day: date | None = None
    note: str | None = None


def wish(sent: object) -> Wish:
    """Read an entry; the time stands in `minutes` (a number) or in `time` (`1:30`)."""
    if not isinstance(sent, Mapping):
        raise Unfit({"": "an object is expected"})
    problems = {name: "is not a field of an entry" for name in sent if name not in FIELDS}
    values = {}
    for name, read in (("project", project), ("day", day), ("note", text)):
        if sent.get(name) is not None:
            try:
                values[name] = read(sent[name])
            except ValueError as error:
                problems[name] = str(error)
    try:
        values["minutes"] = minutes(sent)
    except ValueError as error:
        problems["time" if "time" in sent else "minutes"] = str(error)
    if problems:
        raise Unfit(problems)
    return Wish(**values)


def minutes(sent: Mapping) -> int:
    given = sent.get("minutes")
    if given is None and isinstance(sent.get("time"), str):
        try:
            given = hours.parse(sent["time"])
        except ValueError:
            raise ValueError("a time is expected, such as 1:30 or 1.5") from None
    if type(given) is not int or not 1 <= given <= DAY_MINUTES:
        raise ValueError("more than nothing and at most 24 hours are expected")
    return given


def project(given: object) -> int:
    if type(given) is str and given.isascii() and given.isdecimal() and len(given) < 20:
        given = int(given)
    if type(given) is not int or not 0 < given <= LARGEST_NUMBER:
        raise ValueError("the number of a project is expected")
    return given


def day(given: object) -> date:
    try:
        found = date.fromisoformat(given) if type(given) is str and DAY.fullmatch(given) else None
    except ValueError:
        found = None
    if found is None or not FIRST_DAY <= found <= LAST_DAY:
        raise ValueError("a date is expected, such as 2026-01-31")
    return found


def text(given: object, *, length: int = NOTE_LENGTH) -> str:
    """A text that PostgreSQL can hold: without NUL and without half a surrogate pair."""
    if type(given) is not str or len(given) > length:
        raise ValueError(f"a text of at most {length} characters is expected")
    if "\0" in given or any("\ud800" <= letter <= "\udfff" for letter in given):
        raise ValueError("a character cannot be stored")
    return given
