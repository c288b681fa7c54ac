"""Which sentences of the catalogue this site does not promise, by its own word in the log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from standfast.evidence.entries import Entry, folded
from standfast.evidence.statement import ScopeNotice, Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """`since` is the oldest notice that says so without one in between that does not."""

    promise: str
    statement: str
    why: str
    since: datetime
    index: int


def left_out(entries: Sequence[Entry]) -> tuple[LeftOut, ...]:
    """By the newest notice, less what a later slot promises again."""
    return tuple(folded(entries, _left_out).values())


def _left_out(
    before: Mapping[str, LeftOut] | None, entries: Sequence[Entry], since: int
) -> Mapping[str, LeftOut]:
    found = dict(before or {})
    for entry in entries[since:]:
        match entry.statement.predicate:
            case Slot() as slot:
                found.pop(slot.promise, None)
            case ScopeNotice() as notice:
                found = {
                    each.promise: LeftOut(
                        promise=each.promise,
                        statement=each.statement,
                        why=each.why,
                        since=found[each.promise].since if each.promise in found else notice.at,
                        index=entry.index,
                    )
                    for each in notice.not_promised
                }
            case _:
                pass
    return found
