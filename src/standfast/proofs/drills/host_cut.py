"""The power of a database machine is cut under load, for longer than is promised, and given back.

    load ───────────────────────────────────────→ what is stored? → two copies?
        power cut … longer than is promised … power on … it mirrors again

The machine stays off for longer than the limit, so nothing that comes back can end what is
measured. Whatever happens in between, it gets its power back.
"""

from dataclasses import dataclass
from datetime import datetime

from standfast.proofs.drills import failover, mirror, report
from standfast.proofs.drills.course import Course, around, refuse_unless_possible
from standfast.proofs.drills.found import Found
from standfast.proofs.drills.ground import Ground, NotBack, Ran
from standfast.proofs.drills.power_cut import Moment, of_one
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
    return around(limit_s + BEYOND_S, rate_per_s=RATE_PER_S, calm_s=CALM_S)


def cut_power(ground: Ground, course: Course, machine: str, *, short: bool) -> HostCut:
    refuse_unless_possible(course)
    started = ground.clock.now()
    words = report.headline(machine, course.rate_per_s)
    cut = of_one(ground, course, machine)
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


def ran(
    ground: Ground, course: Course, cut: HostCut, measured: dict[str, float], story: tuple[str, ...]
) -> Ran:
    """What goes into the record. `NotBack` where the machine does not serve yet."""
    ground.tell(story[0])
    made = Ran(
        target=cut.machine,
        run=str(ground.run),
        measured=measured,
        story=story,
        seen=failover.seen(
            cut.machine,
            cut.found,
            rate_per_s=course.rate_per_s,
            fault=cut.fault,
            successor=cut.again.primary,
        ),
        started_at=cut.started_at,
        ended_at=ground.clock.now(),
    )
    if cut.back_s is None:
        raise NotBack(made, course.back_within_s)
    return made
