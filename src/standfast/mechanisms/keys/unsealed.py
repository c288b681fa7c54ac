"""The secrets that programs must read as files, for as long as a command needs them.

A folder in memory that only root enters. Every command that uses it holds a shared lock on it; the
last one to leave removes it. A command that was killed leaves it to the next one, or to a restart
of the computer: meanwhile `heal`, which follows a killed drill, reaches the machines by it.
"""

import fcntl
import os
import shutil
from contextlib import suppress
from pathlib import Path

from standfast.core.errors import Refused
from standfast.core.files import write_atomically
from standfast.mechanisms.keys.vault import FILES, Vault

HIDDEN = "."
"""Begins the name of a file that is being written."""


class Unsealed:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: int | None = None

    def enter(self) -> None:
        if self._lock is not None:
            return
        parent = self.folder.parent
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for each in (parent, parent.parent):
            if each.stat().st_uid != os.geteuid():
                raise Refused(
                    f"{each} belongs to somebody else, and secrets would lie in it",
                    remedy="Remove it, or name another folder with STANDFAST_RUN.",
                )
        self._lock = opened(self.folder.with_suffix(".lock"))
        self.folder.mkdir(mode=0o700, exist_ok=True)

    @property
    def left_over(self) -> bool:
        """Whether a command at work, or one that was killed, has its files here."""
        return (self.folder / "operator.key").exists()

    def lay(self, vault: Vault, *, alone: bool = False) -> None:
        """Put there what the vault has. Only the one command that may change the site, `alone`,
        also removes what the vault has not: another may just have made it."""
        self.enter()
        wanted = {
            name.removeprefix(FILES): vault.read(name)
            for name in vault.names
            if name.startswith(FILES)
        }
        for name in set(self._names()) - set(wanted) if alone else ():
            (self.folder / name).unlink()
        for name, content in wanted.items():
            path = self.folder / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not path.exists() or path.read_bytes() != content:
                write_atomically(path, content, mode=0o600)

    def gather(self, vault: Vault) -> None:
        """Take into the vault what programs have made here, such as ssh-keygen."""
        for name in self._names():
            text = (self.folder / name).read_bytes().decode("utf-8", "surrogateescape")
            if vault.get(f"{FILES}{name}") != text:
                vault.put(f"{FILES}{name}", text)

    def leave(self) -> None:
        if self._lock is None:
            return
        with suppress(BlockingIOError):  # another command is at work, and will do it
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.with_suffix(".lock").unlink(missing_ok=True)
            with suppress(OSError):  # sockets, or other sites, are at home there
                self.folder.parent.rmdir()
                self.folder.parent.parent.rmdir()
        os.close(self._lock)
        self._lock = None

    def _names(self) -> list[str]:
        return [
            str(path.relative_to(self.folder))
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and not path.name.startswith(HIDDEN)
        ]


def opened(path: Path) -> int:
    """Hold a shared lock on it. Whoever left last has removed it, so look whether it is the one
    that still has the name."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(handle, fcntl.LOCK_SH)
        if os.fstat(handle).st_nlink:
            return handle
        os.close(handle)
