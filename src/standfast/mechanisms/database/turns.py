"""In which order database machines are restarted. Pure.

One machine at a time, and only while every other one is well: the pair is whole before each turn.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from standfast.mechanisms.database.observe import Cluster


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Restart `machine`: after `to` has taken over from it if it is primary, or `in_place`, by
    Patroni, PostgreSQL alone."""

    machine: str
    to: str | None = None
    in_place: bool = False


def next_turn(cluster: Cluster, units: Set[str], had: Sequence[str]) -> Turn | None:
    """Whose turn it is; None when nobody waits, or none can be restarted now. `units` are machines
    whose unit waits; `had` are the turns there were for settings (`Member.pending_restart`)."""
    if not cluster.is_whole:
        return None
    return turn_for_unit(cluster, units) or turn_for_setting(cluster, had)


def turn_for_unit(cluster: Cluster, units: Set[str]) -> Turn | None:
    """Secondaries come first, so the primary hands over to a machine that has had its turn, and
    writes wait once, for a switchover."""
    secondaries = sorted(each.name for each in cluster.secondaries if each.name in units)
    if secondaries:
        return Turn(machine=secondaries[0])
    if cluster.primary is not None and cluster.primary in units:
        return Turn(machine=cluster.primary, to=cluster.synchronous[0])
    return None


def turn_for_setting(cluster: Cluster, had: Sequence[str]) -> Turn | None:
    """A secondary must allow at least as many connections, and the like, as its primary does
    (PostgreSQL, "Hot Standby", Administrator's Overview). So where more is wanted, secondaries come
    first; where less is wanted, they still wait after their turn, until the primary has had its
    own, in place, and then have another."""
    limit = 2 if cluster.primary in had else 1
    for each in sorted(cluster.secondaries, key=lambda member: member.name):
        if each.pending_restart and had.count(each.name) < limit:
            return Turn(machine=each.name, in_place=True)
    waits = any(each.pending_restart for each in cluster.members if each.name == cluster.primary)
    if waits and cluster.primary is not None and cluster.primary not in had:
        return Turn(machine=cluster.primary, in_place=True)
    return None
