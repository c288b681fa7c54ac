"""Which sentences of the catalogue this site does not promise, by its own word in the log."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from standfast.evidence.entries import Entry
from standfast.evidence.statement import ScopeNotice, Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """`since` is the oldest notice that says so without one in between that does not."""

    promise: str
    statement: str
    why: str
    since: datetime
    index: int


def left_out(entries: Iterable[Entry]) -> tuple[LeftOut, ...]:
    """By the newest notice, less what a later slot promises again."""
    found: dict[str, LeftOut] = {}
    for entry in entries:
        match entry.statement.predicate:
            case Slot(promise=promise):
                found.pop(promise, None)
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
    return tuple(found.values())
