"""Drill `any-machine`: cut the power of a machine drawn at random while visitors read and save.

    something down? refuse → load ────────────────────────→ what is stored? → all as it was?
                               power cut … power on … all its units run again

What may fail depends on the machine's roles (`promises/allowance.py`): nothing at all, or what was
due within some seconds of the cut. Whatever happens in between, the machine gets its power back.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from standfast.core.errors import Refused
from standfast.core.units import duration
from standfast.mechanisms.hosts.machine import Role
from standfast.promises.allowance import allowed_s
from standfast.proofs.drills import mirror, report
from standfast.proofs.drills.course import Course, around, refuse_unless_possible
from standfast.proofs.drills.dark import go_dark, ran
from standfast.proofs.drills.found import Found
from standfast.proofs.drills.ground import Ground, Ran
from standfast.proofs.drills.measure import excess_failures, measure, outage_s

RATE_PER_S = 40
CALM_S = 3.0
LEAST_OFF_S = 8.0
SHORT_OFF_S = 4.0
"""The planted fault makes requests fail within the first second of the power cut."""

BEYOND_S = 2.0
"""Longer than the allowance, so that what fails after it is still seen."""

WELL_WITHIN_S = 60.0
"""What a drill before this one has switched off may just be starting."""

POLL_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyMachine:
    def prepare(self, ground: Ground) -> None:
        refuse_if_degraded(ground)
        ground.sign_up()

    def run(self, ground: Ground, *, short: bool) -> Ran:
        """`short`: the planted fault is about web machines, so one of them is drawn."""
        drawn_from = ground.having(Role.WEB) if short else ground.machines
        target = chosen(ground, tuple(each.name for each in drawn_from))
        allowance_s = allowed_s(target, roles(ground))
        course = lasting(allowance_s, short=short)
        refuse_unless_possible(course)
        refuse_if_degraded(ground)
        dark = go_dark(ground, course, target)
        back_s = dark.cut.back_s()
        measured = figures(
            dark.found, course, fault_at_s=dark.fault.at_s, allowance_s=allowance_s, back_s=back_s
        )
        told = report.story(dark.words, dark.cut, dark.found, measured)
        return ran(
            ground,
            course,
            dark,
            measured=measured,
            story=(*told, allowance(target, allowance_s)),
            seen={
                **report.seen(dark.cut, dark.found, rate_per_s=course.rate_per_s),
                "roles": sorted(roles(ground)[target]),
                "allowed_s": allowance_s,
            },
            back_s=back_s,
        )


def chosen(ground: Ground, names: tuple[str, ...]) -> str:
    if ground.chosen is None:
        return ground.drawn(names)
    if ground.chosen not in roles(ground):
        raise Refused(
            f"no machine is called {ground.chosen}", remedy=f"The site has: {', '.join(names)}."
        )
    return ground.chosen


def roles(ground: Ground) -> Mapping[str, frozenset[str]]:
    return {each.name: frozenset(map(str, each.roles)) for each in ground.machines}


def refuse_if_degraded(ground: Ground) -> None:
    """With one machine down already, cutting another would be an outage, not a drill."""
    end = ground.clock.monotonic() + WELL_WITHIN_S
    while down := unwell(ground):
        if ground.clock.monotonic() > end:
            raise Refused(
                f"the site is already degraded: not all units run on {', '.join(down)}",
                remedy="Run `standfast status`, then `standfast up`, then the drill again.",
            )
        ground.clock.sleep(POLL_S)
    mirror.primary_of_a_whole_pair(ground)


def unwell(ground: Ground) -> list[str]:
    names = [each.name for each in ground.machines]
    with ThreadPoolExecutor(len(names)) as pool:
        return [
            name for name, well in zip(names, pool.map(ground.well, names), strict=True) if not well
        ]


def lasting(allowance_s: float, *, short: bool) -> Course:
    off_s = SHORT_OFF_S if short else max(LEAST_OFF_S, allowance_s + BEYOND_S)
    return around(off_s, rate_per_s=RATE_PER_S, calm_s=CALM_S)


def figures(
    found: Found,
    course: Course,
    *,
    fault_at_s: float,
    allowance_s: float,
    back_s: float | None,
) -> dict[str, float]:
    """`interrupted_s`: how long after the cut a request was due that failed because of it."""
    failed = [each for each in found.requests if not each.acknowledged]
    excess = excess_failures(found.requests, fault_at_s=fault_at_s, allowed_s=allowance_s)
    outage = outage_s(found.requests, fault_at_s=fault_at_s, ends_s=course.duration_s)
    last = max((each.sent_s - fault_at_s for each in failed), default=0.0)
    return {
        **measure(found.requests, found.stored),
        "excess_failures": len(excess),
        "interrupted_s": round(max(0.0, last), 1),
        **({} if outage is None else {"outage_s": outage}),
        **({} if back_s is None else {"back_s": round(back_s, 1)}),
    }


def allowance(target: str, allowance_s: float) -> str:
    if allowance_s == 0:
        return f"no request may fail because of {target}"
    return f"requests due within {duration(allowance_s)} of the power cut of {target} may fail"
