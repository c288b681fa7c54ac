"""After the bundles: a primary with a synchronous secondary, set up as the plan says.

Which machine became primary is Patroni's affair; this waits for one, runs setup.sql there if it is
another than was run, and hands Patroni what has changed in its configuration in etcd.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from standfast.core.clock import Clock
from standfast.core.errors import StandfastError, Unreachable
from standfast.mechanisms.database import dynamic, setup
from standfast.mechanisms.database.observe import Cluster, ask, cluster_by_any
from standfast.mechanisms.database.plan import DYNAMIC, PATRONI, SETUP
from standfast.mechanisms.hosts.bundle import Bundle
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Role

WAIT_S = 120.0
"""A first primary takes ten seconds and its copy as many; a large one is copied for longer."""

POLL_S = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Databases:
    """`database` is the service's."""

    connections: Mapping[str, Connection]
    clock: Clock
    tell: Callable[[str, str], None]
    database: str

    def settle(self, bundles: Mapping[str, Bundle]) -> None:
        first = next(iter(self._machines))
        files = {file.path: file.content for file in bundles[first].files}
        primary = self._wait("waiting for a primary", lambda seen: seen.primary is not None)
        self._configure(primary, json.loads(files[DYNAMIC]))
        if setup.ensure(primary, database=self.database, wanted=setup.digest(files[SETUP])):
            self.tell(primary.machine.name, "set up the service's database")
        self._wait("waiting for a second copy", lambda seen: seen.is_whole)

    def _configure(self, primary: Connection, wanted: Mapping[str, object]) -> None:
        changes = dynamic.patch(ask(primary, "config"), wanted)
        if changes:
            self.tell(primary.machine.name, "changing Patroni's configuration")
            ask(primary, "config", method="PATCH", body=changes)

    def _wait(self, what: str, until: Callable[[Cluster], bool]) -> Connection:
        """Return the primary."""
        end = self.clock.monotonic() + WAIT_S
        seen: Cluster | None = None
        while self.clock.monotonic() < end:
            self.tell("database", what)
            try:
                seen = cluster_by_any(self._machines.values())
            except Unreachable:
                seen = None
            if seen is not None and seen.primary is not None and until(seen):
                return self._machines[seen.primary]
            self.clock.sleep(POLL_S)
        name = next(iter(self._machines))
        raise StandfastError(
            f"no primary with a copy after {WAIT_S:.0f} s of {what}; Patroni says: {said(seen)}",
            remedy=f"standfast logs {name} --unit {PATRONI}",
        )

    @property
    def _machines(self) -> Mapping[str, Connection]:
        return {
            name: each
            for name, each in self.connections.items()
            if each.machine.is_a(Role.DATABASE)
        }


def said(seen: Cluster | None) -> str:
    if seen is None:
        return "nothing"
    return ", ".join(f"{each.name} is {each.role}, {each.state}" for each in seen.members)
