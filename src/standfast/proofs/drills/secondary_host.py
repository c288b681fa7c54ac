"""Drill `secondary-host`: cut the power of the secondary's machine while visitors read and save.

Every commit waits for the secondary, so a secondary that vanishes holds all of them up until the
primary gives it up and goes on alone. That pause, as the client saw it, is the *stall*; nobody else
takes over, and nothing may be lost. Then as in `host_cut.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from standfast.core.errors import CannotVerify, Refused
from standfast.core.units import duration
from standfast.mechanisms.database.observe import Cluster
from standfast.promises.model import Figures
from standfast.proofs.drills import failover, mirror, report
from standfast.proofs.drills.dark import Dark
from standfast.proofs.drills.ground import Ground, Ran
from standfast.proofs.drills.host_cut import cut_power, lasting, ran


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondaryHost:
    def prepare(self, ground: Ground) -> None:
        mirror.primary_of_a_whole_pair(ground)
        ground.sign_up()

    def run(self, ground: Ground, *, short: bool) -> Ran:
        course = lasting(ground.objective["stall_s"])
        primary = mirror.primary_of_a_whole_pair(ground)
        secondary = waited_for(mirror.seen(mirror.connections(ground)), ground.chosen)
        cut = cut_power(ground, course, secondary, short=short)
        if cut.again.primary not in (None, primary):
            raise CannotVerify(f"{cut.again.primary} became primary meanwhile, after {primary}")
        measured = stalled(
            failover.figures(
                cut.dark.found,
                course,
                fault_at_s=cut.dark.fault.at_s,
                redundancy_s=cut.again.after_s,
            )
        )
        return ran(ground, course, cut, measured, told(cut.dark, measured))


def waited_for(cluster: Cluster | None, chosen: str | None) -> str:
    """The secondary that commits wait for."""
    names = () if cluster is None else cluster.synchronous
    if chosen not in (None, *names):
        raise Refused(
            f"{chosen} is not the secondary that commits wait for: {', '.join(names) or 'none is'}"
        )
    if not names:
        raise CannotVerify("commits wait for no secondary now", remedy="standfast status")
    return chosen or names[0]


def stalled(figures: Mapping[str, float]) -> dict[str, float]:
    """Nobody takes over: the time without a write is called by another name."""
    return {"stall_s" if name == "outage_s" else name: value for name, value in figures.items()}


def told(dark: Dark, measured: Figures) -> tuple[str, ...]:
    stall = (
        f"writes waited for {duration(measured['stall_s'])}, then went on without {dark.machine}"
        if "stall_s" in measured
        else "no write was acknowledged before the fault, so nothing can be said of a pause"
    )
    return (
        report.with_figures(dark.words, measured["requests"], measured["failed_requests"]),
        report.off(dark.cut),
        stall,
        failover.writes(dark.found, measured),
        failover.copies(measured),
    )
