"""Which programs run from files that an update has replaced: they have the old code until they are
started anew, and a library is in so many of them that the machine is. Standard library only.

A file that was replaced is still mapped by whoever opened it before, and /proc says `(deleted)` of
it (proc(5), /proc/PID/maps). Only code counts: shared memory and temporary files are deleted by
their makers as a matter of course.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

REBOOT_REQUIRED = Path("/run/reboot-required")
"""Left by packages that know, such as the kernel's."""

REPLACED = re.compile(
    r"^\S+ ..x. \S+ \S+ \d+\s+/(?:usr|lib|lib64|bin|sbin|opt)/.* \(deleted\)$", re.MULTILINE
)


def read(proc: Path = Path("/proc"), required: Path = REBOOT_REQUIRED) -> list[str]:
    """Names of programs, sorted; `the kernel` among them if a package asks for a restart."""
    asked = ["the kernel"] if required.exists() else []
    return [*asked, *sorted(set(programs(proc)))]


def programs(proc: Path) -> Iterator[str]:
    for process in proc.iterdir():
        if process.name.isdigit():
            with suppress(OSError):  # it ended while we looked
                if runs_replaced((process / "maps").read_text(errors="replace")):
                    yield (process / "comm").read_text().strip()


def runs_replaced(maps: str) -> bool:
    return REPLACED.search(maps) is not None
