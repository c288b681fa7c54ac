"""The entries of a log in their order, and what was made of them.

A log only grows. So whatever is derived from all of its entries can be derived from what was
derived before and the entries that have come since, if it is written as a `Fold`. A keeper makes a
page every minute and after every entry; it may cost what is new, not what was there already.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from standfast.evidence.statement import Availability, Calibration, Kind, Proof, Slot, Statement


@dataclass(frozen=True, slots=True)
class Entry:
    index: int
    signer: str
    statement: Statement

    @property
    def kind(self) -> Kind:
        return self.statement.kind


Value = TypeVar("Value")
Fold = Callable[[Value | None, Sequence[Entry], int], Value]
"""From what it gave for entries up to a place (None for none of them), all entries, and that place,
to what it gives for all. It changes nothing that it is given."""


class Entries(tuple[Entry, ...]):
    """Equal to a tuple of the same entries. `then` hands on what was folded."""

    _folded: dict[Any, tuple[int, Any]]

    def __new__(cls, entries: Iterable[Entry] = ()) -> "Entries":
        made = super().__new__(cls, entries)
        made._folded = {}
        return made

    def then(self, new: Iterable[Entry]) -> "Entries":
        made = Entries((*self, *new))
        made._folded = dict(self._folded)
        return made

    def folded(self, fold: Fold[Value]) -> Value:
        place, value = self._folded.get(fold, (-1, None))
        if place != len(self):
            value = fold(value, self, max(place, 0))
            self._folded[fold] = (len(self), value)
        return value  # type: ignore[no-any-return]


NO_ENTRIES = Entries()


def folded(entries: Sequence[Entry], fold: Fold[Value]) -> Value:
    return entries.folded(fold) if isinstance(entries, Entries) else fold(None, entries, 0)


class ByKind(NamedTuple):
    slots: tuple[Entry, ...]
    proofs: tuple[Entry, ...]
    calibrations: tuple[Entry, ...]
    notices: tuple[Entry, ...]
    counts: tuple[Entry, ...]
    """Of how available the service was."""


def by_kind(entries: Sequence[Entry]) -> ByKind:
    return folded(entries, _by_kind)


def _by_kind(before: ByKind | None, entries: Sequence[Entry], since: int) -> ByKind:
    sorted_in: tuple[list[Entry], ...] = ([], [], [], [], [])
    slots, proofs, calibrations, notices, counts = sorted_in
    for entry in entries[since:]:
        match entry.statement.predicate:
            case Slot():
                slots.append(entry)
            case Proof():
                proofs.append(entry)
            case Calibration():
                calibrations.append(entry)
            case Availability():
                counts.append(entry)
            case _:
                notices.append(entry)
    known = before or ByKind((), (), (), (), ())
    return ByKind(*((*old, *new) for old, new in zip(known, sorted_in, strict=True)))
