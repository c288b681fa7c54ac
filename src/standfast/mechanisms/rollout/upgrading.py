"""Give one machine its newer packages, and a restart: over SSH where it is listed; with its power
off where it was made here, because machines made here have no way to a package archive.
"""

import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from standfast.core.clock import Clock
from standfast.core.errors import StandfastError, Unreachable
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.local.builder import Builder
from standfast.mechanisms.hosts.local.here import Here
from standfast.mechanisms.rollout import packages
from standfast.mechanisms.rollout.packages import CLEAN, FINISH, REFRESH, SIMULATE, Package

LISTS = "var/lib/apt/lists"

PACKAGES_TIMEOUT_S = 1800.0
"""A point release on a slow disk. dpkg must not be cut short, so this errs on the long side."""

RESTART_LIMIT_S = 600.0
"""Firmware of a large server counts its memory for minutes before anything else happens."""

RESTART_POLL_S = 1.0


class Upgrading(Protocol):
    def look_ahead(self) -> None:
        """What is done once, before any machine is asked."""

    def pending(self, machine: str) -> tuple[Package, ...]:
        """What is newer, by archives that are looked at now. Changes nothing that runs."""

    def upgrade(self, machine: str, wanted: tuple[Package, ...]) -> bool:
        """Return whether the machine was started anew for it."""

    def restart(self, machine: str) -> None:
        """Return when it was started anew, as soon as its SSH answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverSsh:
    connections: Mapping[str, Connection]
    clock: Clock
    everything: bool = False

    def look_ahead(self) -> None:
        """Each machine looks at its archives itself."""

    def pending(self, machine: str) -> tuple[Package, ...]:
        connection = self.connections[machine]
        connection.run(REFRESH, timeout_s=PACKAGES_TIMEOUT_S)
        return packages.parse(connection.run(SIMULATE).text, everything=self.everything)

    def upgrade(self, machine: str, wanted: tuple[Package, ...]) -> bool:
        for words in (FINISH, packages.upgrade(wanted)):
            self.connections[machine].run(words, timeout_s=PACKAGES_TIMEOUT_S)
        return False

    def restart(self, machine: str) -> None:
        connection = self.connections[machine]
        before = start_of(connection)
        with suppress(Unreachable):  # it may be gone before it has answered
            connection.run(("systemctl", "--no-block", "reboot"))
        connection.close()
        end = self.clock.monotonic() + RESTART_LIMIT_S
        while not self._started_anew(connection, before):
            if self.clock.monotonic() > end:
                raise Unreachable(
                    f"{machine} did not come back {RESTART_LIMIT_S:.0f} s after its restart",
                    remedy="Look at its console; the machines after it were not touched.",
                )
            self.clock.sleep(RESTART_POLL_S)

    def _started_anew(self, connection: Connection, before: str) -> bool:
        try:
            return start_of(connection) != before
        except StandfastError:
            return False


def start_of(connection: Connection) -> str:
    """What is another after every start: the kernel's identifier of this one (random(4), boot_id),
    and when process 1 began, for machines that share a kernel."""
    told = connection.run(("cat", "/proc/sys/kernel/random/boot_id", "/proc/1/stat")).text
    return parse_start(told)


def parse_start(told: str) -> str:
    """proc(5): field 22 of stat, counted after the name, which may hold anything."""
    boot, _, stat = told.partition("\n")
    began = stat.rpartition(")")[2].split()[19]
    return f"{boot} {began}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoweredOff:
    here: Here
    everything: bool = False

    def look_ahead(self) -> None:
        """The archives' lists, once for each image: tens of megabytes that are the same for all."""
        for image in {self.here.container(each.name).image for each in self.here.machines}:
            with self._above(str(image), "lists") as look:
                look.run(REFRESH)
                shutil.rmtree(self._lists(image), ignore_errors=True)
                shutil.copytree(look.root / LISTS, self._lists(image) / LISTS)

    def pending(self, machine: str) -> tuple[Package, ...]:
        """Looked at in a layer above the machine's disk that is thrown away."""
        container = self.here.container(machine)
        disk = f"{container.disk / 'upper'}:{self._lists(container.image)}:{container.image}"
        with self._above(disk, machine) as look:
            return packages.parse(look.run(SIMULATE).text, everything=self.everything)

    def _above(self, layers: str, name: str) -> Builder:
        scratch = self.here.folders.cache / f"update-{self.here.folders.site}-{name}"
        return Builder(base=Path(layers), runner=self.here.runner, scratch=scratch)

    def _lists(self, image: Path) -> Path:
        return self.here.folders.cache / f"lists-{image.parent.name}"

    def upgrade(self, machine: str, wanted: tuple[Package, ...]) -> bool:
        container = self.here.container(machine)
        container.ask_to_power_off()
        container.power_off()
        container.mount()
        try:
            with Builder(base=container.root, runner=self.here.runner, in_place=True) as disk:
                for words in (FINISH, REFRESH, packages.upgrade(wanted), CLEAN):
                    disk.run(words)
        finally:
            container.power_on()
        return True

    def restart(self, machine: str) -> None:
        container = self.here.container(machine)
        container.ask_to_power_off()
        container.power_off()
        container.power_on()
