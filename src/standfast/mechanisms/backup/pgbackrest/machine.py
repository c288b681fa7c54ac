"""The engine on a backup machine. Standard library only."""

from dataclasses import dataclass
from pathlib import Path

from standfast.core.command import Runner
from standfast.mechanisms.backup.engine import Copy, Kind
from standfast.mechanisms.backup.pgbackrest import commands, info, repository
from standfast.mechanisms.backup.places import REPOSITORY


@dataclass(frozen=True, slots=True, kw_only=True)
class PgBackRest:
    runner: Runner
    repository: Path = Path(REPOSITORY)

    def prepare(self) -> None:
        """Only once: it needs a lock that WAL on its way holds, too, for seconds on end while
        another repository is away."""
        if not repository.is_ready(self.repository):
            self.runner.run(commands.prepare())

    def take(self, kind: Kind) -> None:
        self.runner.run(commands.take(kind))

    def copies(self) -> tuple[Copy, ...]:
        return info.copies(self.runner.run(commands.info()).text)

    def restore(self, into: Path, tablespaces: Path) -> None:
        self.runner.run(commands.restore(into, tablespaces))
