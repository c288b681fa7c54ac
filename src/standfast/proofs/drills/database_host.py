"""Drill `database-host`: cut the power of the primary's machine while visitors read and save.

One copy? Refuse. Then as in `host_cut.py`; the secondary takes over meanwhile.
"""

from dataclasses import dataclass

from standfast.core.errors import Refused
from standfast.proofs.drills import failover, mirror, rested
from standfast.proofs.drills.ground import Ground, NotBack, Ran
from standfast.proofs.drills.host_cut import cut_power, lasting


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseHost:
    def prepare(self, ground: Ground) -> None:
        mirror.primary_of_a_whole_pair(ground)
        rested.wait(ground)
        ground.sign_up()

    def run(self, ground: Ground, *, short: bool) -> Ran:
        course = lasting(ground.objective["outage_s"])
        primary = mirror.primary_of_a_whole_pair(ground)
        if ground.chosen not in (None, primary):
            raise Refused(f"{ground.chosen} is not the primary, which is {primary}")
        cut = cut_power(ground, course, primary, short=short)
        measured = failover.figures(
            cut.found, course, fault_at_s=cut.fault.at_s, redundancy_s=cut.again.after_s
        )
        story = failover.story(
            cut.words, cut.found, measured, what=cut.off, successor=cut.again.primary
        )
        ground.tell(story[0])
        ran = Ran(
            target=primary,
            run=str(ground.run),
            measured=measured,
            story=story,
            seen=failover.seen(
                primary,
                cut.found,
                rate_per_s=course.rate_per_s,
                fault=cut.fault,
                successor=cut.again.primary,
            ),
            started_at=cut.started_at,
            ended_at=ground.clock.now(),
        )
        if cut.back_s is None:
            raise NotBack(ran, course.back_within_s)
        return ran
