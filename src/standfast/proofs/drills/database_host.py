"""Drill `database-host`: cut the power of the primary's machine while visitors read and save.

    one copy? refuse → load ───────────────────────────────────────→ what is stored? → two copies?
                         power cut … longer than is promised … power on … it mirrors again

The machine stays off for longer than the outage may last, so nothing that comes back can end it.
Whatever happens in between, the machine gets its power back.
"""

from dataclasses import dataclass

from standfast.core.errors import Refused
from standfast.proofs.drills import failover, mirror, report, rested
from standfast.proofs.drills.course import LEAST_REST_S, Course, refuse_unless_possible
from standfast.proofs.drills.ground import Ground, NotBack, Ran
from standfast.proofs.drills.power_cut import PowerCut
from standfast.proofs.drills.under_load import under_load

RATE_PER_S = 25
"""Ten writes a second: fine enough, and nobody measures a queue of their own making."""

CALM_S = 3.0

BEYOND_S = 2.0
"""Longer than the limit, so that a write acknowledged just within it is still seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseHost:
    """Both courses last as long as the limit: an outage that is too long must be seen to be."""

    def prepare(self, ground: Ground) -> None:
        mirror.primary_of_a_whole_pair(ground)
        rested.wait(ground)
        ground.sign_up()

    def run(self, ground: Ground, *, short: bool) -> Ran:
        course = lasting(ground.objective["outage_s"])
        refuse_unless_possible(course)
        primary = mirror.primary_of_a_whole_pair(ground)
        if ground.chosen not in (None, primary):
            raise Refused(f"{ground.chosen} is not the primary, which is {primary}")
        started = ground.clock.now()
        words = report.headline(primary, course.rate_per_s)
        cut = PowerCut(
            power=ground.power,
            serving=lambda: {primary: ground.well(primary)},
            clock=ground.clock,
            machine=primary,
            after_s=course.cut_at_s,
            lasting_s=course.cut_s,
            back_within_s=course.back_within_s,
        )
        found = under_load(ground, course, cut, words)
        assert cut.cut is not None
        assert cut.restored is not None
        back_s = cut.back_s()
        again = mirror.NOT_SEEN if short else mirror.redundant(ground, since=cut.restored.at)
        measured = failover.figures(
            found, course, fault_at_s=cut.cut.at_s, redundancy_s=again.after_s
        )
        story = failover.story(
            words, found, measured, what=report.off(cut), successor=again.primary
        )
        ground.tell(story[0])
        ran = Ran(
            target=primary,
            run=str(ground.run),
            measured=measured,
            story=story,
            seen=failover.seen(
                primary,
                found,
                rate_per_s=course.rate_per_s,
                fault=cut.cut,
                successor=again.primary,
            ),
            started_at=started,
            ended_at=ground.clock.now(),
        )
        if back_s is None:
            raise NotBack(ran, course.back_within_s)
        return ran


def lasting(limit_s: float) -> Course:
    off_s = limit_s + BEYOND_S
    return Course(
        rate_per_s=RATE_PER_S,
        duration_s=round(CALM_S + off_s + LEAST_REST_S + 1),
        calm_s=CALM_S,
        cut_s=off_s,
    )
