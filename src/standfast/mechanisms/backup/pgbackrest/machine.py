"""The engine on a backup machine. Standard library only."""

from dataclasses import dataclass
from pathlib import Path

from standfast.core.command import Runner
from standfast.mechanisms.backup.engine import Copy, Kind
from standfast.mechanisms.backup.pgbackrest import commands, info


@dataclass(frozen=True, slots=True, kw_only=True)
class PgBackRest:
    runner: Runner

    def prepare(self) -> None:
        self.runner.run(commands.prepare())

    def take(self, kind: Kind) -> None:
        self.runner.run(commands.take(kind))

    def copies(self) -> tuple[Copy, ...]:
        return info.copies(self.runner.run(commands.info()).text)

    def restore(self, into: Path, tablespaces: Path) -> None:
        self.runner.run(commands.restore(into, tablespaces))
