"""What a drill needs where machines are listed: their power, and a place such as customers have."""

import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from standfast.cli.app import App
from standfast.config import PROJECT
from standfast.core.command import Command, start
from standfast.core.errors import ConfigError, Unreachable
from standfast.mechanisms.hosts.machine import Machine
from standfast.proofs.drills.ground import LOAD

RESTART = ("sh", "-c", "echo b > /proc/sysrq-trigger")
"""The kernel restarts at once, without a word to any program (kernel.org, sysrq, `b`)."""

GONE_WITHIN_S = 3.0
"""The connection does not end with the machine; nobody waits for more."""

PROGRAM_TIMEOUT_S = 60.0

LOOK_LIMIT_S = 120.0
"""For all doors of the front: some seconds each where nobody answers, some side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerThere:
    """By the operator's own programs where `power` names them, else by a restart of the kernel,
    which gives the power back by itself."""

    app: App

    def cut(self, machine: str) -> None:
        target = self._machine(machine)
        connection = self.app.connection(machine)
        if target.power is None:
            with suppress(Unreachable):
                connection.run(RESTART, timeout_s=GONE_WITHIN_S)
        else:
            self._run(target.power.cut)
        connection.close()

    def restore(self, machine: str) -> None:
        power = self._machine(machine).power
        if power is not None:
            self._run(power.restore)

    def _run(self, argv: tuple[str, ...]) -> None:
        self.app.runner.run(Command(argv=argv, timeout_s=PROGRAM_TIMEOUT_S))

    def _machine(self, name: str) -> Machine:
        found = next((each for each in self.app.site.machines if each.name == name), None)
        if found is None:
            raise ConfigError(f"no machine is called {name}")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class VantageThere:
    """This computer itself, by the public address: where customers come from, and where no machine
    of the site stands."""

    app: App

    def look(self, program: str, asked: bytes) -> bytes:
        return looking(self.app, (), program, asked)

    def start(self, plan: bytes, module: str = LOAD) -> IO[bytes]:
        process = start(
            Command(
                argv=(sys.executable, "-m", module),
                environment={"PYTHONPATH": str(PROJECT / "src")},
            ),
            stderr=None,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(plan)
        process.stdin.close()
        return process.stdout


def looking(app: App, inside: tuple[str, ...], program: str, asked: bytes) -> bytes:
    """A program of the drills on this computer, `inside` what stands before its words."""
    return app.runner.run(
        Command(
            argv=(*inside, sys.executable, "-m", f"standfast.proofs.drills.{program}"),
            environment={"PYTHONPATH": str(PROJECT / "src")},
            stdin=asked,
            timeout_s=LOOK_LIMIT_S,
        )
    ).stdout
