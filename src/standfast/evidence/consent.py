"""What operators have said about drills, as rows of the log: paused, resumed, consented, waiting.

Each row is a notice that a person can read as it stands; the present is derived from all of them.
So every operator of a site, and every reader of its page, knows the same.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from standfast.core.units import parse_stamp, stamp
from standfast.evidence.entries import Entry, by_kind
from standfast.evidence.statement import TextNotice

RESUMED = "Drills are resumed."
PAUSED = re.compile(r"Drills are paused(?: until (\S+Z))?: (.+)", re.DOTALL)
CONSENTED = re.compile(r"The operator consents to the drill (\S+), and has run it by hand\.")
WAITING = re.compile(r"The drill (\S+) waits for the operator's consent\.")
LONGEST_REASON = 300
"""What a reader of the page takes in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    reason: str
    since: datetime
    until: datetime | None

    def holds(self, now: datetime) -> bool:
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`consented`: drill to when the operator's word was logged. `waiting`: drills that would run
    if they had it."""

    pause: Pause | None = None
    consented: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    waiting: frozenset[str] = frozenset()

    def why_not(self, drill: str, now: datetime) -> str:
        """Why it does not run, in words for the page; empty if nothing that was said is in its
        way."""
        if self.pause is not None and self.pause.holds(now):
            until = f" until {stamp(self.pause.until)}" if self.pause.until else ""
            return f"drills are paused{until}: {self.pause.reason}"
        return "nobody has consented to this drill yet" if drill in self.waiting else ""


def paused(reason: str, until: datetime | None) -> str:
    limit = f" until {stamp(until)}" if until else ""
    return f"Drills are paused{limit}: {reason}"


def consented(drill: str) -> str:
    return f"The operator consents to the drill {drill}, and has run it by hand."


def waiting(drill: str) -> str:
    return f"The drill {drill} waits for the operator's consent."


def standing(entries: Sequence[Entry]) -> Standing:
    now = Standing()
    for entry in by_kind(entries).notices:
        if isinstance(predicate := entry.statement.predicate, TextNotice):
            now = after(now, predicate)
    return now


def after(before: Standing, said: TextNotice) -> Standing:
    """Texts of other kinds change nothing."""
    if said.text == RESUMED:
        return replace(before, pause=None)
    if found := PAUSED.fullmatch(said.text):
        until = parse_stamp(found[1]) if found[1] else None
        return replace(before, pause=Pause(reason=found[2], since=said.at, until=until))
    if found := CONSENTED.fullmatch(said.text):
        return replace(
            before,
            consented=MappingProxyType({**before.consented, found[1]: said.at}),
            waiting=before.waiting - {found[1]},
        )
    if found := WAITING.fullmatch(said.text):
        return replace(before, waiting=before.waiting | ({found[1]} - before.consented.keys()))
    return before
