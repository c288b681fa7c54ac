"""Put a release to use, one web machine after the other, and stop at the first that is not well.

*Invariant.* Each web machine is always made of one whole bundle: that of the release it has, or
that of the wanted one. Its edges have left it before its service stops, and are back before the
next one's turn. Killed anywhere, the next run finds which release each machine has and goes on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from standfast.core.errors import StandfastError
from standfast.core.units import stamp
from standfast.mechanisms.hosts.bundle import Bundle
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.rollout import history as pages
from standfast.mechanisms.rollout.artifacts import Artifact
from standfast.mechanisms.rollout.carry import together
from standfast.mechanisms.rollout.history import History
from standfast.mechanisms.rollout.machines import failed_units, on_all
from standfast.mechanisms.rollout.on_web import Found, admitted, prune, write_page
from standfast.mechanisms.rollout.plan import Blueprint, bundle
from standfast.mechanisms.rollout.run import Rollout
from standfast.mechanisms.rollout.service_command import service_command
from standfast.mechanisms.rollout.turns import Web, turns
from standfast.mechanisms.web.listener import UNIT as LISTENER
from standfast.mechanisms.web.release import Release
from standfast.mechanisms.web.units import PROXY, UNIT, units

MIGRATE_TIMEOUT_S = 600.0

Reports = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploy:
    """`found`: web machine to what was found there, before anything was changed. The blueprint's
    release is the wanted one, and lies on the machines already."""

    rollout: Rollout
    programs: Artifact
    blueprint: Blueprint
    history: History
    found: Mapping[str, Found]
    now: datetime

    def carry_out(self, reports: Reports) -> Reports:
        """Once all machines have `bundles`, and a database. `reports`: what these changed, by
        machine; returned with what changed since."""
        reports = dict(reports)
        history = self._migrated()
        for group in turns(self._webs(reports), self.blueprint.release):
            for name, report in self._turn(group).items():
                reports[name] = joined(reports[name], report)
        history = pages.went_live(history, self.blueprint.release, since=stamp(self.now))
        self._write(history)
        on_all(self._connections, lambda each: prune(each, history))
        return reports

    def bundles(self) -> dict[str, Bundle]:
        """All machines as they shall be, but for the release: each keeps the one it has."""
        return {
            machine.name: self._bundle(machine.name, self._release_of(machine.name))
            for machine in self.blueprint.machines
        }

    def _bundle(self, name: str, release: Release) -> Bundle:
        machine = next(each for each in self.blueprint.machines if each.name == name)
        return bundle(machine, replace(self.blueprint, release=release))

    def _release_of(self, name: str) -> Release:
        found = self.found.get(name)
        return (found.release if found else None) or self.blueprint.release

    def _webs(self, reports: Reports) -> tuple[Web, ...]:
        """As they are once everything but the release is in place."""

        def look(connection: Connection) -> Web:
            name = connection.machine.name
            return Web(
                name=name,
                release=self._release_of(name),
                serves=self.rollout.serves(connection, self.blueprint.service),
                waits=not set(takes_turns(self._release_of(name))).isdisjoint(
                    reports[name]["waiting"]
                ),
            )

        return tuple(on_all(self._connections, look).values())

    def _migrated(self) -> History:
        """Once for each release, before any machine has it. Going back migrates nothing: an older
        release has to live with the newer schema, as it does while machines change."""
        release = self.blueprint.release
        served = {each.release.digest for each in self.history.live}
        if release.digest == self.history.migrated or release.digest in served:
            return self.history
        first = self._connections[0]
        for argv in release.commands.migrate:
            self.rollout.tell(first.machine.name, "migrating the database")
            service_command(first, release, argv, timeout_s=MIGRATE_TIMEOUT_S)
        history = pages.migrated(self.history, release)
        self._write(history)
        return history

    def _turn(self, group: tuple[str, ...]) -> Reports:
        return on_all((self.rollout.connections[name] for name in group), self._change)

    def _change(self, connection: Connection) -> dict[str, Any]:
        before, wanted = self._release_of(connection.machine.name), self.blueprint.release
        try:
            return self._put(connection, wanted)
        except StandfastError as error:
            if before == wanted:
                raise
            raise self._gone_back(connection, before, error) from error

    def _put(self, connection: Connection, release: Release) -> dict[str, Any]:
        """Give a machine that release and see it serve; its edges are back when this returns."""
        name, tell = connection.machine.name, self.rollout.tell
        tell(name, "its turn: edges leave it, its service starts anew")
        made = self._bundle(name, release)
        turn = takes_turns(release)
        report = self.rollout.apply_one(connection, made, self.programs, turn=turn)
        if not self.rollout.is_healthy(connection, self.blueprint.service):
            raise failed_units(name, [UNIT], connection)
        tell(name, "waiting for the edges to come back")
        if not admitted(connection, self.programs):
            raise StandfastError(
                f"{name} serves, and its edges do not come back to it",
                remedy="Does `health` answer within two seconds? See: standfast status",
            )
        tell(name, "serves")
        return report

    def _gone_back(
        self, connection: Connection, before: Release, error: StandfastError
    ) -> StandfastError:
        name = connection.machine.name
        self.rollout.tell(name, "is not well: going back to the release before")
        try:
            self._put(connection, before)
        except StandfastError as worse:
            return StandfastError(
                f"{error.problem}\n{name} could not go back to {before.digest} either: "
                f"{worse.problem}",
                remedy=f"The other machines were not touched. {worse.remedy}",
            )
        return StandfastError(
            f"{error.problem}\n{name} is back on release {before.digest} and serves; "
            "machines after it were not touched",
            remedy=error.remedy,
        )

    def _write(self, history: History) -> None:
        if any(found.history != history for found in self.found.values()):
            on_all(self._connections, lambda each: write_page(each, history))

    @property
    def _connections(self) -> tuple[Connection, ...]:
        return self.rollout.having(Role.WEB)


def takes_turns(release: Release) -> tuple[str, ...]:
    """What changes on a web machine in its turn. Other roles of that machine have their own."""
    return (PROXY, LISTENER, *(unit.name for unit in units(release)))


def joined(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """What a machine's two bundles changed; what waited had its turn, or still does."""
    return {**together(first, second), "waiting": second["waiting"]}
