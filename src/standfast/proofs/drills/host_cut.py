"""The power of a database machine is cut under load, for longer than is promised, and given back.

    load ───────────────────────────────────────→ what is stored? → two copies?
        power cut … longer than is promised … power on … it mirrors again

The machine stays off for longer than the limit, so nothing that comes back can end what is
measured. Whatever happens in between, it gets its power back.
"""

from dataclasses import dataclass
from datetime import datetime

from standfast.proofs.drills import mirror, report
from standfast.proofs.drills.course import LEAST_REST_S, Course, refuse_unless_possible
from standfast.proofs.drills.found import Found
from standfast.proofs.drills.ground import Ground
from standfast.proofs.drills.power_cut import Moment, PowerCut
from standfast.proofs.drills.under_load import under_load

RATE_PER_S = 25
"""Ten writes a second: fine enough, and nobody measures a queue of their own making."""

CALM_S = 3.0

BEYOND_S = 2.0
"""Longer than the limit, so that a write acknowledged just within it is still seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCut:
    """What came of it. `back_s`: until the machine served again; None if it does not yet. `again`
    was not looked for in a short run."""

    machine: str
    words: str
    found: Found
    fault: Moment
    back_s: float | None
    off: str
    again: mirror.Again
    started_at: datetime


def lasting(limit_s: float) -> Course:
    """The whole limit, in a short run too: an outage that is too long must be seen to be."""
    off_s = limit_s + BEYOND_S
    return Course(
        rate_per_s=RATE_PER_S,
        duration_s=round(CALM_S + off_s + LEAST_REST_S + 1),
        calm_s=CALM_S,
        cut_s=off_s,
    )


def cut_power(ground: Ground, course: Course, machine: str, *, short: bool) -> HostCut:
    refuse_unless_possible(course)
    started = ground.clock.now()
    words = report.headline(machine, course.rate_per_s)
    cut = PowerCut(
        power=ground.power,
        serving=lambda: {machine: ground.well(machine)},
        clock=ground.clock,
        machine=machine,
        after_s=course.cut_at_s,
        lasting_s=course.cut_s,
        back_within_s=course.back_within_s,
    )
    found = under_load(ground, course, cut, words)
    assert cut.cut is not None
    assert cut.restored is not None
    back_s = cut.back_s()
    again = mirror.NOT_SEEN if short else mirror.redundant(ground, since=cut.restored.at)
    return HostCut(
        machine=machine,
        words=words,
        found=found,
        fault=cut.cut,
        back_s=back_s,
        off=report.off(cut),
        again=again,
        started_at=started,
    )
