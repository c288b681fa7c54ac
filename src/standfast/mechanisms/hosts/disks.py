"""How full the disks are that a machine cannot do without. Standard library only.

`disks.json` says which: the plan writes it, the guard (`disk_guard.py`) and the agent read it.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

SETTINGS = "/etc/standfast/disks.json"

RUN = "/run/standfast"
NO_ROOM = f"{RUN}/disk-full"
"""Is there while a disk is full: whoever would bring something large looks for it."""

FILLING = 0.80
"""From here on the journal warns: at usual growth a person still has days."""

FULL = 0.95
"""From here on room is made. Debian's file systems keep the last twentieth for root alone, so
programs of other users meet the end soon after."""

RESERVE_BYTES = 64 * 1024 * 1024
"""Four segments of PostgreSQL's write-ahead log: enough to start, replay and stop in good order."""

RESERVE_SHARE = 0.01
"""Never more of a file system than this: a small one is not filled by its own protection."""


class Level(StrEnum):
    FINE = "fine"
    FILLING = "filling"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spare:
    """Folders of `parent` that can be had again, but for `keep` and the newest `newest` others."""

    parent: str
    keep: str = ""
    newest: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskSettings:
    """disks.json. On file systems of `data` a reserve is held; all of `watched` are looked at."""

    watched: tuple[str, ...]
    data: tuple[str, ...]
    spare: tuple[Spare, ...]

    def to_json(self) -> bytes:
        document = {
            "watched": self.watched,
            "data": self.data,
            "spare": [
                {"parent": each.parent, "keep": each.keep, "newest": each.newest}
                for each in self.spare
            ],
        }
        return json.dumps(document, indent=2, sort_keys=True).encode() + b"\n"

    @classmethod
    def from_json(cls, text: str) -> "DiskSettings":
        document: dict[str, Any] = json.loads(text)
        return cls(
            watched=tuple(document["watched"]),
            data=tuple(document["data"]),
            spare=tuple(Spare(**each) for each in document["spare"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """The file system under `folder`; `used` as df(1) counts it, from 0 to 1, what root alone may
    have left out. `device` tells two folders on one file system from two on different ones."""

    folder: str
    device: int
    size_bytes: int
    free_bytes: int
    used: float

    @property
    def level(self) -> Level:
        if self.used >= FULL:
            return Level.FULL
        return Level.FILLING if self.used >= FILLING else Level.FINE

    @property
    def reserve_bytes(self) -> int:
        return min(RESERVE_BYTES, int(self.size_bytes * RESERVE_SHARE))


def distinct(disks: Iterable[Disk]) -> tuple[Disk, ...]:
    """One of each file system, the first that was named."""
    first: dict[int, Disk] = {}
    for disk in disks:
        first.setdefault(disk.device, disk)
    return tuple(first.values())


def read(folders: Iterable[str]) -> tuple[Disk, ...]:
    """Those that are there; a folder that is not made yet is on no disk."""
    return distinct(one(folder) for folder in folders if Path(folder).is_dir())


def one(folder: str) -> Disk:
    seen = os.statvfs(folder)
    used = seen.f_blocks - seen.f_bfree
    usable = used + seen.f_bavail
    return Disk(
        folder=folder,
        device=Path(folder).stat().st_dev,
        size_bytes=seen.f_blocks * seen.f_frsize,
        free_bytes=seen.f_bavail * seen.f_frsize,
        used=used / usable if usable else 0.0,
    )
