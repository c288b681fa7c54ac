"""A control group of its own for every machine: what the power switch acts on.

Writing `1` to `cgroup.kill` sends SIGKILL to everything in the group at once, process 1 first or
last makes no difference (cgroups(7)). Where systemd is process 1 of this computer, the group is
that of a transient unit and systemd owns the tree; elsewhere we make the group ourselves, in the
unified hierarchy and, where it exists, in the one named `systemd`, because systemd inside the
machine looks for itself there.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from standfast.core.clock import Clock
from standfast.core.errors import BrokenInvariant

ROOT = Path("/sys/fs/cgroup")
EMPTY_TIMEOUT_S = 10.0
POLL_S = 0.01


def unified_root() -> Path:
    """Where version 2 is mounted: everywhere, or beside version 1."""
    return ROOT if (ROOT / "cgroup.controllers").exists() else ROOT / "unified"


@contextmanager
def unless_gone() -> Iterator[None]:
    """Look into a group that may vanish meanwhile: systemd removes a unit's as soon as it is empty.

    Between finding a file and opening or reading it, the kernel then says "no such device".
    """
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENODEV):
            raise


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    path: str
    """Relative to the roots, for example `standfast/demo/web-1`."""

    @property
    def folders(self) -> tuple[Path, ...]:
        named = ROOT / "systemd"
        roots = (unified_root(), named) if named.is_dir() else (unified_root(),)
        return tuple(root / self.path for root in roots)

    @property
    def unified(self) -> Path:
        return unified_root() / self.path

    def make(self) -> None:
        for folder in self.folders:
            folder.mkdir(parents=True, exist_ok=True)

    def is_populated(self) -> bool:
        with unless_gone():
            return "populated 1" in (self.unified / "cgroup.events").read_text()
        return False

    def processes(self) -> tuple[int, ...]:
        with unless_gone():
            found = self.unified.rglob("cgroup.procs")
            return tuple(int(pid) for path in found for pid in path.read_text().split())
        return ()

    def kill(self) -> None:
        """SIGKILL to all of it, in one write."""
        with unless_gone():
            (self.unified / "cgroup.kill").write_text("1")

    def wait_until_empty(self, clock: Clock) -> None:
        end = clock.monotonic() + EMPTY_TIMEOUT_S
        while self.is_populated():
            if clock.monotonic() > end:
                raise BrokenInvariant(f"processes of {self.path} survived SIGKILL")
            clock.sleep(POLL_S)

    def remove(self) -> None:
        """Only when empty; the innermost first."""
        for folder in self.folders:
            if folder.is_dir():
                inner = sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True)
                for each in (*inner, folder):
                    with suppress(FileNotFoundError):
                        each.rmdir()

    def remove_if_empty(self) -> None:
        """The kernel refuses while another group is inside."""
        for folder in self.folders:
            with suppress(OSError):
                folder.rmdir()
