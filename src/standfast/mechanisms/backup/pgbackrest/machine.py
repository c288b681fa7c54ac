"""The engine on a backup machine. Standard library only."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from standfast.core.command import Runner
from standfast.core.errors import CannotVerify
from standfast.mechanisms.backup import wal
from standfast.mechanisms.backup.engine import Copy, Kind, Target
from standfast.mechanisms.backup.pgbackrest import commands, info, repository
from standfast.mechanisms.backup.pgbackrest.names import DATABASE_CONF
from standfast.mechanisms.backup.places import IN_MEMORY, RECEIVED, REPOSITORY

BEGUN = ("backup.manifest", "PG_VERSION")
"""One of these is in a folder before the first file of a copy is: by them the engine knows what it
may go on with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PgBackRest:
    """`beside`: where a restore finds WAL that the repository does not have (`../receiver/`)."""

    runner: Runner
    repository: Path = Path(REPOSITORY)
    beside: Path | None = Path(RECEIVED)

    def prepare(self) -> None:
        """Only once: it needs a lock that WAL on its way holds, too, for seconds on end while
        another repository is away."""
        if not repository.is_ready(self.repository):
            self.runner.run(commands.prepare())

    def take(self, kind: Kind) -> None:
        self.runner.run(commands.take(kind))

    def copies(self) -> tuple[Copy, ...]:
        return info.copies(self.runner.run(commands.info()).text)

    def identifier(self) -> str:
        return info.identifier(self.runner.run(commands.info()).text)

    def segments(self) -> tuple[str, ...]:
        return repository.segments(self.repository)

    def history(self, timeline: int) -> str:
        path = repository.history_of(self.repository, timeline)
        if path is None:
            raise CannotVerify(f"the history of timeline {timeline} is not in the repository")
        return self._fetched(path).decode()

    def segment(self, name: str) -> bytes:
        path = repository.file_of(self.repository, name)
        if path is None:
            raise CannotVerify(f"WAL {name} is not in the repository")
        with TemporaryDirectory(dir=IN_MEMORY) as folder:
            compressed = Path(folder) / path.name
            compressed.write_bytes(self._fetched(path))
            return self.runner.run(commands.decompress(compressed)).stdout

    def keeps(self, name: str) -> bool:
        """A whole segment, or a history."""
        if wal.is_segment(name):
            return repository.file_of(self.repository, name) is not None
        return repository.history_of(self.repository, wal.timeline(name)) is not None

    def newest_segment(self) -> str | None:
        return repository.newest_segment(self.repository)

    def add(self, file: Path) -> None:
        """As the primary would have sent it. What is there already and is the same may be added
        again; another one of the same name is refused."""
        self.runner.run(commands.add(file))

    def _fetched(self, path: Path) -> bytes:
        return self.runner.run(commands.fetch(str(path.relative_to(self.repository)))).stdout

    def restore(self, into: Path, tablespaces: Path, target: Target | None = None) -> None:
        further = made_ready(into, tablespaces, target) if target else ()
        asked = commands.restore_command(into, *further, beside=there(self.beside))
        self.runner.run(commands.restore(into, tablespaces, asked, *further))


@dataclass(frozen=True, slots=True, kw_only=True)
class Afar:
    """The engine on a database machine, with the repository of that number, which lies on another.
    That one says the key to the engine for as long as it restores. `beside` as above."""

    runner: Runner
    number: int
    beside: Path | None = None

    def restore(self, into: Path, tablespaces: Path, target: Target | None = None) -> None:
        assert target is not None, "on a database machine it is said what is brought back"
        further = (f"--repo={self.number}", *made_ready(into, tablespaces, target))
        beside = there(self.beside)
        asked = commands.restore_command(into, *further, beside=beside, conf=DATABASE_CONF)
        told = commands.restore(into, tablespaces, asked, *further, conf=DATABASE_CONF)
        self.runner.run(told)


def there(folder: Path | None) -> Path | None:
    """Not every backup machine receives."""
    return folder if folder and folder.is_dir() else None


def made_ready(into: Path, tablespaces: Path, target: Target) -> tuple[str, ...]:
    """Further words of the restore. What the engine could not go on with is not left there."""
    again = any((into / each).exists() for each in BEGUN)
    if not again:
        empty(into)
        empty(tablespaces)
    locks = into.with_name("locks")
    locks.mkdir(exist_ok=True)
    return commands.aimed(target, locks=locks, again=again)


def empty(folder: Path) -> None:
    for each in folder.iterdir():
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        else:
            each.unlink()
