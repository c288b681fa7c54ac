"""Which entries of a log somebody wants to see, and the moment that each speaks of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from standfast.evidence.entries import Entry
from standfast.evidence.statement import Availability, Calibration, Kind, Proof, Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`promise` may also be `log`, for what is said about the log itself, or `service`."""

    limit: int
    promise: str | None = None
    kind: Kind | None = None
    since: datetime | None = None

    def wants(self, entry: Entry) -> bool:
        return (
            self.promise in (None, entry.statement.about)
            and self.kind in (None, entry.kind)
            and (self.since is None or speaks_of(entry) >= self.since)
        )


def selected(entries: Sequence[Entry], wanted: Wanted) -> tuple[Entry, ...]:
    """The newest by their place in the log, newest first."""
    found: list[Entry] = []
    for entry in reversed(entries):
        if len(found) == wanted.limit:
            break
        if wanted.wants(entry):
            found.append(entry)
    return tuple(found)


def speaks_of(entry: Entry) -> datetime:
    """When what it tells ended; of a slot, when it begins."""
    match entry.statement.predicate:
        case Slot() as slot:
            return slot.starts_at
        case Proof() as proof:
            return proof.ended_at
        case Calibration() as seen:
            return seen.green.ended_at
        case Availability() as count:
            return count.until
        case notice:
            return notice.at
