"""The repository off site, as one of its two keys opens it. Standard library only.

The first key, on backup machines, adds and reads, and deletes nothing but locks. The second, which
lies elsewhere, also forgets and prunes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from standfast.core.command import Command, Result, Runner
from standfast.core.errors import CannotVerify
from standfast.mechanisms.backup.offsite import commands, snapshots
from standfast.mechanisms.backup.offsite.commands import Access
from standfast.mechanisms.backup.offsite.parts import PART_BYTES, Sized, listed, parts
from standfast.mechanisms.backup.offsite.snapshots import Snapshot, Source, Taken
from standfast.mechanisms.backup.offsite.trouble import Trouble, error, trouble

ANOTHER_KEY = "not-the-key-of-this-repository"


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsiteRepository:
    access: Access
    runner: Runner
    part_bytes: int = PART_BYTES

    def prepare(self) -> None:
        """Make it, where there is none; take away locks that a killed run has left."""
        command = commands.opened(self.access)
        found = self.runner.run(command, check=False)
        if found.status == 0:
            self._run(commands.unlock(self.access))
        elif trouble(found) is Trouble.NO_REPOSITORY:
            self._run(commands.init(self.access))
        else:
            raise error(command, found)

    def snapshot(self, folder: Path, source: Source, *, machine: str, now: datetime) -> Taken:
        """Put what lies in the folder into the store. Killed at any moment, run again it uploads
        at most one part twice."""
        for part in parts(files(folder), self.part_bytes):
            with TemporaryDirectory() as beside:
                names = Path(beside) / "files"
                names.write_bytes(listed(part))
                self._run(commands.part(self.access, names, machine=machine))
        command = commands.backup(
            self.access,
            folder,
            machine=machine,
            tags=source.tags,
            taken_at=now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        )
        return snapshots.taken(self._run(command).text)

    def snapshots(self) -> tuple[Snapshot, ...]:
        """Oldest first, those that are whole."""
        return tuple(each for each in self.everything() if not each.is_part)

    def everything(self) -> tuple[Snapshot, ...]:
        return snapshots.snapshots(self._run(commands.snapshots(self.access)).text)

    def restore(self, snapshot: Snapshot, into: Path) -> Path:
        """Where it lies then: restic keeps the whole path."""
        self.fetch(snapshot.id, into)
        return into / snapshot.folder.lstrip("/")

    def fetch(self, snapshot: str, into: Path) -> None:
        """By its id. Every byte is compared."""
        self._run(commands.restore(self.access, snapshot, into))

    def check(self, *, every_byte: bool = False) -> None:
        self._run(commands.check(self.access, every_byte=every_byte))

    def stored_bytes(self) -> int:
        return snapshots.stored_bytes(self._run(commands.stats(self.access)).text)

    def bytes_of(self, snapshot: str) -> int:
        """As much as it takes on a disk once it is back."""
        return snapshots.stored_bytes(self._run(commands.sized(self.access, snapshot)).text)

    def opens_without_its_key(self) -> bool:
        """Tried with another key. Raises when the store did not let us try."""
        command = commands.opened(replace(self.access, password=ANOTHER_KEY))
        found = self.runner.run(command, check=False)
        if found.status != 0 and trouble(found) is not Trouble.WRONG_KEY:
            raise CannotVerify(error(command, found).problem)
        return found.status == 0

    def forget(self, going: Iterable[Snapshot]) -> None:
        """With the second key. What only they held goes with `prune`."""
        self._run(commands.forget(self.access, [each.id for each in going]))

    def prune(self) -> None:
        self._run(commands.prune(self.access))

    def _run(self, command: Command) -> Result:
        result = self.runner.run(command, check=False)
        if result.status != 0:
            raise error(command, result)
        return result


def files(folder: Path) -> Iterator[Sized]:
    """Regular files; folders and links come with the whole."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield Sized(path=path, bytes=path.stat().st_size)
