"""What every command needs: the site of the operator's file, and ways to its machines."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from standfast import config
from standfast.cli.session import Session
from standfast.config import PROJECT, Site
from standfast.core.clock import Clock, SystemClock
from standfast.core.command import Runner, SystemRunner
from standfast.core.errors import ConfigError, StandfastError
from standfast.evidence.pins import Pins
from standfast.mechanisms.hosts.agent.client import Agents
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.local import document
from standfast.mechanisms.hosts.local.here import Here
from standfast.mechanisms.hosts.local.image import Image
from standfast.mechanisms.hosts.local.refusal import must_be_root
from standfast.mechanisms.hosts.machine import Machine, resting
from standfast.mechanisms.hosts.tls import Identity
from standfast.mechanisms.hosts.volumes.names import HOME as VOLUME
from standfast.mechanisms.keys.unsealed import Unsealed
from standfast.mechanisms.rollout.plan import data_of

VERSION = "0.1.0"
GIB = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """`file` is what --file named. `rehearsed`: the site comes back in a drill, beside the one that
    lives, so it must not add to the log, whose key it has."""

    site: Site
    runner: Runner
    clock: Clock
    session: Session | None = None
    older_secrets: bool = False
    file: Path | None = None
    rehearsed: bool = False

    @property
    def settings(self) -> str:
        """The operator's file as it stands; empty for a site without one."""
        chosen = self.file or Path(document.FILE)
        return chosen.read_bytes().decode() if chosen.is_file() else ""

    @property
    def keys(self) -> Session:
        """The site's secrets, unsealed when they are first asked for."""
        assert self.session is not None, "an App without secrets can only plan"
        return self.session

    @property
    def lock_file(self) -> Path:
        return self.site.folders.run / f"{self.site.name}.lock"

    @property
    def lock(self) -> bytes:
        return (PROJECT / "requirements" / "standfast.lock").read_bytes()

    @property
    def here(self) -> Here:
        mirrored = self.site.mirrored
        return Here(
            machines=self.site.machines,
            data={
                machine.name: (*data_of(machine), *([VOLUME] if machine in mirrored else []))
                for machine in self.site.machines
            },
            folders=self.site.folders,
            names=self.site.local_names,
            image=Image(suite=self.site.suite, lock=self.lock, cache=self.site.folders.cache),
            suites=self.site.suites,
            mirrored=frozenset(machine.name for machine in mirrored),
            disk_bytes=self.site.volumes.size_gb * GIB,
            runner=self.runner,
            clock=self.clock,
        )

    @property
    def connections(self) -> Mapping[str, Connection]:
        return {machine.name: self.connection(machine.name) for machine in self.site.machines}

    def connection(self, name: str) -> Connection:
        machine = next((each for each in self.site.machines if each.name == name), None)
        if machine is None:
            known = ", ".join(each.name for each in self.site.machines)
            raise ConfigError(f"no machine is called {name}", remedy=f"The site has: {known}.")
        if self.site.made_here:
            self.keys.files()
        return self.way(machine)

    def way(self, machine: Machine) -> Connection:
        """Not yet looked whether it can be opened: enough to close it."""
        sockets = self.site.folders.sockets
        sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Connection(machine=machine, runner=self.runner, sockets=sockets)

    @property
    def agents(self) -> Agents:
        self.keys.files()
        secrets = self.site.folders.secrets
        return Agents(
            connections=self.connections,
            identity=Identity(
                cert=secrets / "operator.pem", key=secrets / "operator.key", ca=secrets / "ca.pem"
            ),
        )

    def must_exist(self) -> None:
        known_hosts = self.site.folders.home / "known_hosts"
        sealed = self.site.sealed.sealed
        if not (known_hosts if self.site.made_here else sealed).exists():
            raise StandfastError(
                f"the site {self.site.name} is not up", remedy="Run `standfast up` first."
            )


def state_folder() -> Path:
    """Root's sites are the computer's; a reader of logs who is not root keeps what is his."""
    if os.geteuid() == 0:
        return resting(os.environ)["state"]
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "standfast"


def own_pins() -> Pins:
    """Whose logs the reader at this computer trusts."""
    return Pins(folder=state_folder() / "logs")


def open_app(file: Path | None) -> App:
    must_be_root(os.geteuid())
    site = config.load(file, **resting(os.environ))
    runner = SystemRunner()
    context = click.get_current_context(silent=True)
    session = Session(
        place=site.sealed,
        home=site.folders.home,
        unsealed=Unsealed(site.folders.secrets),
        runner=runner,
        identity=context.find_root().params.get("identity") if context else None,
    )
    if context:
        context.call_on_close(session.leave)
    return App(site=site, runner=runner, clock=SystemClock(), session=session, file=file)
