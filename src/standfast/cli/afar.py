"""What a drill needs where machines are listed: their power."""

from contextlib import suppress
from dataclasses import dataclass

from standfast.cli.app import App
from standfast.core.command import Command
from standfast.core.errors import ConfigError, Unreachable
from standfast.mechanisms.hosts.machine import Machine

RESTART = ("sh", "-c", "echo b > /proc/sysrq-trigger")
"""The kernel restarts at once, without a word to any program (kernel.org, sysrq, `b`)."""

GONE_WITHIN_S = 3.0
"""The connection does not end with the machine; nobody waits for more."""

PROGRAM_TIMEOUT_S = 60.0


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
