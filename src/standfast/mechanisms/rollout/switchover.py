"""Let the primary hand over to its secondary, before it is taken away on purpose.

Patroni's own switchover: the secondary is asked, the primary stops in good order, and nothing that
was acknowledged is lost. About a second and a half without a write, instead of the seconds after
which a primary that vanished is given up.
"""

from collections.abc import Container, Mapping
from contextlib import suppress
from dataclasses import dataclass

from standfast.core.clock import Clock
from standfast.core.errors import StandfastError, Unreachable
from standfast.mechanisms.database.observe import Cluster, cluster_by_any, switch_over
from standfast.mechanisms.database.plan import PATRONI
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Role

WAIT_S = 60.0
"""A switchover takes two seconds; the former primary may have to rewind before it mirrors."""

POLL_S = 0.5


def databases(connections: Mapping[str, Connection]) -> Mapping[str, Connection]:
    return {name: each for name, each in connections.items() if each.machine.is_a(Role.DATABASE)}


def seen(connections: Mapping[str, Connection]) -> Cluster | None:
    """As any database machine tells it; None if none does."""
    try:
        return cluster_by_any(databases(connections).values())
    except Unreachable:
        return None


def troubles(cluster: Cluster | None, among: Container[str] | None = None) -> tuple[str, ...]:
    """What keeps a database machine from being taken away. `among`: of which machines a secondary
    is missed; one that is new has yet to be let in by the primary, whose turn comes last."""
    if cluster is None or cluster.primary is None:
        return ("no database takes writes",)
    missed = [each for each in cluster.secondaries if among is None or each.name in among]
    if missed and not cluster.synchronous:
        states = ", ".join(f"{each.name} is {each.state}" for each in missed)
        return (f"{cluster.primary} has no secondary with all that was acknowledged: {states}",)
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Switchover:
    connections: Mapping[str, Connection]
    clock: Clock

    def away_from(self, primary: str, to: str | None = None) -> str:
        """Return the new primary, once it takes writes and the former one mirrors it. `to`: which
        one is meant; it must hold every acknowledged write now."""
        cluster = seen(self.connections)
        wrong = troubles(cluster)
        if wrong or cluster is None or not cluster.synchronous:
            raise StandfastError(
                f"{primary} cannot hand over: {'; '.join(wrong) or 'it has no secondary'}",
                remedy="Wait until the secondary mirrors it; see: standfast status",
            )
        if cluster.primary != primary:
            return str(cluster.primary)
        if to is not None and to not in cluster.synchronous:
            raise StandfastError(
                f"{to} does not hold every saved change now; {', '.join(cluster.synchronous)} does",
                remedy="Wait until it mirrors the primary; see: standfast status",
            )
        candidate = to or cluster.synchronous[0]
        with suppress(StandfastError):  # what counts is what is seen afterwards
            switch_over(self.connections[primary], to=candidate)
        end = self.clock.monotonic() + WAIT_S
        while self.clock.monotonic() < end:
            now = seen(self.connections)
            if now is not None and now.primary == candidate and now.is_whole:
                return candidate
            self.clock.sleep(POLL_S)
        raise StandfastError(
            f"{candidate} did not take over from {primary} within {WAIT_S:.0f} s",
            remedy=f"standfast logs {candidate} --unit {PATRONI}",
        )
