"""The definitions of docs/failover-history.md once more, read plainly and slowly, and random
histories on which to compare. Nothing here is taken from the checker."""

import itertools
import random
from dataclasses import dataclass, field
from typing import Any

Line = dict[str, Any]
INFINITE = float("inf")


@dataclass(slots=True)
class Expected:
    lost: set[int] = field(default_factory=set)
    ghosts: set[int] = field(default_factory=set)
    two_primaries: set[int] = field(default_factory=set)
    unknown: int = 0
    verdict: str = ""
    outages: dict[int, float | None] = field(default_factory=dict)
    redundancies: dict[int, float | None] = field(default_factory=dict)
    singles: dict[int, float | None] = field(default_factory=dict)
    lost_by: dict[int, set[int]] = field(default_factory=dict)
    verdicts: dict[int, str] = field(default_factory=dict)


def judged(lines: list[Line]) -> Expected:
    invoked = {line["id"]: line for line in lines if line.get("type") == "invoke"}
    ends = {line["id"]: line for line in lines if line.get("type") in ("ok", "fail", "unknown")}
    oks = {id_: line for id_, line in ends.items() if line["type"] == "ok"}
    reads = sorted(
        (line for line in lines if line.get("type") == "read" and usable(line, oks)),
        key=lambda line: line["since"],
    )
    found = Expected()
    for id_, line in invoked.items():
        seen = [read for read in reads if has(read["present"], id_)]
        if id_ in oks:
            missed = [
                read
                for read in reads
                if has(read["asked"], id_)
                and not has(read["present"], id_)
                and oks[id_]["t"] <= read["since"]
            ]
            if missed:
                found.lost.add(id_)
            if any(second(invoked, oks, id_, other) for other in oks):
                found.two_primaries.add(id_)
        elif seen:
            found.ghosts.add(id_)
        found.unknown += id_ not in ends or ends[id_]["type"] == "unknown"
        assert line["t"] >= 0
    into_faults(found, lines, invoked, oks, reads)
    everything = all(looked_up(reads, oks, id_, found_last_end(lines)) for id_ in oks)
    if found.lost or found.two_primaries:
        found.verdict = "violation"
    elif not oks or not everything or "cannot say" in found.verdicts.values():
        found.verdict = "cannot say"
    else:
        found.verdict = "ok" if found.verdicts else "cannot say"
    return found


def usable(read: Line, oks: dict[int, Line]) -> bool:
    before = [ok["timeline"] for ok in oks.values() if ok["t"] <= read["since"]]
    return "present" in read and read["timeline"] >= max(before, default=0)


def has(ranges: list[list[int]], id_: int) -> bool:
    return any(id_ in range(low, high + 1) for low, high in ranges)


def second(invoked: dict[int, Line], oks: dict[int, Line], id_: int, other: int) -> bool:
    mine, theirs = oks[id_], oks[other]
    if theirs["t"] < invoked[id_]["t"] and theirs["timeline"] > mine["timeline"]:
        return True
    return (
        theirs["timeline"] == mine["timeline"]
        and theirs["server"] != mine["server"]
        and theirs["server"] == first_server(oks, mine["timeline"])
    )


def first_server(oks: dict[int, Line], timeline: int) -> str:
    first = min((ok["t"], ok["id"]) for ok in oks.values() if ok["timeline"] == timeline)
    server: str = oks[first[1]]["server"]
    return server


def looked_up(reads: list[Line], oks: dict[int, Line], id_: int, after: float) -> bool:
    return any(
        has(read["asked"], id_) and read["since"] >= max(after, oks[id_]["t"]) for read in reads
    )


def episodes(lines: list[Line]) -> list[tuple[list[Line], float | None, float | None]]:
    """Faults that belong together, when the last of them was mended, when they were over."""
    faults = sorted((each for each in lines if each.get("type") == "fault"), key=lambda f: f["t"])
    mended = {line["id"]: line["t"] for line in lines if line.get("type") == "mended"}
    copies = sorted((line["t"], line["count"]) for line in lines if line.get("type") == "copies")
    found, together = [], []
    for place, fault in enumerate(faults):
        together.append(fault)
        horizon = faults[place + 1]["t"] if place + 1 < len(faults) else INFINITE
        mends = [mended.get(each["id"], INFINITE) for each in together]
        end = over(max(mends), [each for each in copies if each[0] < horizon], horizon)
        if end is not None or horizon == INFINITE:
            last = None if max(mends) == INFINITE else max(mends)
            found.append((together, last, end))
            together = []
    return found


def over(mended: float, copies: list[tuple[float, int]], horizon: float) -> float | None:
    """The first moment from which on, up to the horizon, everything is whole and said to be so."""
    if mended > horizon or not any(t >= mended for t, _ in copies):
        return None
    for moment in sorted([mended, *(t for t, _ in copies if t >= mended)]):
        before = [count for t, count in copies if t <= moment]
        later = [count for t, count in copies if t >= moment]
        if before and before[-1] >= 2 and all(count >= 2 for count in later):
            return moment
    return None


def found_last_end(lines: list[Line]) -> float:
    return max((end for _, _, end in episodes(lines) if end is not None), default=0.0)


def into_faults(
    found: Expected,
    lines: list[Line],
    invoked: dict[int, Line],
    oks: dict[int, Line],
    reads: list[Line],
) -> None:
    service = sorted(ok["t"] for id_, ok in oks.items() if invoked[id_]["via"] == "listener")
    began = -INFINITE
    for together, mended, end in episodes(lines):
        until = INFINITE if end is None else end
        for fault in together:
            id_ = fault["id"]
            found.outages[id_] = None if end is None else gap(service, fault["t"], end)
            found.redundancies[id_] = None if end is None or mended is None else end - mended
            found.singles[id_] = None if end is None else alone(lines, fault["t"], end)
            found.lost_by[id_] = {
                lost
                for lost in found.lost
                if when_lost(oks[lost], reads)[0] <= until
                and when_lost(oks[lost], reads)[1] >= fault["t"]
            }
            both = any(
                invoked[other]["t"] <= until and oks[other]["t"] >= fault["t"]
                for other in found.two_primaries
            )
            read = all(
                looked_up(reads, oks, other, until)
                for other, ok in oks.items()
                if began <= ok["t"] <= until
            )
            found.verdicts[id_] = (
                "violation"
                if found.lost_by[id_] or both
                else "ok"
                if found.outages[id_] is not None and read
                else "cannot say"
            )
        began = until


def alone(lines: list[Line], since: float, until: float) -> float:
    """By small pieces between all moments at which anything changes."""
    copies = sorted((line["t"], line["count"]) for line in lines if line.get("type") == "copies")
    moments = sorted({since, until, *(t for t, _ in copies if since < t < until)})
    total = 0.0
    for begin, end in itertools.pairwise(moments):
        before = [count for t, count in copies if t <= begin]
        total += end - begin if before and before[-1] < 2 else 0.0
    return total


def when_lost(ok: Line, reads: list[Line]) -> tuple[float, float]:
    since = ok["t"]
    for read in reads:
        if not has(read["asked"], ok["id"]):
            continue
        if has(read["present"], ok["id"]):
            since = max(since, read["since"])
        elif read["since"] >= ok["t"]:
            return since, read["t"]
    raise AssertionError("not lost")


def gap(service: list[float], since: float, until: float) -> float | None:
    if not any(t < since for t in service) or not any(t > until for t in service):
        return None
    return max(
        after - before
        for before, after in itertools.pairwise(service)
        if before <= until and after >= since
    )


# --- Random histories -----------------------------------------------------------------------------


def history(chance: random.Random) -> list[Line]:
    """A site that fails over a few times, with a client that may see impossible things."""
    lines: list[Line] = [{"format": "standfast-history/1"}]
    bad = chance.random() < 0.5
    span = chance.uniform(5, 30)
    moves = sorted(chance.uniform(0, span) for _ in range(chance.randrange(4)))
    rows: dict[int, float] = {}
    for id_ in range(1, chance.randrange(2, 120)):
        operation(chance, lines, rows, id_=id_, span=span, moves=moves, bad=bad)
    some_faults(chance, lines, span)
    for name in range(chance.randrange(1, 4)):
        one_read(chance, lines, rows, name=name, t=chance.uniform(0, span * 1.2), bad=bad)
    if chance.random() < 0.8:
        one_read(chance, lines, rows, name=99, t=span * 1.5, bad=False, all_=True)
    return lines


def operation(
    chance: random.Random,
    lines: list[Line],
    rows: dict[int, float],
    *,
    id_: int,
    span: float,
    moves: list[float],
    bad: bool,
) -> None:
    since = chance.uniform(0, span)
    until = since + chance.choice((0.01, 0.5)) * chance.random()
    via = chance.choice(("listener", "listener", "listener", "db-1"))
    lines.append({"type": "invoke", "id": id_, "via": via, "client": 0, "t": since})
    timeline = 1 + sum(move < since for move in moves)
    if bad and chance.random() < 0.03:
        timeline = max(1, timeline - 1)
    outcome = chance.choices(("ok", "fail", "unknown", None), (20, 1, 2, 1))[0]
    if outcome is not None:
        server = f"s{timeline % 2}" if not bad or chance.random() < 0.97 else "s7"
        said = {"server": server, "timeline": timeline} if outcome == "ok" else {"why": "…"}
        lines.append({"type": outcome, "id": id_, "t": until, **said})
    if (outcome == "ok" and not (bad and chance.random() < 0.03)) or (
        outcome != "ok" and chance.random() < 0.3
    ):
        rows[id_] = until


def some_faults(chance: random.Random, lines: list[Line], span: float) -> None:
    lines.append({"type": "copies", "count": 2, "t": -1.0})
    t = chance.uniform(0, span / 3)
    for id_ in range(1, chance.choice((1, 2, 2, 3, 5))):
        lines.append({"type": "fault", "id": id_, "kind": "any", "machine": "db-1", "t": t})
        mended = t + chance.uniform(0, span / 5)
        if chance.random() < 0.97:
            lines.append({"type": "mended", "id": id_, "t": mended})
        for _ in range(chance.randrange(3)):
            count, when = chance.choice((1, 2)), chance.uniform(t, mended + span / 8)
            lines.append({"type": "copies", "count": count, "t": when})
        if chance.random() < 0.95:
            whole = mended + chance.uniform(0, span / 8)
            lines.append({"type": "copies", "count": 2, "t": whole})
        t += chance.uniform(0, span / 2)


def one_read(
    chance: random.Random,
    lines: list[Line],
    rows: dict[int, float],
    *,
    name: int,
    t: float,
    bad: bool,
    all_: bool = False,
) -> None:
    highest = max(line["id"] for line in lines if line.get("type") == "invoke")
    low = 1 if all_ else chance.randrange(1, highest + 1)
    high = highest if all_ else chance.randrange(low, highest + 1)
    present = [id_ for id_, at in rows.items() if low <= id_ <= high and at <= t]
    if bad:
        present = [id_ for id_ in present if chance.random() < 0.99]
    newest = [line["timeline"] for line in lines if line.get("type") == "ok" and line["t"] <= t]
    said: Line = {
        "timeline": max(newest, default=1) - (bad and chance.random() < 0.2),
        "present": [[id_, id_] for id_ in sorted(present)],
    }
    if said["timeline"] < 0 or chance.random() < 0.1:
        said = {"why": "no answer"}
    lines.append(
        {"type": "read", "id": str(name), "since": t, "t": t + 0.1, "asked": [[low, high]], **said}
    )
