"""When a repository that takes no WAL stops holding up the primary, and how it comes back. Pure.

The engine releases a segment of WAL on the primary only when every repository has it, so one that
is away lets the primary's disk fill up. It is taken out of what WAL is sent to, and put back once
it answers again; what it missed is a gap, so its copies count again after a new full one.

| standing | WAL goes to it | its newest copies count |
|---|---|---|
| in | yes | yes |
| out | no | no |
| returning | yes | once a full copy was begun after it was put back |

*Invariant.* WAL goes to one repository at least, because PostgreSQL would otherwise throw away the
only record of what was acknowledged. Steps come in an order in which each may be the last: a
repository takes WAL before its full copy begins, and is counted when that copy is finished. Decided
again after any of them, the rest follows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

AWAY = timedelta(minutes=15)
"""A restart of a machine, or an update of it, takes less."""

HELD_BYTES = 1024**3
"""So much WAL may wait on the primary for a repository that is silent."""

SILENT = timedelta(seconds=30)
"""Before so long, WAL that waits is the load's, and no repository's."""

STEADY = timedelta(minutes=2)
"""So long one has to answer before it is put back: each time costs a full copy."""


class Standing(StrEnum):
    IN = "in"
    OUT = "out"
    RETURNING = "returning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Of one repository. `silent_since`: what is sent to it has not arrived since then; None while
    it does, and for one that is out. `answers_since` is of one that is out, and `is_full` of one
    that returns: the full copy that was begun after it was put back is finished."""

    machine: str
    standing: Standing
    silent_since: datetime | None = None
    answers_since: datetime | None = None
    is_full: bool = False


class Reason(StrEnum):
    AWAY = "away"
    HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOut:
    """WAL goes to it no longer. A notice is due: its copies have a gap."""

    machine: str
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack:
    """WAL goes to it again, from now on."""

    machine: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeFull:
    """Begin a full copy, unless one that began after it was put back is under way."""

    machine: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """It is in again."""

    machine: str


Step = TakeOut | PutBack | TakeFull | Count


def decide(seen: Sequence[Seen], held_bytes: int, now: datetime) -> Iterator[Step]:
    """`held_bytes`: WAL on the primary that some repository does not have yet."""
    for each, why in spared(seen, held_bytes, now):
        yield TakeOut(machine=each.machine, reason=why)
    for each in seen:
        if each.standing is Standing.OUT and is_steady(each, now) and held_bytes < HELD_BYTES:
            yield PutBack(machine=each.machine)
            yield TakeFull(machine=each.machine)
        if each.standing is Standing.RETURNING and each.silent_since is None:
            done = each.is_full
            yield Count(machine=each.machine) if done else TakeFull(machine=each.machine)


def spared(seen: Sequence[Seen], held_bytes: int, now: datetime) -> Sequence[tuple[Seen, Reason]]:
    """Those without which the primary does better, and why; never all to which WAL goes. The one
    that stays is in rather than returning, and fell silent last."""
    taking = [each for each in seen if each.standing is not Standing.OUT]
    dead = [(each, why) for each in taking if (why := reason(each, held_bytes, now)) is not None]
    dead.sort(key=lambda found: (found[0].standing is Standing.IN, found[0].silent_since or now))
    return dead[: len(taking) - 1]


def reason(seen: Seen, held_bytes: int, now: datetime) -> Reason | None:
    if seen.silent_since is None:
        return None
    silent = now - seen.silent_since
    if silent >= AWAY:
        return Reason.AWAY
    return Reason.HELD if silent >= SILENT and held_bytes >= HELD_BYTES else None


def is_steady(seen: Seen, now: datetime) -> bool:
    return seen.answers_since is not None and now - seen.answers_since >= STEADY
