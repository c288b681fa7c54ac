"""What came of losing both databases, in figures and in words. Pure.

*Data age*: from the moment of the power cut back to the newest row of the heartbeat in what came
back; a second of it is the pace of those rows. *Outage*, *lost* and *ghost* writes: as in
`failover.py`. What did not come back in its place is a failed recovery, whatever its reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from standfast.core.units import duration, stamp
from standfast.promises.model import Figures
from standfast.proofs.drills import failover, report
from standfast.proofs.drills.found import Found
from standfast.proofs.drills.ground import Brought
from standfast.proofs.drills.measure import by_second, failures, measure, outage_s
from standfast.proofs.drills.power_cut import Moment

FIGURES = (*failover.FIGURES, "doubled_writes")

SECONDS_SHOWN = 600
"""Of the load, in the evidence, whose leaves are bounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """`lost`: when all were off. `brought` is None where nothing came back, and `in_place` says
    whether it took the place of what was lost; `problem` why not. `newest`: its newest row that is
    not younger than the loss."""

    machines: tuple[str, ...]
    lost: Moment
    brought: Brought | None = None
    newest: datetime | None = None
    in_place: bool = False
    problem: str = ""


def age_s(lost_at: datetime, newest: datetime) -> float:
    return round(max(0.0, (lost_at - newest).total_seconds()), 3)


def is_too_old(brought: Brought, lost_at: datetime, limit_s: float) -> bool:
    """What is known not to be recent enough does not take the place of what was set aside."""
    return brought.newest is not None and age_s(lost_at, brought.newest) > limit_s


def figures(found: Found, fate: Fate, *, redundancy_s: float | None) -> dict[str, float]:
    """What was not measured is left out, and nothing is kept without it."""
    measured = measure(found.requests, found.stored)
    ends_s = max((each.answered_s for each in found.requests), default=0.0)
    outage = outage_s(found.requests, fault_at_s=fate.lost.at_s, ends_s=ends_s)
    newest = fate.newest or (fate.brought.newest if fate.brought else None)
    more = {
        "outage_s": outage,
        "data_age_s": age_s(fate.lost.at, newest) if newest else None,
        "redundancy_s": None if redundancy_s is None else round(redundancy_s, 1),
    }
    measured |= {name: value for name, value in more.items() if value is not None}
    chosen = {name: measured[name] for name in (*FIGURES, "data_age_s") if name in measured}
    return {**chosen, "failed_recoveries": float(not fate.in_place)}


def story(words: str, found: Found, fate: Fate, measured: Figures) -> tuple[str, ...]:
    names = " and ".join(fate.machines)
    return (
        report.with_figures(words, measured["requests"], measured["failed_requests"]),
        f"{names} lost their power and their data, and were seen to be off",
        back(fate, measured),
        failover.writes(found, measured),
        *((failover.copies(measured),) if fate.in_place else ()),
    )


def back(fate: Fate, measured: Figures) -> str:
    lasted = f"for {duration(measured['outage_s'])} " if "outage_s" in measured else ""
    silence = f"{lasted}no write was acknowledged"
    if not fate.in_place:
        return f"nothing came back in its place: {fate.problem}; {silence}"
    assert fate.brought is not None
    old = f"{measured['data_age_s']:.1f} s old" if "data_age_s" in measured else "of unknown age"
    return f"{silence}; then on {fate.brought.machine}, with data {old}"


def seen(fate: Fate, found: Found, *, rate_per_s: int, kept: Mapping[str, str]) -> dict[str, Any]:
    """Plain JSON. `seconds`: requests due, failed, worst time in seconds, for each second."""
    return {
        "machines": list(fate.machines),
        "rate_per_s": rate_per_s,
        "lost": report.moment(fate.lost),
        "copy": fate.brought.copy if fate.brought else None,
        "newest": stamp(fate.newest) if fate.newest else None,
        "problem": fate.problem,
        "kept": dict(kept),
        "seconds": seconds(by_second(found.requests)),
        "failures": list(failures(found.requests, report.FAILURES_SHOWN)),
    }


def seconds(of: Sequence[tuple[int, int, float]]) -> list[list[float]]:
    return [list(each) for each in of[:SECONDS_SHOWN]]
