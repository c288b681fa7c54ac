"""What both failover drills measure, and how they tell it. Pure.

*Outage*: from the last acknowledged write before the fault to the first one after it, as the client
saw it. *Lost*: acknowledged, then missing. *Ghost*: not acknowledged, then there; allowed, counted.
"""

from collections.abc import Mapping
from typing import Any

from standfast.core.units import duration
from standfast.promises.model import Figures
from standfast.proofs.drills import report
from standfast.proofs.drills.course import Course
from standfast.proofs.drills.found import Found
from standfast.proofs.drills.measure import by_second, failures, measure, outage_s
from standfast.proofs.drills.power_cut import Moment

FIGURES = (
    *("outage_s", "lost_writes", "ghost_writes", "redundancy_s"),
    *("requests", "failed_requests", "writes"),
)
"""What goes into the evidence, of all that a load can say."""


def figures(
    found: Found, course: Course, *, fault_at_s: float, redundancy_s: float | None
) -> dict[str, float]:
    """What could not be measured is left out, and nothing is kept without it."""
    measured = measure(found.requests, found.stored)
    outage = outage_s(found.requests, fault_at_s=fault_at_s, ends_s=course.duration_s)
    if outage is not None:
        measured["outage_s"] = outage
    if redundancy_s is not None:
        measured["redundancy_s"] = round(redundancy_s, 1)
    return {name: measured[name] for name in FIGURES if name in measured}


def story(
    words: str, found: Found, measured: Figures, *, what: str, successor: str | None
) -> tuple[str, ...]:
    """`what` was done, in a sentence; `successor`: who is primary afterwards."""
    return (
        report.with_figures(words, measured["requests"], measured["failed_requests"]),
        what,
        out(measured, successor),
        writes(found, measured),
        copies(measured),
    )


def out(measured: Figures, successor: str | None) -> str:
    if "outage_s" not in measured:
        return "no write was acknowledged before the fault, so nothing can be said of an outage"
    after = f", then on {successor}" if successor else ""
    return f"for {duration(measured['outage_s'])} no write was acknowledged{after}"


def writes(found: Found, measured: Figures) -> str:
    if found.stored is None:
        return found.problem
    lost, ghost = measured["lost_writes"], measured["ghost_writes"]
    kept = (
        f"{lost:,.0f} acknowledged writes were lost" if lost else "no acknowledged write was lost"
    )
    return f"{kept}; {ghost:,.0f} were stored though nobody was told so"


def copies(measured: Figures) -> str:
    if "redundancy_s" not in measured:
        return "the second copy was not back in time"
    return f"two copies again after {duration(measured['redundancy_s'])}"


def seen(
    machine: str, found: Found, *, rate_per_s: int, fault: Moment | None, successor: str | None
) -> Mapping[str, Any]:
    """Plain JSON. `seconds`: requests due, failed, worst time in seconds, for each second."""
    return {
        "machine": machine,
        "successor": successor,
        "rate_per_s": rate_per_s,
        "fault": report.moment(fault),
        "seconds": [list(second) for second in by_second(found.requests)],
        "failures": list(failures(found.requests, report.FAILURES_SHOWN)),
    }
