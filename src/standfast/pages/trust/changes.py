"""Which objectives were changed, in the order in which the log announced it.

A change stays here, whatever is promised later: who loosens an objective and tightens it again has
loosened it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from standfast.evidence.entries import Entry
from standfast.evidence.slots import Announced, announced, numbered
from standfast.pages.trust import words
from standfast.pages.trust.model import Change
from standfast.pages.trust.text import news

PartName = tuple[str, str]
"""A promise and one of its drills."""


def changes(entries: Sequence[Entry], *, now: datetime) -> Mapping[PartName, tuple[Change, ...]]:
    """Newest first, for each part that has any."""
    before: dict[PartName, Announced] = {}
    found: dict[PartName, list[Change]] = {}
    slots = announced(entries, now=now)
    for each in filter(None, (numbered(slots, entry.index) for entry in news(entries))):
        part = (each.slot.promise, each.drill)
        if part in before:
            found.setdefault(part, []).extend(between(before[part], each))
        before[part] = each
    return {part: tuple(reversed(of_it)) for part, of_it in found.items() if of_it}


def between(old: Announced, new: Announced) -> Iterator[Change]:
    before, after = old.slot.objective, new.slot.objective
    for key in words.in_order({**before, **after}):
        if before.get(key) != after.get(key):
            yield Change(
                at=new.covers_from,
                index=new.index,
                key=key,
                before=before.get(key),
                after=after.get(key),
            )


def limit_then(changed: Sequence[Change], key: str, at: datetime, limit: float) -> float | None:
    """What was promised of this figure at that moment, if `limit` is what is promised now; None
    for nothing. `changed`: newest first."""
    then: float | None = limit
    for each in changed:
        if each.key == key and at < each.at:
            then = each.before
    return then
