"""The page at an SFTP server, by sftp(1): the host, the key and the options that restic is given.
Standard library only.

Each file goes up under another name and is renamed, so that whoever reads there finds it whole;
OpenSSH's servers let the new one take the old one's place (PROTOCOL, "posix-rename@openssh.com").
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from standfast.core.command import Command, Result, Runner
from standfast.mechanisms.backup.offsite.commands import SshFiles, sftp_words
from standfast.mechanisms.backup.offsite.page.elsewhere import Item
from standfast.mechanisms.backup.offsite.page.names import FOLDER
from standfast.mechanisms.backup.offsite.store import Store
from standfast.mechanisms.backup.offsite.trouble import error

PROGRAM = "/usr/bin/sftp"
LIMIT_S = 240.0
UNFINISHED = ".part"
ABSENT = re.compile(r"not found|no such file", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sftp:
    """`root` is the page's folder there."""

    store: Store
    runner: Runner
    ssh: SshFiles = field(default_factory=SshFiles)

    @property
    def root(self) -> PurePosixPath:
        return PurePosixPath(self.store.parts["folder"]) / FOLDER

    def read(self, name: str) -> bytes | None:
        with TemporaryDirectory() as folder:
            here = Path(folder) / "read"
            command = self._batch([f'get "{self.root / name}" "{here}"'])
            done = self.runner.run(command, check=False)
            if done.status == 0:
                return here.read_bytes()
            if is_absent(done):
                return None
            raise error(command, done)

    def send(self, items: Iterable[Item]) -> None:
        with TemporaryDirectory() as folder:
            self._must(list(self._sent(items, Path(folder))))

    def remove(self, names: Iterable[str]) -> None:
        if lines := [f'-rm "{self.root / name}"' for name in names]:
            self._must(lines)

    def _sent(self, items: Iterable[Item], here: Path) -> Iterator[str]:
        made: set[PurePosixPath] = set()
        for number, each in enumerate(items):
            (here / str(number)).write_bytes(each.content)
            there = self.root / each.name
            for parent in reversed(there.parents[:-1]):
                if parent not in made:
                    made.add(parent)
                    yield f'-mkdir "{parent}"'
            yield f'put "{here / str(number)}" "{there}{UNFINISHED}"'
            yield f'rename "{there}{UNFINISHED}" "{there}"'

    def _must(self, lines: list[str]) -> None:
        if lines:
            command = self._batch(lines)
            done = self.runner.run(command, check=False)
            if done.status != 0:
                raise error(command, done)

    def _batch(self, lines: list[str]) -> Command:
        """sftp(1) stops at the first line that fails, but for those that begin with a dash."""
        return Command(
            argv=(PROGRAM, "-q", "-b", "-", *sftp_words(self.store, self.ssh)),
            stdin="".join(f"{line}\n" for line in lines).encode(),
            timeout_s=LIMIT_S,
        )


def is_absent(done: Result) -> bool:
    return done.status == 1 and ABSENT.search(done.complaint) is not None
