"""Bring machines to what the plan says, in order: programs, identities, bundles, the service.

Each step looks before it acts, so a rollout that was killed is finished by running it again.
"""

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standfast.core.clock import Clock
from standfast.core.errors import CommandFailed, StandfastError, Unreachable
from standfast.core.files import write_atomically
from standfast.mechanisms.hosts.bundle import Bundle
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.hosts.programs import RELEASES, install_venv, venv_folder
from standfast.mechanisms.monitor import etcd
from standfast.mechanisms.rollout.artifacts import Artifact, archive, digest, ship
from standfast.mechanisms.rollout.certificates import kinds
from standfast.mechanisms.rollout.databases import Databases
from standfast.mechanisms.rollout.gradual import one_after_the_other
from standfast.mechanisms.rollout.health import Health
from standfast.mechanisms.rollout.machines import failed_units, on_all, wait_for_ssh
from standfast.mechanisms.rollout.voters import Voters
from standfast.mechanisms.web import plan as web
from standfast.mechanisms.web.settings import Argv, ServiceSettings

Tell = Callable[[str, str], None]
"""`tell(machine, what is being done or waited for)`."""

APPLY_TIMEOUT_S = 1200.0
MIGRATE_TIMEOUT_S = 600.0
HEALTH_WAIT_S = 30.0
HEALTH_POLL_S = 0.2
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

    def ship_release(self, release: Artifact) -> None:
        def give(connection: Connection) -> None:
            self.tell(connection.machine.name, "receiving the service")
            ship(release, connection)

        on_all(self._having(Role.WEB), give)

    def apply(self, bundles: Mapping[str, Bundle], programs: Artifact) -> dict[str, dict[str, Any]]:
        """Return what changed, by machine. Machines that have a bundle already change one by one
        (`order.waves`), and the site must be well before the next one's turn."""

        def make(connection: Connection) -> dict[str, Any]:
            name = connection.machine.name
            self.tell(name, "applying its bundle")
            done = connection.run(
                on_machine(programs, "apply"),
                stdin=bundles[name].to_json(),
                timeout_s=APPLY_TIMEOUT_S,
            )
            report: dict[str, Any] = json.loads(done.stdout)
            if report["failed"]:
                raise failed_units(name, report["failed"], connection)
            self.tell(name, "is as planned")
            return report

        def all_at_once(wave: tuple[str, ...]) -> dict[str, dict[str, Any]]:
            return on_all(sorted((self.connections[name] for name in wave), key=urgency), make)

        return one_after_the_other(self.connections, bundles, all_at_once, self.health)

    def settle_databases(
        self,
        bundles: Mapping[str, Bundle],
        reports: Mapping[str, dict[str, Any]],
        programs: Artifact,
        *,
        database: str,
    ) -> None:
        """A primary and its copy, on voters that agree. What must be restarted takes turns."""

        def restart(connection: Connection, unit: str) -> None:
            done = connection.run(on_machine(programs, "restart", unit), timeout_s=APPLY_TIMEOUT_S)
            if json.loads(done.stdout)["failed"]:
                raise failed_units(connection.machine.name, [unit], connection)

        voters = Voters(clock=self.clock, tell=self.tell, restart=restart)
        voters.take_turns(
            each
            for each in self._having(Role.MONITOR)
            if etcd.UNIT in reports[each.machine.name]["waiting"]
        )
        Databases(
            machines={each.machine.name: each for each in self._having(Role.DATABASE)},
            clock=self.clock,
            tell=self.tell,
            restart=restart,
            database=database,
        ).settle(bundles, reports)

    def migrate(self, service: ServiceSettings, release: web.Release, marker: Path) -> None:
        """Once for a release, on one web machine."""
        if marker.is_file() and marker.read_text() == release.digest:
            return
        first = self._having(Role.WEB)[0]
        for argv in service.migrate:
            self.tell(first.machine.name, "migrating the database")
            service_command(first, release, argv, timeout_s=MIGRATE_TIMEOUT_S)
        write_atomically(marker, release.digest.encode())

    def start_service(self, service: ServiceSettings) -> None:
        def begin(connection: Connection) -> None:
            name = connection.machine.name
            self.tell(name, "starting the service")
            done = connection.run(("systemctl", "start", web.UNIT), check=False)
            if done.status != 0 or not self._is_healthy(connection, service):
                raise failed_units(name, [web.UNIT], connection)
            self.tell(name, "serves")

        on_all(self._having(Role.WEB), begin)

    def _is_healthy(self, connection: Connection, service: ServiceSettings) -> bool:
        end = self.clock.monotonic() + HEALTH_WAIT_S
        enough = restarts(connection) + RESTARTS_LIMIT
        while self.clock.monotonic() < end and restarts(connection) < enough:
            if answers(connection, service):
                return True
            self.clock.sleep(HEALTH_POLL_S)
        return False

    def _having(self, role: Role) -> tuple[Connection, ...]:
        return tuple(each for each in self.connections.values() if each.machine.is_a(role))


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


def restarts(connection: Connection) -> int:
    """How often systemd has started the service anew by itself (systemd.service(5), Restart=)."""
    shown = connection.run(("systemctl", "show", "--property=NRestarts", "--value", web.UNIT))
    return int(shown.text.strip() or 0)


def service_command(
    connection: Connection,
    release: web.Release,
    argv: Argv,
    *,
    variables: Mapping[str, str] | None = None,
    timeout_s: float = 60,
) -> None:
    """Run a command of the service as the service: its user, folder and environment.

    `variables` travel on stdin, so a secret among them is in no process list.
    """
    given = "".join(f"{name}={web.quoted(value)}\n" for name, value in (variables or {}).items())
    unit = (
        *("systemd-run", "--quiet", "--wait", "--pipe", "--collect"),
        *("-p", f"User={web.USER}", "-p", f"Group={web.USER}"),
        *("-p", f"WorkingDirectory={release.folder}", "-p", f"EnvironmentFile={web.ENVIRONMENT}"),
        *("-p", "EnvironmentFile=-/run/standfast-command.env"),
        *("-p", f"Environment=PATH={release.folder}/.venv/bin:/usr/bin:/bin"),
        *(
            f"{release.folder}/{word}" if index == 0 and "/" in word and word[0] != "/" else word
            for index, word in enumerate(argv)
        ),
    )
    script = (
        "umask 077; cat > /run/standfast-command.env; "
        f"{shlex.join(unit)} < /dev/null; status=$?; rm -f /run/standfast-command.env; exit $status"
    )
    try:
        connection.run(("sh", "-c", script), stdin=given.encode(), timeout_s=timeout_s)
    except CommandFailed as error:
        raise StandfastError(
            f"`{' '.join(argv)}` failed on {connection.machine.name}: "
            f"{error.problem.split(': ', 2)[-1]}",
            remedy="Does it run in the service's own folder, with DATABASE_URL set?",
        ) from error


def on_machine(programs: Artifact, *words: str) -> tuple[str, ...]:
    return (
        *("env", f"PYTHONPATH={programs.folder}/src", "PYTHONDONTWRITEBYTECODE=1"),
        *("/usr/bin/python3", "-m", "standfast.mechanisms.rollout.on_machine", *words),
    )


def over(connection: Connection) -> Callable[..., None]:
    """Run on the machine what `install_venv` wants; `{stdin}` is the standard input's file."""

    def run(argv: tuple[str, ...], stdin: bytes) -> None:
        words = tuple(word.replace("{stdin}", "/dev/stdin") for word in argv)
        connection.run(words, stdin=stdin, timeout_s=APPLY_TIMEOUT_S)

    return run
