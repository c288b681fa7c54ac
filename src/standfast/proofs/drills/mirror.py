"""The pair of database machines as drills see it: both copies there, and which is which."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from standfast.core.errors import Refused, StandfastError
from standfast.mechanisms.database.observe import Cluster, cluster_by_any
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Role
from standfast.proofs.drills.ground import Ground

WHOLE_WITHIN_S = 90.0
"""A secondary that was cut off is made anew from the primary at the worst."""

POLL_S = 0.5


def connections(ground: Ground, without: str | None = None) -> list[Connection]:
    """To the database machines; one that is off answers nobody and only costs time."""
    names = [each.name for each in ground.having(Role.DATABASE) if each.name != without]
    return [ground.connections[name] for name in names]


def seen(ways: Iterable[Connection]) -> Cluster | None:
    try:
        return cluster_by_any(ways)
    except StandfastError:
        return None


def whole(ground: Ground, *, within_s: float) -> Cluster | None:
    """Wait until there is a primary and every other machine mirrors it; None if that takes longer.
    What a drill before this one did may just be mending itself."""
    ways, clock = connections(ground), ground.clock
    end = clock.monotonic() + within_s
    while True:
        found = seen(ways)
        if found is not None and found.is_whole:
            return found
        if clock.monotonic() > end:
            return None
        clock.sleep(POLL_S)


def primary_of_a_whole_pair(ground: Ground) -> str:
    """`Refused` when one copy is missing: attacking the other would be an outage, not a drill."""
    found = whole(ground, within_s=WHOLE_WITHIN_S)
    if found is None or found.primary is None:
        raise Refused(
            "the site is already degraded: its database has no second copy",
            remedy="Run `standfast status`, then `standfast up`, then the drill again.",
        )
    return found.primary


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """After a fault: who is primary, and how long it took until two copies were there. None: it
    was not seen."""

    primary: str | None
    after_s: float | None


def redundant(ground: Ground, *, since: datetime, wait: bool) -> Again:
    """Not to be waited for while a planted fault forbids it."""
    found = whole(ground, within_s=WHOLE_WITHIN_S) if wait else None
    if found is None:
        return Again(primary=None, after_s=None)
    return Again(primary=found.primary, after_s=(ground.clock.now() - since).total_seconds())
