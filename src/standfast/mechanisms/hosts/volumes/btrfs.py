"""btrfs, as the kernel tells of it, and what its programs are told. Standard library only.

What is asked once a second is asked by ioctl (linux/btrfs.h), as `btrfs filesystem show`, `device
stats`, `filesystem df` and `replace status` do: no program has to be started, and it works where
there is no /sys/fs/btrfs, as inside a container. The state of a replacement or a balance takes
CAP_SYS_ADMIN. Programs are run where something has to be done, and for the last scrub.
"""

import errno
import fcntl
import os
import struct
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from standfast.core.command import Command
from standfast.mechanisms.hosts.volumes.model import Member, Scrub

FS_INFO = 0x8400941F
"""Greatest number of a device, count of devices, UUID."""
FS_INFO_FORM = struct.Struct("=QQ16s")
FS_INFO_BYTES = 1024

DEVICE_INFO = 0xD000941E
"""The number of a device is given; the last kibibyte is its path, empty for one that is gone."""
DEVICE_INFO_BYTES = 4096
PATH_AT = 3072
DEVICE_ROOM_FORM = struct.Struct("=QQ")
DEVICE_ROOM_AT = 24
"""Bytes of it that were given out in chunks, and all of them."""

REPLACED_IN_BYTES = 2560 * 1024 * 1024
"""A replacement gives out new chunks, a gigabyte each for data and metadata, for those that it is
just copying, and fails when there is no room for them, even where chunks are half empty (seen on
Linux 6.18: "failed setting block group ro: -28")."""

DEVICE_STATS = 0xC4089434
"""Number, count of values, flags, then the values: errors of write, read, flush; blocks that are
damaged, and such as are too old."""
DEVICE_STATS_FORM = struct.Struct("=8Q")
DEVICE_STATS_BYTES = 1032
VALUES = 5

SPACE_INFO = 0xC0109414
"""Room for entries, count of entries; an entry is what is kept how, its bytes, those in use."""
SPACE_HEAD = struct.Struct("=QQ")
SPACE_FORM = struct.Struct("=QQQ")
MOST_SPACES = 32

REPLACE = 0xCA289435
REPLACE_STATUS = 1
REPLACE_FORM = struct.Struct("=QQQ")
REPLACE_BYTES = 2600
UNDER_WAY = frozenset({1, 4})
"""Started, and suspended by an unmount in the middle."""

BALANCE = 0x84009422
BALANCE_BYTES = 1024

KEPT: Mapping[int, str] = {1: "data", 2: "system", 4: "metadata"}
PROFILES: Mapping[int, str] = {8: "raid0", 32: "dup", 128: "raid5", 256: "raid6"}
MIRRORS = 16 | 64 | 512 | 1024
"""raid1, raid10, and raid1 with three and four copies."""
GLOBAL_RESERVE = 1 << 49
"""Room that is counted, and holds nothing."""

STARTED = "%a %b %d %H:%M:%S %Y"
C: Mapping[str, str] = {"LC_ALL": "C"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`devices`: the kernel's names of its members, `loop3`. `rooms`: of each that is there, bytes
    that were given out, and all of them. `unmirrored`: what is held once."""

    uuid: str
    members: tuple[Member, ...]
    devices: frozenset[str]
    rooms: tuple[tuple[int, int], ...]
    unmirrored: tuple[str, ...]
    busy: str

    def holds(self, device: str) -> bool:
        return Path(device).name in self.devices


def look(folder: str) -> Seen:
    """Of the file system under `folder`."""
    with opened(folder) as handle:
        last, _, uuid = FS_INFO_FORM.unpack_from(fcntl.ioctl(handle, FS_INFO, bytes(FS_INFO_BYTES)))
        told = dict(devices(handle, last))
        paths = {number: path_in(answer) for number, answer in told.items()}
        return Seen(
            uuid=str(UUID(bytes=uuid)),
            members=tuple(
                member(number, path, asked(handle, DEVICE_STATS, stats_of(number)))
                for number, path in paths.items()
            ),
            devices=frozenset(Path(path).name for path in paths.values() if path),
            rooms=tuple(room_in(answer) for number, answer in told.items() if paths[number]),
            unmirrored=tuple(held_once(spaces(handle))),
            busy=busy(handle),
        )


@contextmanager
def opened(folder: str) -> Iterator[int]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield handle
    finally:
        os.close(handle)


def asked(handle: int, what: int, given: bytes) -> bytes:
    answer = bytearray(given)
    fcntl.ioctl(handle, what, answer)
    return bytes(answer)


def devices(handle: int, last: int) -> Iterator[tuple[int, bytes]]:
    """Numbers, and what is known of each. What a replacement is written to has the number 0, and is
    no member."""
    for number in range(1, last + 1):
        given = struct.pack("=Q", number).ljust(DEVICE_INFO_BYTES, b"\0")
        try:
            answer = asked(handle, DEVICE_INFO, given)
        except OSError as error:
            if error.errno != errno.ENODEV:
                raise
            continue
        yield number, answer


def path_in(answer: bytes) -> str:
    return answer[PATH_AT:].partition(b"\0")[0].decode()


def room_in(answer: bytes) -> tuple[int, int]:
    given, total = DEVICE_ROOM_FORM.unpack_from(answer, DEVICE_ROOM_AT)
    return given, total


def is_full(seen: Seen) -> bool:
    """Whether a replacement may fail for want of room."""
    return any(total - given < REPLACED_IN_BYTES for given, total in seen.rooms)


def stats_of(number: int) -> bytes:
    return struct.pack("=QQQ", number, VALUES, 0).ljust(DEVICE_STATS_BYTES, b"\0")


def member(number: int, path: str, stats: bytes) -> Member:
    _, _, _, write, read, flush, damaged, old = DEVICE_STATS_FORM.unpack_from(stats)
    return Member(
        name=str(number), gone=not path, errors=write + read + flush, corrupt=damaged + old
    )


def spaces(handle: int) -> bytes:
    room = SPACE_HEAD.size + MOST_SPACES * SPACE_FORM.size
    return asked(handle, SPACE_INFO, SPACE_HEAD.pack(MOST_SPACES, 0).ljust(room, b"\0"))


def held_once(answer: bytes) -> Iterator[str]:
    _, count = SPACE_HEAD.unpack_from(answer)
    for number in range(count):
        flags, size, _ = SPACE_FORM.unpack_from(answer, SPACE_HEAD.size + number * SPACE_FORM.size)
        if size and not flags & (MIRRORS | GLOBAL_RESERVE):
            kept = " and ".join(word for bit, word in KEPT.items() if flags & bit)
            profile = next((word for bit, word in PROFILES.items() if flags & bit), "single")
            yield f"{kept} ({profile})"


def busy(handle: int) -> str:
    status = asked(handle, REPLACE, struct.pack("=Q", REPLACE_STATUS).ljust(REPLACE_BYTES, b"\0"))
    _, _, state = REPLACE_FORM.unpack_from(status)
    if state in UNDER_WAY:
        return "a disk is replaced"
    try:
        asked(handle, BALANCE, bytes(BALANCE_BYTES))
    except OSError as error:
        if error.errno != errno.ENOTCONN:
            raise
        return ""
    return "what it holds is written anew"


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
    )
