"""Time in which a promise was to be proven, and was not.

A log that shows only what was written hides what was left out. Slots turn that round: each says
beforehand when the next proof will be made. A slot that ended without one, and a stretch longer
than the promise's period that no slot covers, are both missed time.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from standfast.evidence.read import Entry
from standfast.evidence.statement import Availability, Calibration, Notice, Proof, Slot

CLOCK_TOLERANCE = timedelta(minutes=2)
"""How far the clocks of a signer, of the log and of a reader may be apart before it matters."""


class Span(NamedTuple):
    starts_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """A slot and the earliest moment at which it can have entered the log.

    Nobody dates entries, but a slot stands after others, and cannot be older than the latest
    moment of which they speak. So a slot that was slipped in later does not cover the past.
    """

    index: int
    slot: Slot
    drill: str
    not_before: datetime | None

    @property
    def covers_from(self) -> datetime:
        return max(self.slot.starts_at, self.not_before or self.slot.starts_at)


def announced(entries: Sequence[Entry], *, now: datetime) -> Iterator[Announced]:
    first = first_drills(entries)
    latest: datetime | None = None
    for entry in entries:
        predicate = entry.statement.predicate
        if isinstance(predicate, Slot):
            drill = predicate.drill or first.get(predicate.promise, "")
            yield Announced(index=entry.index, slot=predicate, drill=drill, not_before=latest)
            continue
        moment = _speaks_of(predicate)
        if moment <= now and (latest is None or moment > latest):
            latest = moment


def _speaks_of(predicate: Proof | Calibration | Notice | Availability) -> datetime:
    match predicate:
        case Proof():
            return predicate.ended_at
        case Calibration():
            return predicate.green.ended_at
        case Availability():
            return predicate.until
        case _:
            return predicate.at


def first_drills(entries: Iterable[Entry]) -> Mapping[str, str]:
    """For each promise the drill that the log names first: the one that is meant by slots from
    the time when a promise had one drill and slots named none."""
    first: dict[str, str] = {}
    for entry in entries:
        match entry.statement.predicate:
            case Slot(promise=promise, drill=str(drill)) | Proof(promise=promise, drill=drill):
                first.setdefault(promise, drill)
            case Calibration(promise=promise) as seen:
                first.setdefault(promise, seen.green.drill)
            case _:
                pass
    return first


def open_slot(entries: Sequence[Entry], promise: str, drill: str, *, now: datetime) -> int | None:
    """The number of the slot in which a proof that begins now belongs: the one that ends last."""
    running = [
        each
        for each in announced(entries, now=now)
        if each.slot.promise == promise
        and each.drill in (drill, "")
        and each.slot.starts_at <= now < each.slot.until
    ]
    return max(running, key=lambda each: (each.slot.until, each.index)).index if running else None


def missed(slots: Sequence[Announced], proofs: Sequence[Proof], now: datetime) -> tuple[Span, ...]:
    """Slots that ended without any proof that counts, and gaps between slots, oldest first."""
    proven = Proven.by(proofs)
    empty = (
        Span(each.slot.starts_at, each.slot.until)
        for each in slots
        if each.slot.until < now and not proven.within(each)
    )
    return tuple(sorted({*empty, *_gaps(slots, now)}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """Proofs of one part, as they are asked about: in a log of years about thousands of slots."""

    made_for: frozenset[int]
    ends: tuple[datetime, ...]

    @classmethod
    def by(cls, proofs: Sequence[Proof]) -> "Proven":
        return cls(
            made_for=frozenset(each.slot for each in proofs),
            ends=tuple(sorted(each.ended_at for each in proofs)),
        )

    def within(self, announced: Announced) -> bool:
        """A proof of the same part within the slot is enough, whichever slot it was made for."""
        place = bisect_left(self.ends, announced.slot.starts_at)
        ends_within = place < len(self.ends) and self.ends[place] <= announced.slot.until
        return ends_within or announced.index in self.made_for


def _gaps(slots: Sequence[Announced], now: datetime) -> Iterator[Span]:
    covered: datetime | None = None
    period = timedelta()
    for each in sorted(slots, key=lambda each: each.covers_from):
        if covered is not None and each.covers_from - covered > period:
            yield Span(covered, each.covers_from)
        covered = max(covered or each.slot.until, each.slot.until)
        period = timedelta(seconds=each.slot.period_s)
    if covered is not None and now - covered > period:
        yield Span(covered, now)
