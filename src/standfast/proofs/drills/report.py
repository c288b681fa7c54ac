"""Tell what a run did, in words for people and in figures for whoever checks them. Pure."""

from collections.abc import Mapping
from typing import Any

from standfast.core.units import duration, stamp
from standfast.promises.model import Figures
from standfast.proofs.drills.found import Found
from standfast.proofs.drills.measure import by_second, failures
from standfast.proofs.drills.power_cut import Moment, PowerCut

FAILURES_SHOWN = 10
"""Kinds of failure in the evidence, whose leaves are bounded. The count is complete."""


def headline(target: str, rate_per_s: int) -> str:
    return f"power cut of {target} at {rate_per_s} requests/s"


def with_figures(words: str, asked: float, failed: float) -> str:
    return f"{words} … {asked:,.0f} asked, {failed:,.0f} failed"


def of_figures(words: str) -> str:
    """The second half of what `with_figures` makes."""
    return words.partition(" … ")[2]


def story(words: str, fault: PowerCut, found: Found, measured: Figures) -> tuple[str, ...]:
    return (
        with_figures(words, measured["requests"], measured["failed_requests"]),
        off(fault),
        back(fault.machine, measured.get("back_s")),
        stored(found, measured),
    )


def off(fault: PowerCut) -> str:
    assert fault.cut is not None
    assert fault.restored is not None
    lasted = duration(fault.restored.at - fault.cut.at)
    return f"{fault.machine} was off for {lasted}, and was seen to be off"


def back(machine: str, back_s: float | None) -> str:
    if back_s is None:
        return f"{machine} has its power back and does not serve yet"
    return f"{machine} served again {back_s:g} s after its power came back"


def stored(found: Found, measured: Figures) -> str:
    if found.stored is None:
        return found.problem
    doubled, lost = measured["doubled_writes"], measured["lost_writes"]
    if doubled or lost:
        return f"{doubled:,.0f} writes were stored twice, {lost:,.0f} acknowledged ones never"
    return f"of {measured['writes']:,.0f} writes every acknowledged one was stored, none twice"


def seen(fault: PowerCut, found: Found, *, rate_per_s: int) -> Mapping[str, Any]:
    """Plain JSON. `seconds`: requests due, failed, worst time in seconds, for each second."""
    return {
        "machine": fault.machine,
        "rate_per_s": rate_per_s,
        "power_cut": moment(fault.cut),
        "power_back": moment(fault.restored),
        "seconds": [list(second) for second in by_second(found.requests)],
        "failures": list(failures(found.requests, FAILURES_SHOWN)),
    }


def moment(of: Moment | None) -> Mapping[str, Any] | None:
    return None if of is None else {"at": stamp(of.at), "at_s": of.at_s}
