"""After the bundles: a primary with a synchronous secondary, set up as the plan says.

Which machine became primary is Patroni's affair; this waits for one, runs setup.sql there if it is
another than was run, and hands Patroni what has changed of its configuration in etcd. Machines that
must be restarted are, one after the other.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from standfast.core.clock import Clock
from standfast.core.errors import StandfastError, Unreachable
from standfast.mechanisms.database import dynamic, setup
from standfast.mechanisms.database.observe import (
    Cluster,
    ask,
    cluster_by_any,
    restart_in_place,
    switch_over,
)
from standfast.mechanisms.database.plan import DYNAMIC, PATRONI, SETUP
from standfast.mechanisms.database.psql import psql
from standfast.mechanisms.database.turns import Turn, next_turn
from standfast.mechanisms.hosts.bundle import Bundle
from standfast.mechanisms.hosts.connection import Connection

WAIT_S = 120.0
"""A first primary takes ten seconds and its copy as many; a restarted one is back sooner."""

POLL_S = 0.3

TAKEN_UP_S = 3.0
"""Patroni takes up a changed configuration in its next loop, a second later, and says in the one
after that which settings wait for a restart."""

Restart = Callable[[Connection, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Databases:
    """`machines` are the database machines, by name; `database` is the service's."""

    machines: Mapping[str, Connection]
    clock: Clock
    tell: Callable[[str, str], None]
    restart: Restart
    database: str

    def settle(self, bundles: Mapping[str, Bundle], reports: Mapping[str, Any]) -> None:
        """`reports`: what applying the bundles changed, by machine."""
        first = next(iter(self.machines))
        files = {file.path: file.content for file in bundles[first].files}
        primary = self._wait("waiting for a primary", lambda seen: seen.primary is not None)
        mine = {name: reports[name] for name in self.machines}
        if any(PATRONI in report["reloaded"] for report in mine.values()):
            self.clock.sleep(TAKEN_UP_S)  # who is let in, and how, before a password changes
        configured = self._configure(primary, json.loads(files[DYNAMIC]))
        if setup.ensure(primary, database=self.database, wanted=setup.digest(files[SETUP])):
            self.tell(primary.machine.name, "set up the service's database")
        self._wait("waiting for a second copy", lambda seen: seen.is_whole)
        if configured:
            self.clock.sleep(TAKEN_UP_S)
        self._take_turns({name for name, report in mine.items() if PATRONI in report["waiting"]})

    def _configure(self, primary: Connection, wanted: Mapping[str, object]) -> bool:
        changes = dynamic.patch(self._configured(primary), wanted)
        if changes:
            self.tell(primary.machine.name, "changing Patroni's configuration")
            ask(primary, "config", method="PATCH", body=changes)
        return bool(changes)

    def _configured(self, primary: Connection) -> Mapping[str, object]:
        """A Patroni that has found a database in its place writes its configuration into etcd in
        the loop after the one in which it took the lead, and has none to show until then."""
        end = self.clock.monotonic() + TAKEN_UP_S
        while True:
            try:
                found: Mapping[str, object] = ask(primary, "config")
                return found
            except Unreachable:
                if self.clock.monotonic() > end:
                    raise
                self.clock.sleep(POLL_S)

    def _take_turns(self, units: set[str]) -> None:
        """A turn for the unit and two for settings are the most that a machine can have."""
        had: list[str] = []
        for _ in range(3 * len(self.machines)):
            seen = self._seen()
            turn = next_turn(seen, units, had) if seen is not None else None
            if turn is None:
                return
            self._take(turn)
            if turn.in_place:
                had.append(turn.machine)
                self.clock.sleep(TAKEN_UP_S)
            units -= {turn.machine}
            self._wait("waiting for the copy to be back", lambda seen: seen.is_whole)

    def _take(self, turn: Turn) -> None:
        machine = self.machines[turn.machine]
        if turn.to is not None:
            self.tell(turn.machine, f"handing over to {turn.to}")
            switch_over(machine, to=turn.to)
            self._wait("waiting for the old primary", lambda seen: seen.is_whole)
        self.tell(turn.machine, "restarting PostgreSQL")
        if turn.in_place:
            restart_in_place(machine)
        else:
            self.restart(machine, PATRONI)

    def _seen(self) -> Cluster | None:
        try:
            return cluster_by_any(self.machines.values())
        except Unreachable:
            return None

    def _wait(self, what: str, until: Callable[[Cluster], bool]) -> Connection:
        """Return the primary."""
        end = self.clock.monotonic() + WAIT_S
        while True:
            seen = self._seen()
            if seen is not None and seen.primary is not None and until(seen):
                primary = self.machines[seen.primary]
                if takes_writes(primary):
                    return primary
            if self.clock.monotonic() > end:
                break
            self.tell("database", what)
            self.clock.sleep(POLL_S)
        name = next(iter(self.machines))
        raise StandfastError(
            f"the databases are not well {WAIT_S:.0f} s after {what} began; Patroni says: "
            f"{said(seen)}",
            remedy=f"standfast logs {name} --unit {PATRONI}",
        )


def takes_writes(machine: Connection) -> bool:
    """By PostgreSQL's own word. What Patroni has in etcd of a machine that was off, its claim and
    that it ran, may be from before."""
    asked = psql("postgres", "--command=SELECT pg_is_in_recovery()")
    done = machine.run(asked, check=False)
    return done.status == 0 and done.text.strip() == "f"


def said(seen: Cluster | None) -> str:
    if seen is None:
        return "nothing"
    return ", ".join(f"{each.name} is {each.role}, {each.state}" for each in seen.members)
