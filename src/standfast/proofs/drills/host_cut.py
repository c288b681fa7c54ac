"""The power of a database machine is cut under load, for longer than is promised, and given back.

    load ───────────────────────────────────────→ what is stored? → two copies?
        power cut … longer than is promised … power on … it mirrors again

The machine stays off for longer than the limit, so nothing that comes back can end what is
measured. Whatever happens in between, it gets its power back.
"""

from dataclasses import dataclass

from standfast.proofs.drills import dark, failover, mirror
from standfast.proofs.drills.course import Course, around, refuse_unless_possible
from standfast.proofs.drills.dark import Dark
from standfast.proofs.drills.ground import Ground, Ran

RATE_PER_S = 25
"""Ten writes a second: fine enough, and nobody measures a queue of their own making."""

CALM_S = 3.0

BEYOND_S = 2.0
"""Longer than the limit, so that a write acknowledged just within it is still seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCut:
    """What came of it. `back_s`: until the machine served again; None if it does not yet. `again`
    was not looked for in a short run."""

    dark: Dark
    back_s: float | None
    again: mirror.Again


def lasting(limit_s: float) -> Course:
    """The whole limit, in a short run too: an outage that is too long must be seen to be."""
    return around(limit_s + BEYOND_S, rate_per_s=RATE_PER_S, calm_s=CALM_S)


def cut_power(ground: Ground, course: Course, machine: str, *, short: bool) -> HostCut:
    refuse_unless_possible(course)
    went = dark.go_dark(ground, course, machine)
    assert went.cut.restored is not None
    back_s = went.cut.back_s()
    since = went.cut.restored.at
    again = mirror.NOT_SEEN if short else mirror.redundant(ground, since=since)
    return HostCut(dark=went, back_s=back_s, again=again)


def ran(
    ground: Ground, course: Course, cut: HostCut, measured: dict[str, float], story: tuple[str, ...]
) -> Ran:
    """What goes into the record. `NotBack` where the machine does not serve yet."""
    seen = failover.seen(
        cut.dark.machine,
        cut.dark.found,
        rate_per_s=course.rate_per_s,
        fault=cut.dark.fault,
        successor=cut.again.primary,
    )
    return dark.ran(
        ground, course, cut.dark, measured=measured, story=story, seen=seen, back_s=cut.back_s
    )
