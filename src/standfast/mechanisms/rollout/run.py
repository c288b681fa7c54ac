"""Bring machines to what the plan says, in order: programs, identities, bundles, the service.

Each step looks before it acts, so a rollout that was killed is finished by running it again.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standfast.core.clock import Clock
from standfast.core.errors import Unreachable
from standfast.mechanisms.hosts.bundle import Bundle
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.hosts.programs import RELEASES, install_venv, venv_folder
from standfast.mechanisms.monitor import etcd
from standfast.mechanisms.rollout.artifacts import Artifact, archive, digest, ship
from standfast.mechanisms.rollout.carry import APPLY_TIMEOUT_S, carry
from standfast.mechanisms.rollout.certificates import kinds
from standfast.mechanisms.rollout.databases import Databases
from standfast.mechanisms.rollout.gradual import one_after_the_other
from standfast.mechanisms.rollout.health import Health
from standfast.mechanisms.rollout.machines import failed_units, on_all, wait_for_ssh
from standfast.mechanisms.rollout.voters import Voters
from standfast.mechanisms.web import plan as web
from standfast.mechanisms.web.settings import ServiceSettings
from standfast.mechanisms.web.units import UNIT

Tell = Callable[[str, str], None]
"""`tell(machine, what is being done or waited for)`."""

HEALTH_WAIT_S = 30.0
HEALTH_POLL_S = 0.2
ANSWER_TRIES = 2
RESTARTS_LIMIT = 3
"""A service that systemd had to start anew this often while we waited will not come up."""


def own_programs(source: Path) -> Artifact:
    """Our own source, for machines: `source` is the folder that holds the package."""
    packed = archive(source, inside="src/standfast")
    return Artifact(folder=f"{RELEASES}/{digest(packed)}", archive=packed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """`health`: how a site that serves is asked whether it is well, between two machines."""

    connections: Mapping[str, Connection]
    clock: Clock
    tell: Tell
    health: Health | None = None

    def reach(self) -> None:
        def wait(connection: Connection) -> None:
            self.tell(connection.machine.name, "waiting for SSH")
            wait_for_ssh(connection, self.clock)

        on_all(self.connections.values(), wait)

    def ship_programs(
        self, programs: Artifact, lock: bytes, venv: Callable[[str], Artifact] | None = None
    ) -> None:
        """`venv`: made elsewhere, for a machine of that name that has no way to the internet."""

        def give(connection: Connection) -> None:
            self.tell(connection.machine.name, "installing Standfast's programs")
            ship(programs, connection)
            ready = f"{venv_folder(lock)}/complete"
            if connection.run(("test", "-e", ready), check=False).status != 0:
                if venv is None:
                    install_venv(lock, over(connection))
                else:
                    ship(venv(connection.machine.name), connection)

        on_all(self.connections.values(), give)

    def inspect(self, programs: Artifact) -> dict[str, dict[str, Any]]:
        """Make what keys are missing, and read facts. Private keys stay where they were made."""

        def look(connection: Connection) -> dict[str, Any]:
            self.tell(connection.machine.name, "making keys")
            words = on_machine(programs, "inspect", *kinds(connection.machine))
            answer: dict[str, Any] = json.loads(connection.run(words).stdout)
            return answer

        return on_all(self.connections.values(), look)

    def ship_release(self, folder: str, made: Callable[[], Artifact]) -> None:
        """`made` is only asked if a web machine has no such folder."""
        webs = self.having(Role.WEB)
        has = on_all(webs, lambda each: each.run(("test", "-d", folder), check=False).status == 0)
        missing = [each for each in webs if not has[each.machine.name]]
        if not missing:
            return
        artifact = made()

        def give(connection: Connection) -> None:
            self.tell(connection.machine.name, "receiving the service")
            ship(artifact, connection)

        on_all(missing, give)

    def place(self, bundles: Mapping[str, Bundle], programs: Artifact) -> None:
        """Packages, users and files on machines that are new: whatever must lie there before a unit
        starts can be brought afterwards."""

        def put(connection: Connection) -> None:
            self.tell(connection.machine.name, "putting its files there")
            connection.run(
                on_machine(programs, "place"),
                stdin=bundles[connection.machine.name].to_json(),
                timeout_s=APPLY_TIMEOUT_S,
            )

        on_all(self.connections.values(), put)

    def apply(
        self,
        bundles: Mapping[str, Bundle],
        programs: Artifact,
        *,
        order: tuple[tuple[str, ...], ...] | None,
        service: ServiceSettings,
        settle: Callable[[Mapping[str, dict[str, Any]]], None],
    ) -> dict[str, dict[str, Any]]:
        """Return what changed, by machine. Machines that have a bundle already change one by one
        (`order.waves`), and the site must be well before the next one's turn; then `settle` sets
        the databases up.

        `order` is given where the databases must be settled before others go by what it changes,
        such as a password.
        """

        def make(connection: Connection) -> dict[str, Any]:
            return self.apply_one(connection, bundles[connection.machine.name], programs)

        def all_at_once(wave: tuple[str, ...]) -> dict[str, dict[str, Any]]:
            chosen = sorted((self.connections[name] for name in wave), key=urgency)
            reports = on_all(chosen, make)
            self._voters_in_turn(chosen, reports, programs)
            return reports

        if order is not None:
            return self._settled_on_the_way(order, all_at_once, service, settle)
        reports = one_after_the_other(self.connections, bundles, all_at_once, self.health)
        settle(reports)
        return reports

    def _settled_on_the_way(
        self,
        order: tuple[tuple[str, ...], ...],
        apply: Callable[[tuple[str, ...]], dict[str, dict[str, Any]]],
        service: ServiceSettings,
        settle: Callable[[Mapping[str, dict[str, Any]]], None],
    ) -> dict[str, dict[str, Any]]:
        """The databases are settled once all of them have their bundles. From then on the service,
        where it ran before, answers again before the next wave."""
        databases = {each.machine.name for each in self.having(Role.DATABASE)}
        reports: dict[str, dict[str, Any]] = {}
        settled = False
        for wave in order:
            reports.update(apply(wave))
            if not settled and databases <= reports.keys():
                settle(reports)
                settled = True
            if settled and len(order) > 1:
                on_all(
                    (self.connections[name] for name in wave),
                    lambda connection: self._settled(connection, service),
                )
        return reports

    def _settled(self, connection: Connection, service: ServiceSettings) -> None:
        if not connection.machine.is_a(Role.WEB) or not is_running(connection):
            return
        if not self.is_healthy(connection, service):
            raise failed_units(connection.machine.name, [UNIT], connection)

    def _voters_in_turn(
        self,
        chosen: list[Connection],
        reports: Mapping[str, dict[str, Any]],
        programs: Artifact,
    ) -> None:
        voters = Voters(clock=self.clock, tell=self.tell, restart=restarting(programs))
        voters.take_turns(
            each
            for each in chosen
            if each.machine.is_a(Role.MONITOR)
            and etcd.UNIT in reports[each.machine.name]["waiting"]
        )

    def apply_one(
        self,
        connection: Connection,
        bundle: Bundle,
        programs: Artifact,
        *,
        turn: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        """`turn`: units that waited for this machine's turn, which it is."""
        name = connection.machine.name
        self.tell(name, "applying its bundle")
        report = carry(connection, bundle, on_machine(programs), self.clock, turn=turn)
        if report["failed"]:
            raise failed_units(name, report["failed"], connection)
        self.tell(name, "is as planned")
        return report

    def settle_databases(
        self,
        bundles: Mapping[str, Bundle],
        reports: Mapping[str, dict[str, Any]],
        programs: Artifact,
        *,
        database: str,
    ) -> None:
        """A primary and its copy, on voters that agree. What must be restarted takes turns."""
        Databases(
            machines={each.machine.name: each for each in self.having(Role.DATABASE)},
            clock=self.clock,
            tell=self.tell,
            restart=restarting(programs),
            database=database,
        ).settle(bundles, reports)

    def serves(self, connection: Connection, service: ServiceSettings) -> bool:
        """At once, or within a few tries: a check that was merely slow is no machine down."""
        return any(answers(connection, service) for _ in range(ANSWER_TRIES))

    def is_healthy(self, connection: Connection, service: ServiceSettings) -> bool:
        end = self.clock.monotonic() + HEALTH_WAIT_S
        enough = restarts(connection) + RESTARTS_LIMIT
        while self.clock.monotonic() < end and restarts(connection) < enough:
            if answers(connection, service):
                return True
            self.clock.sleep(HEALTH_POLL_S)
        return False

    def having(self, role: Role) -> tuple[Connection, ...]:
        return tuple(each for each in self.connections.values() if each.machine.is_a(role))


def restarting(programs: Artifact) -> Callable[[Connection, str], None]:
    def restart(connection: Connection, unit: str) -> None:
        done = connection.run(on_machine(programs, "restart", unit), timeout_s=APPLY_TIMEOUT_S)
        if json.loads(done.stdout)["failed"]:
            raise failed_units(connection.machine.name, [unit], connection)

    return restart


def urgency(connection: Connection) -> int:
    """Who is waited for comes first: Patroni waits for a quorum, and all others for Patroni."""
    order = (Role.MONITOR, Role.DATABASE, Role.WEB)
    machine = connection.machine
    return next((index for index, role in enumerate(order) if machine.is_a(role)), len(order))


def answers(connection: Connection, service: ServiceSettings) -> bool:
    """Whether the service on that machine says that it is well, asked on the machine itself."""
    url = f"http://{web.LISTEN}:{web.PORT}{service.health}"
    asked = ("curl", "--silent", "--fail", "--max-time", "5", "--output", "/dev/null", url)
    try:
        return connection.run(asked, check=False).status == 0
    except Unreachable:
        return False


def is_running(connection: Connection, unit: str = UNIT) -> bool:
    asked = ("systemctl", "is-active", "--quiet", unit)
    return connection.run(asked, check=False).status == 0


def restarts(connection: Connection) -> int:
    """How often systemd has started the service anew by itself (systemd.service(5), Restart=)."""
    shown = connection.run(("systemctl", "show", "--property=NRestarts", "--value", UNIT))
    return int(shown.text.strip() or 0)


def on_machine(programs: Artifact, *words: str) -> tuple[str, ...]:
    return module_of(programs, "standfast.mechanisms.rollout.on_machine", *words)


def module_of(programs: Artifact, module: str, *words: str) -> tuple[str, ...]:
    """What runs one of our modules on a machine, by its own Python and nothing else."""
    return (
        *("env", f"PYTHONPATH={programs.folder}/src", "PYTHONDONTWRITEBYTECODE=1"),
        *("/usr/bin/python3", "-m", module, *words),
    )


def over(connection: Connection) -> Callable[..., None]:
    """Run on the machine what `install_venv` wants; `{stdin}` is the standard input's file."""

    def run(argv: tuple[str, ...], stdin: bytes) -> None:
        words = tuple(word.replace("{stdin}", "/dev/stdin") for word in argv)
        connection.run(words, stdin=stdin, timeout_s=APPLY_TIMEOUT_S)

    return run
