"""In which order database machines are restarted. Pure."""

from collections.abc import Set
from dataclasses import dataclass

from standfast.mechanisms.database.observe import Cluster


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Restart `machine`, after `to` has taken over from it if it is primary."""

    machine: str
    to: str | None = None


def next_turn(cluster: Cluster, waiting: Set[str]) -> Turn | None:
    """Whose turn it is; None when nobody waits, or none can be restarted now.

    One machine at a time, and only while every other one is well: the pair is whole before each
    turn. Secondaries come first, so the primary hands over to a machine that has had its turn, and
    writes wait once, for a switchover.
    """
    if not cluster.is_whole:
        return None
    secondaries = sorted(each.name for each in cluster.secondaries if each.name in waiting)
    if secondaries:
        return Turn(machine=secondaries[0])
    if cluster.primary is not None and cluster.primary in waiting:
        return Turn(machine=cluster.primary, to=cluster.synchronous[0])
    return None


def waiting(cluster: Cluster, units: Set[str]) -> frozenset[str]:
    """Machines whose unit must be restarted, and those where a setting waits for it."""
    return frozenset({*units, *(each.name for each in cluster.members if each.pending_restart)})
