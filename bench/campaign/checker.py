"""The independent checker of failover histories: what each fault cost, and what must never happen.

    python3 bench/campaign/checker.py HISTORY... [--json]

It reads histories as docs/failover-history.md defines them (`.gz` too), each for itself, shares no
code with what wrote them, and needs the standard library alone. That page defines every figure; the
functions here follow it in the same order. Exit status: 0 all is well, 1 an acknowledged write is
lost or two servers acknowledged at once, 2 a history does not say enough, or is not one.

What cannot be told is never well: every figure a history does not bear is None with its reason.
"""

import argparse
import bisect
import gzip
import itertools
import json
import math
import statistics
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

FORMAT = "standfast-history/1"
LISTENER = "listener"
"""Writes `via` this are those of the service; the others go straight to one machine."""

TWO_COPIES = 2
FOREVER = math.inf
SHOWN = 10

Outcome = Literal["ok", "fail", "unknown", "open"]
Verdict = Literal["ok", "violation", "cannot say"]
Range = tuple[int, int]


class MalformedError(Exception):
    """This is no history, and nothing that it says counts."""


# --- What a history says --------------------------------------------------------------------------


@dataclass(slots=True)
class Write:
    id: int
    via: str
    invoked: float
    outcome: Outcome = "open"
    concluded: float = FOREVER
    server: str | None = None
    timeline: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """`present` is None for a read that failed."""

    id: str
    since: float
    t: float
    asked: tuple[Range, ...]
    present: tuple[Range, ...] | None
    timeline: int


@dataclass(slots=True, kw_only=True)
class Fault:
    id: int
    kind: str
    machine: str | None
    t: float
    mended: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    t: float
    count: int


@dataclass(slots=True, kw_only=True)
class History:
    header: dict[str, Any] = field(default_factory=dict)
    loads: list[float] = field(default_factory=list)
    writes: dict[int, Write] = field(default_factory=dict)
    reads: list[Read] = field(default_factory=list)
    faults: dict[int, Fault] = field(default_factory=dict)
    copies: list[Copies] = field(default_factory=list)
    cut_off: bool = False


# --- Reading it -----------------------------------------------------------------------------------


def parsed(lines: Iterable[str]) -> History:
    """Lines with their ends. A last line without one was cut off while it was written."""
    history = History()
    number = 0
    for number, text in enumerate(lines, 1):
        if not text.endswith("\n"):
            history.cut_off = True
            break
        try:
            take(history, text, first=number == 1)
        except MalformedError as error:
            raise MalformedError(f"line {number}: {error}") from None
    if not history.header:
        raise MalformedError(f"line {number or 1}: no header of {FORMAT}")
    return history


def take(history: History, text: str, *, first: bool) -> None:
    try:
        line = json.loads(text)
    except ValueError:
        raise MalformedError("not JSON") from None
    if not isinstance(line, dict):
        raise MalformedError("not an object")
    if first:
        if line.get("format") != FORMAT:
            raise MalformedError(f"the first line does not say that the format is {FORMAT}")
        history.header = line
        return
    taker = TAKERS.get(line.get("type", ""))
    if taker is None:
        raise MalformedError(f"no such type: {line.get('type')!r}")
    taker(history, line)


def take_invoke(history: History, line: dict[str, Any]) -> None:
    id_, via, t = whole(line, "id"), text_in(line, "via"), moment(line, "t")
    if id_ in history.writes:
        raise MalformedError(f"write {id_} is invoked a second time")
    history.writes[id_] = Write(id_, via, t)


def take_conclusion(history: History, line: dict[str, Any]) -> None:
    id_, t = whole(line, "id"), moment(line, "t")
    write = history.writes.get(id_)
    if write is None:
        raise MalformedError(f"write {id_} was not invoked")
    if write.outcome != "open":
        raise MalformedError(f"write {id_} is concluded a second time")
    if t < write.invoked:
        raise MalformedError(f"write {id_} is concluded before it was invoked")
    if line["type"] == "ok":
        write.timeline = whole(line, "timeline")
        write.server = line.get("server")
    write.outcome, write.concluded = line["type"], t


def take_read(history: History, line: dict[str, Any]) -> None:
    answered = "present" in line
    asked = ranges(line, "asked")
    present = ranges(line, "present") if answered else None
    since, t = moment(line, "since"), moment(line, "t")
    if t < since:
        raise MalformedError("a read ends before it began")
    if present and not all(inside(each, asked) for each in present):
        raise MalformedError("a read found what it had not asked for")
    history.reads.append(
        Read(
            id=str(line.get("id")),
            since=since,
            t=t,
            asked=asked,
            present=present,
            timeline=whole(line, "timeline") if answered else 0,
        )
    )


def take_fault(history: History, line: dict[str, Any]) -> None:
    id_ = whole(line, "id")
    if id_ in history.faults:
        raise MalformedError(f"fault {id_} begins a second time")
    history.faults[id_] = Fault(
        id=id_, kind=text_in(line, "kind"), machine=line.get("machine"), t=moment(line, "t")
    )


def take_mended(history: History, line: dict[str, Any]) -> None:
    id_, t = whole(line, "id"), moment(line, "t")
    fault = history.faults.get(id_)
    if fault is None:
        raise MalformedError(f"fault {id_} is mended and has not begun")
    if fault.mended is not None:
        raise MalformedError(f"fault {id_} is mended a second time")
    if t < fault.t:
        raise MalformedError(f"fault {id_} is mended before it began")
    fault.mended = t


def take_copies(history: History, line: dict[str, Any]) -> None:
    history.copies.append(Copies(t=moment(line, "t"), count=whole(line, "count")))


def take_load(history: History, line: dict[str, Any]) -> None:
    history.loads.append(moment(line, "t"))


def take_nothing(history: History, line: dict[str, Any]) -> None:
    """`end` and `note` are for people."""


TAKERS: dict[str, Callable[[History, dict[str, Any]], None]] = {
    "load": take_load,
    "invoke": take_invoke,
    "ok": take_conclusion,
    "fail": take_conclusion,
    "unknown": take_conclusion,
    "read": take_read,
    "end": take_nothing,
    "fault": take_fault,
    "mended": take_mended,
    "copies": take_copies,
    "note": take_nothing,
}


def whole(line: dict[str, Any], name: str) -> int:
    value = line.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise MalformedError(f"`{name}` is no whole number: {value!r}")
    return value


def moment(line: dict[str, Any], name: str) -> float:
    value = line.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise MalformedError(f"`{name}` is no time: {value!r}")
    return float(value)


def text_in(line: dict[str, Any], name: str) -> str:
    value = line.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedError(f"`{name}` is no text: {value!r}")
    return value


def ranges(line: dict[str, Any], name: str) -> tuple[Range, ...]:
    value = line.get(name)
    if not isinstance(value, list):
        raise MalformedError(f"`{name}` is no list of ranges")
    found = []
    for each in value:
        if (
            not isinstance(each, list)
            or len(each) != 2
            or not all(isinstance(end, int) and not isinstance(end, bool) for end in each)
            or each[0] > each[1]
        ):
            raise MalformedError(f"`{name}` has no range there: {each!r}")
        found.append((each[0], each[1]))
    found.sort()
    if any(before[1] >= after[0] for before, after in itertools.pairwise(found)):
        raise MalformedError(f"ranges of `{name}` overlap")
    return tuple(found)


def inside(inner: Range, outer: Sequence[Range]) -> bool:
    return any(low <= inner[0] and inner[1] <= high for low, high in outer)


# --- Windows: what belongs to which fault ---------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From a fault to two copies: faults that begin before there are two again share their end."""

    fault: Fault
    began: float
    """When the window before it ended: what was acknowledged since then is this fault's."""
    end: float | None
    last_mended: float | None
    trouble: str | None

    @property
    def redundancy_s(self) -> float | None:
        if self.end is None or self.last_mended is None:
            return None
        return self.end - self.last_mended

    def touches(self, since: float, until: float) -> bool:
        return since <= (FOREVER if self.end is None else self.end) and until >= self.fault.t


def windows(faults: Iterable[Fault], copies: Iterable[Copies]) -> list[Window]:
    ordered = sorted(faults, key=lambda fault: (fault.t, fault.id))
    said = sorted(copies, key=lambda each: each.t)
    found: list[Window] = []
    together: list[Fault] = []
    began = -FOREVER
    for fault, following in itertools.zip_longest(ordered, ordered[1:]):
        together.append(fault)
        horizon = FOREVER if following is None else following.t
        end, trouble = redundant_again(together, said, horizon)
        if end is None and following is not None:
            continue
        mends = [each.mended for each in together if each.mended is not None]
        last = max(mends) if len(mends) == len(together) else None
        found.extend(
            Window(fault=each, began=began, end=end, last_mended=last, trouble=trouble)
            for each in together
        )
        began, together = FOREVER if end is None else end, []
    return found


def redundant_again(
    together: Sequence[Fault], copies: Sequence[Copies], horizon: float
) -> tuple[float | None, str | None]:
    """Since when there were two copies for good, looked at just before `horizon`; or why not."""
    mends = [fault.mended for fault in together if fault.mended is not None]
    if len(mends) < len(together) or max(mends) > horizon:
        return None, "a fault has no end"
    said = [each for each in copies if each.t < horizon]
    if not said or said[-1].t < max(mends) or said[-1].count < TWO_COPIES:
        return None, "nobody saw two copies again"
    since = said[-1].t
    for each in reversed(said):
        if each.count < TWO_COPIES:
            break
        since = each.t
    return max(since, max(mends)), None


def single_s(window: Window, copies: Sequence[Copies]) -> float | None:
    """Seconds of the window in which there were fewer than two copies."""
    end = window.end
    if end is None:
        return None
    said = sorted(copies, key=lambda each: each.t)
    ends = [*(each.t for each in said[1:]), FOREVER]
    return sum(
        max(0.0, min(until, end) - max(each.t, window.fault.t))
        for each, until in zip(said, ends, strict=True)
        if each.count < TWO_COPIES
    )


# --- Outage ---------------------------------------------------------------------------------------


def outage(
    window: Window, acknowledged: Sequence[float], restarts: Sequence[float]
) -> tuple[float | None, str | None]:
    """The longest gap between two acknowledgements in a row that touches the window.

    `acknowledged`: sorted times of the service's acknowledged writes. `restarts`: when another load
    began; whatever gap lies there is its own.
    """
    if window.end is None:
        return None, None
    first = bisect.bisect_left(acknowledged, window.fault.t) - 1
    last = bisect.bisect_right(acknowledged, window.end)
    if first < 0:
        return None, "no acknowledged write before the fault"
    if last == len(acknowledged):
        return None, "no acknowledged write after the fault"
    touching = list(itertools.pairwise(acknowledged[first : last + 1]))
    if any(before < restart <= after for before, after in touching for restart in restarts):
        return None, "the load began anew"
    return max(after - before for before, after in touching), None


# --- Lost, ghosts ---------------------------------------------------------------------------------


def valid_reads(history: History) -> list[Read]:
    """Reads that were answered by a server on the newest timeline that had acknowledged."""
    oks = sorted(
        (write.concluded, write.timeline)
        for write in history.writes.values()
        if write.outcome == "ok"
    )
    times = [t for t, _ in oks]
    newest = list(itertools.accumulate((timeline for _, timeline in oks), max, initial=0))
    return sorted(
        (
            read
            for read in history.reads
            if read.present is not None
            and read.timeline >= newest[bisect.bisect_right(times, read.since)]
        ),
        key=lambda read: read.since,
    )


@dataclass(slots=True)
class Fate:
    """What the reads say of one write."""

    last_read: float = -FOREVER
    """When the last read began that could tell whether it is there."""
    seen: float = -FOREVER
    """When the last read began that found it, before one missed it."""
    missed: float | None = None
    """When the first read ended that should have found it and did not."""
    found: bool = False


def fates(history: History, reads: Sequence[Read]) -> dict[int, Fate]:
    told = {id_: Fate() for id_ in history.writes}
    ids = sorted(told)
    for read in reads:
        assert read.present is not None
        for low, high in read.asked:
            for id_ in ids[bisect.bisect_left(ids, low) : bisect.bisect_right(ids, high)]:
                write, fate = history.writes[id_], told[id_]
                if holds(read.present, id_):
                    fate.found = True
                    if fate.missed is None:
                        fate.seen = read.since
                elif write.outcome == "ok" and write.concluded <= read.since:
                    fate.missed = read.t if fate.missed is None else fate.missed
                if write.concluded <= read.since:
                    fate.last_read = read.since
    return told


def holds(sorted_ranges: Sequence[Range], id_: int) -> bool:
    place = bisect.bisect_right(sorted_ranges, (id_, FOREVER)) - 1
    return place >= 0 and id_ <= sorted_ranges[place][1]


# --- Two servers acknowledging at once ------------------------------------------------------------


def two_primaries(writes: Iterable[Write]) -> list[Write]:
    """Writes that no single primary can have acknowledged: on an older timeline, begun after a
    newer one had acknowledged; or on a timeline that another server had acknowledged on before."""
    oks = sorted(
        (write for write in writes if write.outcome == "ok"),
        key=lambda write: (write.concluded, write.id),
    )
    times = [write.concluded for write in oks]
    newest = list(itertools.accumulate((write.timeline for write in oks), max, initial=0))
    owner: dict[int, str] = {}
    found = []
    for write in oks:
        known = newest[bisect.bisect_left(times, write.invoked)]
        other = write.server is not None and (
            owner.setdefault(write.timeline, write.server) != write.server
        )
        if known > write.timeline or other:
            found.append(write)
    return found


# --- The verdicts ---------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class FaultVerdict:
    id: int
    kind: str
    machine: str | None
    verdict: Verdict
    why: list[str]
    outage_s: float | None
    redundancy_s: float | None
    single_copy_s: float | None
    acknowledged_before: int
    acknowledged_within: int
    acknowledged_after: int
    lost: list[int]
    ghosts: list[int]
    unknown: int
    two_primaries: list[int]


@dataclass(slots=True, kw_only=True)
class HistoryVerdict:
    file: str
    verdict: Verdict
    why: list[str]
    faults: list[FaultVerdict] = field(default_factory=list)
    acknowledged: int = 0
    lost: list[int] = field(default_factory=list)
    ghosts: list[int] = field(default_factory=list)
    unknown: int = 0
    two_primaries: list[int] = field(default_factory=list)


def judged(name: str, history: History) -> HistoryVerdict:
    seen = Seen(history)
    faults = [
        seen.fault(window, following)
        for window, following in itertools.zip_longest(seen.windows, seen.windows[1:])
    ]
    whole_history = HistoryVerdict(
        file=name,
        verdict="ok",
        why=list(seen.doubts(faults)),
        faults=faults,
        acknowledged=len(seen.oks),
        lost=sorted(write.id for write in seen.lost),
        ghosts=sorted(write.id for write in seen.ghosts),
        unknown=len(seen.unknown),
        two_primaries=[write.id for write in seen.two_primaries],
    )
    whole_history.verdict = verdict(
        whole_history.lost, whole_history.two_primaries, whole_history.why
    )
    return whole_history


def verdict(lost: Sequence[int], both: Sequence[int], why: Sequence[str]) -> Verdict:
    if lost or both:
        return "violation"
    return "cannot say" if why else "ok"


class Seen:
    """Everything that is known of one history, before it is dealt out to the faults."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.windows = windows(history.faults.values(), history.copies)
        writes = history.writes.values()
        self.oks = [write for write in writes if write.outcome == "ok"]
        self.unknown = [write for write in writes if write.outcome in ("unknown", "open")]
        self.acknowledged = sorted(write.concluded for write in self.oks if write.via == LISTENER)
        self.fates = fates(history, valid_reads(history))
        self.lost = [write for write in self.oks if self.fates[write.id].missed is not None]
        self.ghosts = [
            write for write in writes if write.outcome != "ok" and self.fates[write.id].found
        ]
        self.two_primaries = two_primaries(writes)

    def fault(self, window: Window, following: Window | None) -> FaultVerdict:
        fault, end = window.fault, window.end
        lost = [write.id for write in self.lost if self.lost_in(window, write)]
        both = [write.id for write in self.two_primaries if self.within(window, write)]
        gap, trouble = outage(window, self.acknowledged, sorted(self.history.loads)[1:])
        why = [each for each in (window.trouble, trouble, self.unread(window)) if each]
        return FaultVerdict(
            id=fault.id,
            kind=fault.kind,
            machine=fault.machine,
            verdict=verdict(lost, both, why),
            why=why,
            outage_s=gap,
            redundancy_s=window.redundancy_s,
            single_copy_s=single_s(window, self.history.copies),
            acknowledged_before=self.count(window.began, fault.t),
            acknowledged_within=self.count(fault.t, FOREVER if end is None else end),
            acknowledged_after=self.after(window, following),
            lost=sorted(lost),
            ghosts=sorted(write.id for write in self.ghosts if self.within(window, write)),
            unknown=sum(self.within(window, write) for write in self.unknown),
            two_primaries=both,
        )

    def count(self, since: float, until: float) -> int:
        """Acknowledged writes of the service, `since` included, `until` not."""
        return max(
            0,
            bisect.bisect_left(self.acknowledged, until)
            - bisect.bisect_left(self.acknowledged, since),
        )

    def after(self, window: Window, following: Window | None) -> int:
        if window.end is None:
            return 0
        return self.count(window.end, FOREVER if following is None else following.fault.t)

    def within(self, window: Window, write: Write) -> bool:
        until = write.invoked if write.outcome == "open" else write.concluded
        return window.touches(write.invoked, until)

    def lost_in(self, window: Window, write: Write) -> bool:
        """It went between the last moment at which it was surely there and the first without it."""
        fate = self.fates[write.id]
        assert fate.missed is not None
        return window.touches(max(write.concluded, fate.seen), fate.missed)

    def unread(self, window: Window) -> str | None:
        """A fault's own writes have to be looked up after its window."""
        end = FOREVER if window.end is None else window.end
        left = sum(
            window.began <= write.concluded <= end and self.fates[write.id].last_read < end
            for write in self.oks
        )
        return f"{left} acknowledged writes were not looked up afterwards" if left else None

    def doubts(self, faults: Sequence[FaultVerdict]) -> Iterator[str]:
        """Why the history as a whole does not say enough."""
        if self.history.cut_off:
            yield "the last line was cut off"
        if not faults:
            yield "there is no fault in it"
        unsure = sum(fault.verdict == "cannot say" for fault in faults)
        if unsure:
            yield f"of {unsure} faults it does not say enough"
        end = max((window.end for window in self.windows if window.end is not None), default=0.0)
        looked = [self.fates[write.id].last_read for write in self.oks]
        if not looked or min(looked) < end:
            yield "no last read has looked up all acknowledged writes"


# --- The table ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    kind: str
    count: int
    judged: int
    outage_median_s: float | None
    outage_worst_s: float | None
    redundancy_median_s: float | None
    redundancy_worst_s: float | None
    lost: int
    ghosts: int
    unknown: int
    two_primaries: int


def table(faults: Iterable[FaultVerdict]) -> list[Kind]:
    by_kind: dict[str, list[FaultVerdict]] = {}
    for fault in faults:
        by_kind.setdefault(fault.kind, []).append(fault)
    return [row(kind, by_kind[kind]) for kind in sorted(by_kind)]


def row(kind: str, faults: Sequence[FaultVerdict]) -> Kind:
    outages = [fault.outage_s for fault in faults if fault.outage_s is not None]
    redundancies = [fault.redundancy_s for fault in faults if fault.redundancy_s is not None]
    return Kind(
        kind=kind,
        count=len(faults),
        judged=sum(fault.verdict != "cannot say" for fault in faults),
        outage_median_s=statistics.median(outages) if outages else None,
        outage_worst_s=max(outages, default=None),
        redundancy_median_s=statistics.median(redundancies) if redundancies else None,
        redundancy_worst_s=max(redundancies, default=None),
        lost=sum(len(fault.lost) for fault in faults),
        ghosts=sum(len(fault.ghosts) for fault in faults),
        unknown=sum(fault.unknown for fault in faults),
        two_primaries=sum(len(fault.two_primaries) for fault in faults),
    )


# --- Saying it ------------------------------------------------------------------------------------


def seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for each in rows:
        cells = [each[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(each[1:], widths[1:], strict=True)]
        yield "  ".join(cells).rstrip()


def fault_lines(faults: Sequence[FaultVerdict]) -> Iterator[str]:
    head = ("fault", "id", "machine", "outage s", "redundancy s", "acknowledged", "unknown")
    rows = [(*head, "ghosts", "lost", "two primaries", "verdict")]
    rows += [
        (
            *(fault.kind, str(fault.id), fault.machine or "–"),
            *(seconds(fault.outage_s), seconds(fault.redundancy_s)),
            f"{fault.acknowledged_before}/{fault.acknowledged_within}/{fault.acknowledged_after}",
            *(str(fault.unknown), str(len(fault.ghosts)), str(len(fault.lost))),
            *(str(len(fault.two_primaries)), fault.verdict),
        )
        for fault in faults
    ]
    yield from columns(rows)


def kind_lines(kinds: Sequence[Kind]) -> Iterator[str]:
    head = ("kind", "count", "judged", "outage median s", "worst s", "redundancy median s")
    rows = [(*head, "worst s", "unknown", "ghosts", "lost", "two primaries")]
    rows += [
        (
            *(kind.kind, str(kind.count), str(kind.judged)),
            *(seconds(kind.outage_median_s), seconds(kind.outage_worst_s)),
            *(seconds(kind.redundancy_median_s), seconds(kind.redundancy_worst_s)),
            *(str(kind.unknown), str(kind.ghosts), str(kind.lost), str(kind.two_primaries)),
        )
        for kind in kinds
    ]
    yield from columns(rows)


def shown(ids: Sequence[int]) -> str:
    """Ids without a gap between them as a range."""
    runs: list[list[int]] = []
    for id_ in sorted(ids):
        if runs and runs[-1][1] == id_ - 1:
            runs[-1][1] = id_
        else:
            runs.append([id_, id_])
    texts = [str(low) if low == high else f"{low} to {high}" for low, high in runs]
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return f"{len(ids)}: {', '.join(texts[:SHOWN])}{more}"


def said(histories: Sequence[HistoryVerdict]) -> Iterator[str]:
    for history in histories:
        yield f"{history.file}: {history.verdict}, {history.acknowledged} writes acknowledged"
        yield from (f"  {why}" for why in history.why)
        if history.lost:
            yield f"  lost {shown(history.lost)}"
        if history.two_primaries:
            yield f"  acknowledged by a second primary {shown(history.two_primaries)}"
        for fault in history.faults:
            yield from (f"  fault {fault.id} ({fault.kind}): {why}" for why in fault.why)
    faults = [fault for history in histories for fault in history.faults]
    if faults:
        yield ""
        yield from fault_lines(faults)
        yield ""
        yield from kind_lines(table(faults))


def lines_of(path: Path) -> Iterator[str]:
    """A compressed file that ends too early ends with the last line that can be had."""
    packed = path.suffix == ".gz"
    with gzip.open(path, "rt", encoding="utf-8") if packed else path.open(encoding="utf-8") as file:
        try:
            yield from file
        except EOFError:
            yield "…"


def checked(path: Path) -> HistoryVerdict:
    try:
        return judged(str(path), parsed(lines_of(path)))
    except (MalformedError, OSError, UnicodeDecodeError) as error:
        return HistoryVerdict(file=str(path), verdict="cannot say", why=[str(error)])


def status(histories: Sequence[HistoryVerdict]) -> int:
    verdicts = {history.verdict for history in histories}
    if "violation" in verdicts:
        return 1
    return 0 if verdicts == {"ok"} else 2


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("history", nargs="+", type=Path)
    parser.add_argument("--json", action="store_true", help="everything, as one document")
    asked = parser.parse_args(words)
    histories = [checked(path) for path in asked.history]
    if asked.json:
        faults = [fault for history in histories for fault in history.faults]
        document = {
            "histories": [asdict(history) for history in histories],
            "kinds": [asdict(kind) for kind in table(faults)],
        }
        print(json.dumps(document))
    else:
        print("\n".join(said(histories)))
    return status(histories)


if __name__ == "__main__":
    sys.exit(main())
