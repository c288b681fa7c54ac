"""The seal: what the page says, small, for showing elsewhere.

A picture runs no script and reads no clock. So a seal that is shown as a picture counts: what is
kept ends as long after the picture was loaded as it was valid when it was made: never too early,
and late by the age of the file, which is a minute while somebody renews it. So the date is printed
too. As a document of its own it compares with the reader's clock. It says one state only, that of
now: when the first claim expires it sends the reader to the page.
"""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from standfast.core.units import stamp
from standfast.pages.trust import words
from standfast.pages.trust.model import Mark, Page

LINE_WIDTH = 48
"""Characters of the smaller lines: as many as fit in the widest font."""

WHAT_IT_IS: Mapping[Mark, str] = {
    Mark.REAL: "Each of them proven for real.",
    Mark.REHEARSED: "Proven in rehearsal.",
    Mark.ATTESTED: "By documents, not by proof.",
    Mark.BROKEN: "",
    Mark.UNPROVEN: "",
}
"""State and grade are said together, also where the headline needs no second line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """`until` and `lasts_s` are None where nothing is shown as kept."""

    service: str
    mark: Mark
    line: str
    details: tuple[str, ...]
    until: str | None
    until_stamp: str | None
    lasts_s: float | None
    entry: str
    link: str


def seal(page: Page) -> Seal:
    now = page.headlines[0]
    said = now.detail or WHAT_IT_IS[now.mark]
    until = now.valid_until
    return Seal(
        service=page.service,
        mark=now.mark,
        line=now.line,
        details=tuple(textwrap.wrap(said, LINE_WIDTH)),
        until=None if until is None else words.moment(until),
        until_stamp=None if until is None else stamp(until),
        lasts_s=None if until is None else lasts(until, page.made_at),
        entry="no proof yet" if page.newest_index is None else f"entry {page.newest_index}",
        link=f"{page.url}#newest",
    )


def lasts(until: datetime, made_at: datetime) -> float:
    return max((until - made_at).total_seconds(), 0)
