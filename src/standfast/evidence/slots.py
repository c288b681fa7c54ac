"""Time in which a promise was to be proven, and was not.

A log that shows only what was written hides what was left out. Slots turn that round: each says
beforehand when the next proof will be made. A slot that ended without one, and a stretch longer
than the promise's period that no slot covers, are both missed time.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate, islice
from operator import attrgetter
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from standfast.evidence.entries import Entry, folded
from standfast.evidence.statement import (
    AnyPredicate,
    Availability,
    Calibration,
    Notice,
    Proof,
    Slot,
)

CLOCK_TOLERANCE = timedelta(minutes=2)
"""How far the clocks of a signer, of the log and of a reader may be apart before it matters."""


class Span(NamedTuple):
    starts_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """A slot and the moment from which it counts.

    Nobody dates entries, but a slot stands after others, and cannot be older than the latest
    moment of which they speak. So a slot that was slipped in later does not cover the past.
    """

    index: int
    slot: Slot
    drill: str
    covers_from: datetime


def announced(entries: Sequence[Entry], *, now: datetime) -> Sequence[Announced]:
    found = folded(entries, announcements)
    if found.latest is None or found.latest <= now:
        return found.slots
    return tuple(_announced(entries, found.first, None, now))


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcements:
    """`slots` once nothing speaks of the future any more: once `latest` is over, the latest moment
    of which an entry speaks. `first` are the drills that the log names first."""

    slots: tuple[Announced, ...] = ()
    first: Mapping[str, str] = field(default_factory=dict)
    latest: datetime | None = None


def announcements(
    before: Announcements | None, entries: Sequence[Entry], since: int
) -> Announcements:
    known = before or Announcements()
    new = entries[since:]
    first = first_drills(new, known.first)
    if since and first != known.first and any(not each.slot.drill for each in known.slots):
        # A slot that names no drill may mean one that has been named only now.
        return announcements(None, entries, 0)
    moments = [_speaks_of(each) for each in map(_predicate, new) if not isinstance(each, Slot)]
    return Announcements(
        slots=(*known.slots, *_announced(new, first, known.latest, None)),
        first=first,
        latest=max([*moments, *([known.latest] if known.latest else [])], default=None),
    )


def _announced(
    entries: Iterable[Entry],
    first: Mapping[str, str],
    latest: datetime | None,
    now: datetime | None,
) -> Iterator[Announced]:
    """`latest` is the latest moment of which the entries before these speak; what speaks of one
    after `now` does not count, if that is given."""
    for entry in entries:
        predicate = entry.statement.predicate
        if isinstance(predicate, Slot):
            yield Announced(
                index=entry.index,
                slot=predicate,
                drill=predicate.drill or first.get(predicate.promise, ""),
                covers_from=max(predicate.starts_at, latest or predicate.starts_at),
            )
            continue
        moment = _speaks_of(predicate)
        if (now is None or moment <= now) and (latest is None or moment > latest):
            latest = moment


def _predicate(entry: Entry) -> AnyPredicate:
    return entry.statement.predicate


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


def first_drills(
    entries: Iterable[Entry], before: Mapping[str, str] = MappingProxyType({})
) -> Mapping[str, str]:
    """For each promise the drill that the log names first: the one that is meant by slots from
    the time when a promise had one drill and slots named none. `before`: those of the entries
    before these."""
    first = dict(before)
    for entry in entries:
        match entry.statement.predicate:
            case Slot() | Proof() as of_drill:
                promise, drill = of_drill.promise, of_drill.drill
            case Calibration() as seen:
                promise, drill = seen.promise, seen.green.drill
            case _:
                continue
        if drill is not None and promise not in first:
            first[promise] = drill
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


def numbered(slots: Sequence[Announced], index: int) -> Announced | None:
    """Slots are in the order of their numbers."""
    place = bisect_left(slots, index, key=attrgetter("index"))
    found = slots[place : place + 1]
    return found[0] if found and found[0].index == index else None


@dataclass(frozen=True, slots=True)
class Course:
    """The slots of one part in their order, and where in it to look: what is asked is mostly about
    the last weeks of years. `untils` are the latest ends of the slots up to each, `furthest` the
    ones up to each that count last."""

    slots: tuple[Announced, ...] = ()
    untils: tuple[datetime, ...] = ()
    furthest: tuple[Announced, ...] = ()

    def then(self, new: Sequence[Announced]) -> "Course":
        return Course(
            (*self.slots, *new),
            highest(self.untils, (each.slot.until for each in new)),
            highest(self.furthest, new, _further),
        )

    def lasting(self, moment: datetime) -> list[Announced]:
        """Those that are not over before that moment."""
        place = bisect_left(self.untils, moment)
        return [each for each in self.slots[place:] if each.slot.until >= moment]

    def gaps(self, since: datetime, now: datetime) -> Iterator[Span]:
        """Time that no slot covers, for longer than the promise's period, that was not over at
        `since`. Of slots that count from before, only how long they last matters."""
        place = bisect_left(self.furthest, since, key=COVERS_FROM)
        covered, last = self.untils[place - 1 : place], self.furthest[place - 1 : place]
        return _gaps([*last, *self.slots[place:]], covered[0] if covered else None, since, now)


NO_SLOTS = Course()

Item = TypeVar("Item", bound=Any)


def highest(
    before: tuple[Item, ...],
    new: Iterable[Item],
    higher: Callable[[Item, Item], Item] = max,
) -> tuple[Item, ...]:
    """Up to each the highest, as a row that rises, whatever order they are in."""
    known = before[-1:]
    return (*before, *islice(accumulate((*known, *new), higher), len(known), None))


def _further(one: Announced, other: Announced) -> Announced:
    return other if other.covers_from >= one.covers_from else one


def _gaps(
    slots: Iterable[Announced], covered: datetime | None, since: datetime, now: datetime
) -> Iterator[Span]:
    period = timedelta()
    for each in sorted(slots, key=COVERS_FROM):
        begins = each.covers_from
        if covered is not None and begins >= since and begins - covered > period:
            yield Span(covered, begins)
        covered = max(covered or each.slot.until, each.slot.until)
        period = timedelta(seconds=each.slot.period_s)
    if covered is not None and now - covered > period and now >= since:
        yield Span(covered, now)


COVERS_FROM = attrgetter("covers_from")


def missed(course: Course, proven: "Proven", *, since: datetime, now: datetime) -> tuple[Span, ...]:
    """Slots that ended without any proof that counts, and gaps between slots, oldest first; those
    that were not over at `since`."""
    empty = (
        Span(each.slot.starts_at, each.slot.until)
        for each in course.lasting(since)
        if each.slot.until < now and not proven.within(each)
    )
    return tuple(sorted({*empty, *course.gaps(since, now)}))


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
