"""Drill `database-host`: cut the power of the primary's machine while visitors read and save.

One copy? Refuse. Then as in `host_cut.py`; the secondary takes over meanwhile.
"""

from dataclasses import dataclass

from standfast.core.errors import Refused
from standfast.proofs.drills import failover, mirror, report, rested
from standfast.proofs.drills.ground import Ground, Ran
from standfast.proofs.drills.host_cut import cut_power, lasting, ran


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
        dark = cut.dark
        measured = failover.figures(
            dark.found, course, fault_at_s=dark.fault.at_s, redundancy_s=cut.again.after_s
        )
        story = failover.story(
            dark.words,
            dark.found,
            measured,
            what=report.off(dark.cut),
            successor=cut.again.primary,
        )
        return ran(ground, course, cut, measured, story)
