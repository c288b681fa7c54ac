"""Look at what a folder of this machine lies on. Standard library only; nothing is changed."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from standfast.core.command import Runner
from standfast.core.errors import StandfastError
from standfast.mechanisms.hosts.volumes import btrfs, md, zfs
from standfast.mechanisms.hosts.volumes.model import Kind, Scrub, Volume
from standfast.mechanisms.hosts.volumes.names import SPARE_STAMP
from standfast.mechanisms.hosts.volumes.under import MOUNTINFO, Mount, pool, under

BLOCKS = Path("/sys/dev/block")
SECTOR_BYTES = 512


def look(folder: str, runner: Runner, scrub: Scrub | None, disks: Iterable[str] = ()) -> Volume:
    """`scrub`: the last one that is known of; of ZFS the pool itself tells. `disks`: those of this
    machine, some of which may be spare."""
    mount = under(folder, Path(MOUNTINFO).read_text())
    if mount is None:
        return Volume(folder=folder, kind=Kind.PLAIN)
    if mount.kind == "btrfs":
        return on_btrfs(folder, scrub, disks)
    if mount.kind == "zfs":
        return on_zfs(folder, mount, runner)
    arrays = arrays_of([BLOCKS / mount.device])
    return replace(arrays, folder=folder, scrub=scrub) if arrays else plain(folder, mount)


def plain(folder: str, mount: Mount) -> Volume:
    return Volume(folder=folder, kind=Kind.PLAIN, name=mount.source)


def on_btrfs(folder: str, scrub: Scrub | None, disks: Iterable[str]) -> Volume:
    seen = btrfs.look(folder)
    arrays = arrays_of([BLOCKS.parents[1] / "class/block" / each for each in seen.devices])
    if arrays:
        return replace(arrays, folder=folder, scrub=scrub)
    return Volume(
        folder=folder,
        kind=Kind.BTRFS,
        name=seen.uuid,
        members=seen.members,
        copies=1 if seen.unmirrored or len(seen.members) < 2 else 2,
        unmirrored=seen.unmirrored,
        busy=seen.busy,
        full=btrfs.is_full(seen),
        spares=tuple(each for each in disks if is_spare(each, seen)),
        scrub=scrub,
    )


def is_spare(disk: str, seen: btrfs.Seen) -> bool:
    """Whether it is there, no member, and never was one. The kernel's name of a device is the last
    part of where its number leads in sysfs."""
    return size_bytes(disk) > 0 and device(disk) not in seen.devices and is_stamped(disk)


def is_stamped(disk: str) -> bool:
    try:
        with Path(disk).open("rb") as opened:
            return opened.read(len(SPARE_STAMP)) == SPARE_STAMP
    except OSError:  # it cannot even be read
        return False


def device(disk: str) -> str:
    return block(disk).resolve().name


def node(disk: str) -> str:
    """By the kernel's own name, under which others know it too."""
    return f"/dev/{device(disk)}"


def size_bytes(disk: str) -> int:
    """0 for one that is dead or not there."""
    try:
        return int((block(disk) / "size").read_text()) * SECTOR_BYTES
    except OSError:
        return 0


def block(disk: str) -> Path:
    number = Path(disk).stat().st_rdev
    return BLOCKS / f"{os.major(number)}:{os.minor(number)}"


def on_zfs(folder: str, mount: Mount, runner: Runner) -> Volume:
    try:
        printed = runner.run(zfs.status(pool(mount.source))).text
    except StandfastError:
        return plain(folder, mount)
    return replace(zfs.parse(printed), folder=folder)


def arrays_of(places: Iterable[Path]) -> Volume | None:
    """What block devices lie on. Of several arrays the worst speaks for all, and one disk without
    an array leaves nothing mirrored by them."""
    found = [name for place in places for name in arrays_below(place)]
    if not found or not all(name.startswith("md") for name in found):
        return None
    arrays = md.parse(Path(md.MDSTAT).read_text())
    return worst([arrays[name] for name in found if name in arrays])


def arrays_below(place: Path) -> list[str]:
    """The md devices below a block device, or the disks where there are none."""
    name = place.resolve().name
    if not place.exists() or name.startswith("md"):
        return [name] if place.exists() else []
    slaves = place / "slaves"
    below = sorted(slaves.iterdir()) if slaves.is_dir() else []
    return [each for slave in below for each in arrays_below(slave)] or [name]


def worst(arrays: Sequence[Volume]) -> Volume | None:
    return min(
        arrays, key=lambda each: (each.copies, not each.failing, not each.busy), default=None
    )
