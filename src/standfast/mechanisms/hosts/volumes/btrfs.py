"""btrfs, as the kernel tells of it in sysfs, and what its programs are told. Standard library only.

Files below /sys/fs/btrfs/UUID (kernel 5.14 and newer): one folder for each device, with its counts
of errors (Documentation of btrfs, "sysfs interface"). They cost nothing to read once a second; the
programs are run where something has to be done, and for the last scrub.
"""

import fcntl
import os
import struct
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from standfast.core.command import Command
from standfast.mechanisms.hosts.volumes.model import Member, Scrub

SYSFS = Path("/sys/fs/btrfs")

FS_INFO = 0x8400941F
"""BTRFS_IOC_FS_INFO (linux/btrfs.h): 1024 bytes; after two numbers of eight comes the UUID."""
FS_INFO_BYTES = 1024

MIRRORS = frozenset({"raid1", "raid1c3", "raid1c4", "raid10"})
PROFILES = frozenset({"single", "dup", "raid0", "raid5", "raid6"}) | MIRRORS
IDLE = "none"

STARTED = "%a %b %d %H:%M:%S %Y"
C: Mapping[str, str] = {"LC_ALL": "C"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`devices`: the kernel's names of its members, `loop3`. `unmirrored`: what is held once."""

    uuid: str
    members: tuple[Member, ...]
    devices: frozenset[str]
    unmirrored: tuple[str, ...]
    busy: str

    def holds(self, device: str) -> bool:
        return Path(device).name in self.devices


def look(folder: str, sysfs: Path = SYSFS) -> Seen:
    return read(sysfs / str(uuid_of(folder)))


def uuid_of(folder: str) -> UUID:
    """Of the file system under `folder`. Nobody needs a right for that."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        told = fcntl.ioctl(handle, FS_INFO, bytes(FS_INFO_BYTES))
    finally:
        os.close(handle)
    return UUID(bytes=struct.unpack_from("QQ16s", told)[2])


def read(place: Path) -> Seen:
    devices = place / "devinfo"
    members = tuple(
        member(each.name, missing=text(each / "missing"), errors=text(each / "error_stats"))
        for each in sorted(devices.iterdir(), key=lambda each: int(each.name))
        if text(each / "replace_target") != "1"
    )
    return Seen(
        uuid=place.name,
        members=members,
        devices=frozenset(each.name for each in (place / "devices").iterdir()),
        unmirrored=tuple(held_once(allocation(place / "allocation"))),
        busy=busy(text(place / "exclusive_operation")),
    )


def text(path: Path) -> str:
    """Empty where it has just gone: a device that was replaced takes its folder along."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def member(name: str, *, missing: str, errors: str) -> Member:
    """`errors`: lines of a word and a number; `invalid` for one that was never there."""
    counts = {
        word: int(number)
        for word, _, number in (line.partition(" ") for line in errors.splitlines())
        if number
    }
    failures = ("write_errs", "read_errs", "flush_errs")
    return Member(
        name=name,
        gone=missing == "1",
        errors=sum(counts.get(each, 0) for each in failures),
        corrupt=counts.get("corruption_errs", 0) + counts.get("generation_errs", 0),
    )


def busy(operation: str) -> str:
    return "" if operation == IDLE else operation


def allocation(place: Path) -> Mapping[str, Mapping[str, int]]:
    """What is kept (data, metadata, system) to its profiles, each with its bytes."""
    return {
        kind: {
            each.name: int(text(each / "total_bytes") or 0)
            for each in sorted((place / kind).iterdir())
            if each.name in PROFILES
        }
        for kind in ("data", "metadata", "system")
    }


def held_once(allocated: Mapping[str, Mapping[str, int]]) -> list[str]:
    return [
        f"{kind} ({profile})"
        for kind, profiles in allocated.items()
        for profile, size in profiles.items()
        if size and profile not in MIRRORS
    ]


def failing(seen: Seen) -> Member | None:
    return next((each for each in seen.members if each.fails), None)


def make_mirror(devices: Sequence[str]) -> Command:
    """mkfs.btrfs(8)."""
    return Command(
        argv=("mkfs.btrfs", "--quiet", "--force", "--data=raid1", "--metadata=raid1", *devices)
    )


def mount(devices: Sequence[str], place: str, *, degraded: bool) -> Command:
    """btrfs(5): every member is named, since nobody may have looked for them."""
    options = ("noatime", *(("degraded",) if degraded else ()), *(f"device={d}" for d in devices))
    return Command(argv=("mount", "-t", "btrfs", "-o", ",".join(options), devices[0], place))


def replace(folder: str, member: str, spare: str, *, wait: bool = False) -> Command:
    """btrfs-replace(8). The failing one is read only where nobody else has a good copy."""
    waiting = ("-B",) if wait else ()
    return Command(
        argv=("btrfs", "replace", "start", "-f", "-r", *waiting, member, spare, folder),
        timeout_s=REPLACED_WITHIN_S if wait else BEGINS_WITHIN_S,
    )


BEGINS_WITHIN_S = 30.0
REPLACED_WITHIN_S = 300.0


def mirror(folder: str) -> Command:
    """btrfs-balance(8): `soft` leaves alone what is mirrored already."""
    kinds = ("-dconvert=raid1,soft", "-mconvert=raid1,soft")
    return Command(argv=("btrfs", "balance", "start", "--bg", *kinds, folder))


def scrub(folder: str) -> Command:
    """btrfs-scrub(8): goes on beside everything else, at idle priority."""
    return Command(argv=("btrfs", "scrub", "start", folder), environment=C)


def stop_scrub(folder: str) -> Command:
    """A member is replaced only while nobody scrubs."""
    return Command(argv=("btrfs", "scrub", "cancel", folder))


def last_scrub(folder: str) -> Command:
    return Command(argv=("btrfs", "scrub", "status", "-R", folder), environment=C)


def parse_scrub(printed: str) -> Scrub | None:
    """Of `last_scrub`, whose times are this machine's local ones. None where there never was one.
    One that was broken off never happened, as far as its finds go."""
    said = {
        name.strip(): value.strip()
        for name, _, value in (line.partition(":") for line in printed.splitlines())
    }
    started = said.get("Scrub started") or said.get("Scrub resumed")
    if not started or said.get("Status") not in ("finished", "running"):
        return None
    return Scrub(
        began_at=time.mktime(time.strptime(started, STARTED)),
        finished=said["Status"] == "finished",
        corrected=int(said.get("corrected_errors", 0)),
        uncorrectable=int(said.get("uncorrectable_errors", 0)),
        unchecked=int(said.get("no_csum", 0)),
    )
