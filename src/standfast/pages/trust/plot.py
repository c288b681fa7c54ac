"""Draw one measurement over time, with its objective as a line, in a few hundred bytes.

Every point is a sub-path of one of three paths: dots within the objective, crosses beyond it, rings
where nothing can be said. The shape says it as well as the colour. The line is the objective of
today; a point is beyond it, too, if it was beyond what was promised then, so that nothing becomes
good because less is promised.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from standfast.evidence.slots import Span
from standfast.evidence.state import LOOKING_BACK, Past
from standfast.pages.trust import words
from standfast.pages.trust.changes import limit_then
from standfast.pages.trust.model import Change, Plot
from standfast.promises.model import Outcome

WINDOW = LOOKING_BACK
SHORTEST = timedelta(hours=24)
"""A site that was made an hour ago is drawn on a day, not on an hour that looks like history."""

WIDTH, HEIGHT, TOP, FLOOR, SIDE = 340.0, 78.0, 16.0, 56.0, 6.0
STEPS = 90
"""Points drawn at most: one a day. Of several in one step the worst is drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    at: datetime
    value: float | None
    """None where the proof was inconclusive."""
    over: bool


def points(
    history: Sequence[Past], key: str, limit: float, changed: Sequence[Change], *, now: datetime
) -> list[Point]:
    """The attempts of the window, oldest first."""
    recent = sorted((each for each in history if now - WINDOW <= each.ended_at <= now), key=when)
    return [point(each, key, limit, changed) for each in recent]


def point(past: Past, key: str, limit: float, changed: Sequence[Change]) -> Point:
    value, then = known(past, key), limit_then(changed, key, past.ended_at, limit)
    limits = [each for each in (limit, then) if each is not None]
    over = value is not None and value > min(limits)
    return Point(at=past.ended_at, value=value, over=over)


def says_nothing(tried: Sequence[Point]) -> bool:
    (only, *others) = tried
    return not others and only.value is not None and not only.over


def when(past: Past) -> datetime:
    return past.ended_at


def known(past: Past, key: str) -> float | None:
    return None if past.outcome is Outcome.INCONCLUSIVE else past.measured.get(key)


def plot(
    history: Sequence[Past],
    missed: Sequence[Span],
    key: str,
    limit: float,
    changed: Sequence[Change] = (),
    *,
    now: datetime,
) -> Plot | None:
    """The plot of one figure; None where it would say no more than the figures beside it: nothing
    was tried in the window, or once, in time and as promised."""
    tried = points(history, key, limit, changed, now=now)
    if not tried or (says_nothing(tried) and not missed):
        return None
    start = min(max(now - WINDOW, tried[0].at), now - SHORTEST)
    frame = Frame(start=start, now=now, ceiling=ceiling(tried, limit))
    drawn = thinned(tried, frame)
    values = [(frame.x(each.at), each.value, each.over) for each in drawn]
    level = frame.y(limit)
    return Plot(
        width=WIDTH,
        height=HEIGHT,
        top=TOP,
        floor=FLOOR,
        limit=level,
        limit_text=level - 5,
        course="".join(course(frame, drawn)),
        within="".join(dot(x, frame.y(v)) for x, v, over in values if v is not None and not over),
        beyond="".join(cross(x, frame.y(v)) for x, v, over in values if v is not None and over),
        unsure="".join(ring(x, FLOOR) for x, v, _ in values if v is None),
        gaps=tuple(
            frame.gap(span) for span in missed if span.until > start and span.starts_at < now
        ),
        since=words.day(start),
        until=words.day(now),
        summary=summary(tried),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    start: datetime
    now: datetime
    ceiling: float

    def x(self, at: datetime) -> float:
        share = (at - self.start) / (self.now - self.start)
        return round(SIDE + min(max(share, 0), 1) * (WIDTH - 2 * SIDE), 1)

    def y(self, value: float) -> float:
        return round(FLOOR - value / self.ceiling * (FLOOR - TOP), 1)

    def gap(self, span: Span) -> tuple[float, float]:
        left = self.x(span.starts_at)
        return left, round(max(self.x(span.until) - left, 2), 1)


def ceiling(tried: Sequence[Point], limit: float) -> float:
    """The value at the top: the worst or the objective, with room for the objective's word."""
    highest = max([limit * 1.25, *(each.value for each in tried if each.value is not None)])
    return highest or 1.0


def thinned(tried: Sequence[Point], frame: Frame) -> list[Point]:
    """At most one point a step, the worst of it: thinning hides nothing that was over the limit."""
    kept: dict[int, Point] = {}
    for each in tried:
        step = round((frame.x(each.at) - SIDE) / (WIDTH - 2 * SIDE) * (STEPS - 1))
        if step not in kept or badness(each) >= badness(kept[step]):
            kept[step] = each
    return list(kept.values())


def badness(point: Point) -> tuple[bool, float]:
    return point.over, -1.0 if point.value is None else point.value


def course(frame: Frame, drawn: Sequence[Point]) -> list[str]:
    """A thin line through the values; it does not cross what could not be said. One value alone has
    no line."""
    pieces, pen = [], "M"
    for each in drawn:
        if each.value is None:
            pen = "M"
            continue
        pieces.append(f"{pen}{frame.x(each.at):g} {frame.y(each.value):g}")
        pen = "L"
    return pieces if any(each.startswith("L") for each in pieces) else []


def dot(x: float, y: float) -> str:
    return f"M{x:g} {y:g}h0"


def cross(x: float, y: float) -> str:
    return f"M{x - 4:g} {y - 4:g}l8 8m-8 0l8-8"


def ring(x: float, y: float) -> str:
    return f"M{x - 3.5:g} {y:g}a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0"


def summary(tried: Sequence[Point]) -> str:
    """`12 proofs since 1 Nov 2025: 10 within the objective, 1 over it, 1 inconclusive`."""
    over = sum(each.over for each in tried)
    unsure = sum(each.value is None for each in tried)
    count = "1 proof" if len(tried) == 1 else f"{len(tried)} proofs"
    parts = [f"{len(tried) - unsure - over} within the objective"]
    parts += [f"{over} over it"] if over else []
    parts += [f"{unsure} inconclusive"] if unsure else []
    return f"{count} since {words.day(tried[0].at)}: {', '.join(parts)}"
