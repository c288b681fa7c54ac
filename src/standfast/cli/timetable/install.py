"""Put the timer on this computer, take it away, and see whether it is there."""

from dataclasses import dataclass
from pathlib import Path

from standfast.cli.timetable.units import Timetable, units
from standfast.core.command import Command, Runner
from standfast.core.errors import Refused
from standfast.core.files import write_atomically

UNITS = Path("/etc/systemd/system")
RUNNING = Path("/run/systemd/system")
"""There while systemd is process 1 (sd_booted(3))."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Systemd:
    runner: Runner
    folder: Path = UNITS
    running: Path = RUNNING

    def install(self, wanted: Timetable) -> None:
        """Repeating it changes nothing. Raises `Refused` where systemd does not run."""
        self._must_run()
        for name, content in units(wanted).items():
            write_atomically(self.folder / name, content)
        self._ask("daemon-reload")
        self._ask("enable", "--now", f"{wanted.name}.timer")
        self._ask("restart", f"{wanted.name}.timer")

    def remove(self, name: str) -> bool:
        """Whether there was one. What it is doing just now ends in good order."""
        files = [self.folder / f"{name}.{kind}" for kind in ("timer", "service")]
        present = [each for each in files if each.exists()]
        if not present:
            return False
        if self.running.is_dir():
            self._ask("disable", "--now", *(each.name for each in present))
        for each in present:
            each.unlink()
        if self.running.is_dir():
            self._ask("daemon-reload")
        return True

    def installed(self, name: str) -> bool:
        return (self.folder / f"{name}.timer").exists()

    def _must_run(self) -> None:
        if not self.running.is_dir():
            raise Refused(
                "systemd is not process 1 of this computer, so it has no timers",
                remedy="Let whatever starts programs here start `standfast prove --watch`.",
            )

    def _ask(self, *words: str) -> None:
        self.runner.run(Command(argv=("systemctl", *words)))
