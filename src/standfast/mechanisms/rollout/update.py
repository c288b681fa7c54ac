"""Security updates, one machine at a time: which machine when, and what is done there. Pure.

*Invariant.* A machine is touched only while the whole site is well without it: every other machine
runs, two monitors of three vote, another web machine and another edge serve, and a secondary holds
all that was acknowledged. So stopping after any step leaves a site that serves, and the next run
finds what is left to do.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from standfast.mechanisms.hosts.machine import Machine
from standfast.mechanisms.rollout.order import in_order
from standfast.mechanisms.rollout.packages import Package


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanting:
    """What one machine wants: newer packages, and a restart because of what `outdated` names."""

    packages: tuple[Package, ...] = ()
    outdated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`hands_over`: it is the primary, and a secondary takes over first. `reboots`: whatever the
    packages turn out to want."""

    machine: str
    packages: tuple[Package, ...]
    hands_over: bool
    reboots: bool


def steps(
    machines: Iterable[Machine],
    wanting: Mapping[str, Wanting],
    *,
    primary: str | None,
    secondaries: tuple[str, ...],
    reboot_all: bool,
) -> Iterator[Step]:
    """Machines that want nothing are left alone."""
    for machine in in_order(machines, primary):
        wants = wanting[machine.name]
        reboots = reboot_all or bool(wants.outdated)
        if wants.packages or reboots:
            yield Step(
                machine=machine.name,
                packages=wants.packages,
                hands_over=machine.name == primary and bool(secondaries),
                reboots=reboots,
            )


def words(step: Step) -> str:
    """What a step is, for whoever reads the plan before it is carried out."""
    count = len(step.packages)
    security = sum(each.security for each in step.packages)
    parts = [
        *(["hands over to a secondary"] if step.hands_over else []),
        *([f"upgrades {count} packages, {security} for security"] if count else []),
        "restarts" if step.reboots else "restarts if they want it",
    ]
    return ", ".join(parts)
