"""How available the service was in the last 90 days, from what monitors have counted. Pure.

A share is of looks, never of time in which nobody looked: that is shown beside it. What two have
counted at the same time counts once, and then it is the worse of the two that counts.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from standfast.core.units import stamp
from standfast.evidence.entries import Entry, by_kind
from standfast.evidence.slots import CLOCK_TOLERANCE
from standfast.evidence.state import LOOKING_BACK
from standfast.evidence.statement import Availability

UNPUBLISHED = timedelta(hours=2)
"""What is being counted now is published within the hour; a count that ended earlier than this has
no successor, and nobody has looked since."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


class Span(NamedTuple):
    """Milliseconds since 1970, in which the log tells time, so that everybody gets the same."""

    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    address: str
    looks: int
    answered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Available:
    """Between two moments. `looked_s` and `unlooked_s` are all the time between them; `every_s` is
    the newest count's pace, `index` its entry. An outage is as long as it was seen to be: one that
    a single look saw just before nobody looked any more has no length."""

    starts_at: datetime
    until: datetime
    every_s: float
    looks: int
    answered: int
    looked_s: float
    unlooked_s: float
    outages: int
    longest_outage_s: float
    addresses: tuple[Answered, ...]
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    index: int
    said: Availability
    span: Span


def availability(entries: Sequence[Entry], *, now: datetime) -> Available | None:
    """None where nobody has ever looked. What lies before the first look in the log is not called
    unlooked: nobody had said that he would."""
    latest = milliseconds(now + CLOCK_TOLERANCE)
    counts = [each for each in counted(entries) if each.span.end <= latest]
    if not counts:
        return None
    newest = max(counts, key=lambda each: (each.span.end, each.index))
    window = window_of(counts, newest.span.end, now)
    recent = [each for each in counts if each.span.end >= window.start]
    parts = tuple(cut(recent, window))
    looked = sum(each.length for each in covered(parts))
    outages = merged(outages_in(recent, window))
    return Available(
        starts_at=moment(window.start),
        until=moment(window.end),
        every_s=newest.said.every_s,
        looks=sum(each.looks for each in parts),
        answered=sum(each.looks - each.missed(each.count.said.answered) for each in parts),
        looked_s=looked / 1000,
        unlooked_s=(window.length - looked) / 1000,
        outages=len(outages),
        longest_outage_s=max((each.length for each in outages), default=0) / 1000,
        addresses=tuple(by_address(parts)),
        index=newest.index,
    )


def counted(entries: Sequence[Entry]) -> Iterator[Count]:
    for entry in by_kind(entries).counts:
        if isinstance(said := entry.statement.predicate, Availability):
            span = Span(milliseconds(said.starts_at), milliseconds(said.until))
            yield Count(index=entry.index, said=said, span=span)


def window_of(counts: Iterable[Count], newest: int, now: datetime) -> Span:
    """Up to 90 days, from the first look of all; until the newest count ends, unless it should have
    been followed by now."""
    is_going_on = newest >= milliseconds(now - UNPUBLISHED)
    end = min(newest, milliseconds(now)) if is_going_on else milliseconds(now)
    first = min(each.span.start for each in counts)
    return Span(min(max(milliseconds(now - LOOKING_BACK), first), end), end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is counted of one count: the time that is in the window and that no other one has."""

    count: Count
    spans: tuple[Span, ...]

    @property
    def length(self) -> int:
        return sum(each.length for each in self.spans)

    @property
    def looks(self) -> int:
        whole = self.count.span.length
        said = self.count.said.looks
        return said if self.length == whole else round(Fraction(said * self.length, whole))

    def missed(self, answered: int) -> int:
        """Of the looks, those that were not answered where `answered` of all were. Of a part it is
        not known which: rounded up."""
        said, whole = self.count.said.looks - answered, self.count.span.length
        if self.length == whole:
            return said
        return min(self.looks, -(-said * self.length // whole))


def cut(counts: Sequence[Count], window: Span) -> Iterator[Part]:
    """The count with most failures first, so that of two at the same time it is the one that
    counts."""
    taken: list[Span] = []
    for each in sorted(counts, key=failing_first):
        inside = within(each.span, window)
        if inside is None or (each.span.length == 0 and holds(taken, each.span.start)):
            continue
        free = tuple(uncovered(taken, inside))
        if free or each.span.length == 0:
            taken[:] = added(taken, inside)
            yield Part(count=each, spans=free)


def failing_first(count: Count) -> tuple[Fraction, int, int]:
    """Of equals the longest: a look that was counted alone is not to stand before an hour."""
    return Fraction(count.said.answered, count.said.looks), -count.span.length, count.index


def within(span: Span, window: Span) -> Span | None:
    found = Span(max(span.start, window.start), min(span.end, window.end))
    is_point = span.length == 0 and found.length == 0
    return found if found.length > 0 or is_point else None


def holds(taken: Sequence[Span], at: int) -> bool:
    place = bisect_left(taken, at, key=lambda each: each.end)
    return place < len(taken) and taken[place].start <= at


def uncovered(taken: Sequence[Span], span: Span) -> Iterator[Span]:
    """What of `span` is in none of `taken`, which are in order and apart."""
    start = span.start
    for each in taken[bisect_left(taken, span.start, key=lambda each: each.end) :]:
        if each.start >= span.end:
            break
        if each.start > start:
            yield Span(start, each.start)
        start = max(start, each.end)
    if start < span.end:
        yield Span(start, span.end)


def added(taken: list[Span], span: Span) -> list[Span]:
    """With `span`, in order and apart; those that touch become one."""
    first = bisect_left(taken, span.start, key=lambda each: each.end)
    last = first
    while last < len(taken) and taken[last].start <= span.end:
        last += 1
    joined = [span, *taken[first:last]]
    whole = Span(min(each.start for each in joined), max(each.end for each in joined))
    return [*taken[:first], whole, *taken[last:]]


def covered(parts: Iterable[Part]) -> Iterator[Span]:
    for each in parts:
        yield from each.spans


def outages_in(counts: Iterable[Count], window: Span) -> Iterator[Span]:
    """Whoever saw one saw one, whatever another one saw."""
    for each in counts:
        for start, end in each.said.outages:
            outage = Span(milliseconds(start), milliseconds(end))
            if outage.end >= window.start and outage.start <= window.end:
                yield Span(max(outage.start, window.start), min(outage.end, window.end))


def merged(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for each in sorted(spans):
        if found and each.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, each.end))
        else:
            found.append(each)
    return found


def by_address(parts: Iterable[Part]) -> Iterator[Answered]:
    """In the order of their names. One that came later has fewer looks."""
    looks: dict[str, int] = {}
    answered: dict[str, int] = {}
    for part in parts:
        for each in part.count.said.addresses:
            looks[each.address] = looks.get(each.address, 0) + part.looks
            kept = part.looks - part.missed(each.answered)
            answered[each.address] = answered.get(each.address, 0) + kept
    for address in sorted(looks):
        yield Answered(address=address, looks=looks[address], answered=answered[address])


def document(of: Available | None) -> Mapping[str, Any] | None:
    """For programs: the same in `trust.json`, `status` and `evidence verify`, which compares."""
    if of is None:
        return None
    return {
        "from": stamp(of.starts_at),
        "until": stamp(of.until),
        "every_s": of.every_s,
        "looks": of.looks,
        "answered": of.answered,
        "looked_s": of.looked_s,
        "unlooked_s": of.unlooked_s,
        "outages": of.outages,
        "longest_outage_s": of.longest_outage_s,
        "addresses": [
            {"address": each.address, "looks": each.looks, "answered": each.answered}
            for each in of.addresses
        ],
        "index": of.index,
    }


def milliseconds(at: datetime) -> int:
    return (at - EPOCH) // MILLISECOND


def moment(at: int) -> datetime:
    return EPOCH + at * MILLISECOND
