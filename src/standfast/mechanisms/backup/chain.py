"""Which segments of WAL one needs, and how far those that are kept reach without a gap. Pure.

After a failover the log goes on under the next timeline, from the segment in which the former one
was left: PostgreSQL reads each segment of the timeline that was the last to begin before it. What
the former primary still wrote behind that point leads nowhere, and a segment of it fills no gap.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from standfast.mechanisms.backup import wal


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A timeline on the way to the newest, and the number of the first segment it is read from."""

    timeline: int
    begins: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Segments that are all there, by the numbers of the first and the last."""

    first: int
    last: int


def way(newest: int, history: str) -> tuple[Leg, ...]:
    """To the newest timeline, oldest first. `history` is its file: on each line a timeline, the
    position at which it was left, and why; empty for the first."""
    left = [line.split("\t") for line in history.splitlines() if line[:1].isdigit()]
    ends = [wal.position(each[1]) // wal.SEGMENT_BYTES for each in left]
    timelines = [*(int(each[0]) for each in left), newest]
    return tuple(
        Leg(timeline=timeline, begins=begins)
        for timeline, begins in zip(timelines, [0, *ends], strict=True)
    )


def timeline_at(number: int, legs: tuple[Leg, ...]) -> int:
    """Whose segment of that number is read."""
    return max(
        (each for each in legs if each.begins <= number), key=lambda leg: leg.timeline
    ).timeline


def is_on_the_way(segment: str, legs: tuple[Leg, ...]) -> bool:
    return timeline_at(wal.number(segment), legs) == wal.timeline(segment)


def runs(segments: Iterable[str], legs: tuple[Leg, ...]) -> tuple[Run, ...]:
    """Of those on the way, oldest first. Between two of them something is missing."""
    return tuple(
        joined(sorted({wal.number(each) for each in segments if is_on_the_way(each, legs)}))
    )


def joined(numbers: Iterable[int]) -> Iterator[Run]:
    first: int | None = None
    last = 0
    for number in numbers:
        if first is not None and number != last + 1:
            yield Run(first=first, last=last)
            first = None
        first, last = number if first is None else first, number
    if first is not None:
        yield Run(first=first, last=last)
