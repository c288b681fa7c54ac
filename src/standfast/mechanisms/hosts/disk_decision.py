"""What is done before a disk is full. Pure, standard library only.

A database that finds its disk full stops, and may not start again before there is room. So room is
put aside while there is plenty: a reserve file on each file system that holds data. When a disk is
all but full the reserve is given back, what is ours and can be had again is deleted, and the
machine says that it takes nothing new. A person must do the rest, but has one that still runs.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from standfast.core.units import size
from standfast.mechanisms.hosts.disks import FULL, Disk, Level, Spare

RESERVE = ".standfast-reserve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Warn:
    folder: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PutAside:
    """Make the reserve, or make it whole."""

    path: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveBack:
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeRoom:
    """Delete what is ours and can be had again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """Say to whoever would bring something large that there is no room for it, or no longer."""

    full: bool


Step = Warn | PutAside | GiveBack | MakeRoom | Refuse


def decide(
    disks: Iterable[Disk], reserves: Mapping[str, int], before: Mapping[str, Level]
) -> Iterator[Step]:
    """`reserves`: folder of data to the size of its reserve file now, 0 if it has none. `before`:
    the level of each folder when last looked at, so that a warning is given once.

    Between the two levels nothing is made or taken: what was given back stays given back until the
    disk is fine again, or the guard would fill what it has just freed.
    """
    seen = tuple(disks)
    for disk in seen:
        if disk.level is not before.get(disk.folder, Level.FINE):
            yield Warn(folder=disk.folder, words=words(disk))
    for disk in seen:
        if disk.folder not in reserves:
            continue
        path = f"{disk.folder}/{RESERVE}"
        if disk.level is Level.FULL and reserves[disk.folder]:
            yield GiveBack(path=path)
        if disk.level is Level.FINE and reserves[disk.folder] < disk.reserve_bytes:
            yield PutAside(path=path, size_bytes=disk.reserve_bytes)
    full = any(disk.level is Level.FULL for disk in seen)
    if full:
        yield MakeRoom()
    yield Refuse(full=full)


def words(disk: Disk) -> str:
    said = f"the disk of {disk.folder} is {disk.used:.0%} full, {size(disk.free_bytes)} are free"
    match disk.level:
        case Level.FULL:
            return f"{said}: what can be had again is deleted, and nothing new is taken"
        case Level.FILLING:
            return f"{said}: make room before it is {FULL:.0%}"
    return f"{said} again"


def spared(parent: Path, spare: Spare, found: Iterable[tuple[float, str]]) -> Iterator[Path]:
    """What may be deleted of `found`: modification time and name of each folder in `parent`."""
    others = sorted(
        ((when, name) for when, name in found if not spare.keep or name != spare.keep), reverse=True
    )
    for _, name in others[spare.newest :]:
        yield parent / name
