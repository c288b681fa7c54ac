"""Loop devices: files that look like disks (losetup(8)). What is attached is read from sysfs.

One is let go of as soon as nobody has it open, which may be a moment after its file system was
unmounted, because another mount namespace may hold that one.

A device is taken away by letting it begin behind the end of its file (loop(4), LOOP_SET_STATUS64):
from one moment to the next it has no room, and what is on the file stays. losetup(8) cannot do that
to a device in use.
"""

import errno
import fcntl
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from standfast.core.command import Command
from standfast.core.errors import BrokenInvariant

BLOCKS = Path("/sys/block")
CONTROL = Path("/dev/loop-control")
SET_STATUS, GET_STATUS, SET_CAPACITY = 0x4C04, 0x4C05, 0x4C07
STATUS_BYTES = 232
BEGIN = struct.Struct("=Q")
BEGIN_AT = 24
"""struct loop_info64: three numbers of 64 bits, then where the device begins in the file."""

NOWHERE = 1 << 50
TRIES = 64

GONE = " (deleted)"
"""The kernel's word for a file that is still attached and has no name any more."""


def attached(blocks: Path = BLOCKS) -> Mapping[Path, str]:
    """File to its device, `/dev/loop3`. A file that was deleted is another one than what has its
    name now."""
    return {Path(file): device for device, file in listed(blocks) if not file.endswith(GONE)}


def below(folder: Path, blocks: Path = BLOCKS) -> tuple[str, ...]:
    """Those whose file is, or was, in that folder."""
    return tuple(
        sorted(
            device
            for device, file in listed(blocks)
            if folder in Path(file.removesuffix(GONE)).parents
        )
    )


def listed(blocks: Path) -> Iterator[tuple[str, str]]:
    for backing in blocks.glob("loop*/loop/backing_file"):
        with suppress(OSError):  # it was let go of meanwhile
            yield f"/dev/{backing.parents[1].name}", backing.read_text().rstrip("\n")


def is_empty(device: str, blocks: Path = BLOCKS) -> bool:
    return (blocks / Path(device).name / "size").read_text().strip() == "0"


def attach(file: Path) -> Command:
    """Prints the device. Direct: else all that is on it is held in memory twice."""
    return Command(argv=("losetup", "--find", "--show", "--direct-io=on", str(file)))


def detach(devices: Iterable[str]) -> Command:
    return Command(argv=("losetup", "--detach", *devices))


def take_away(device: str) -> None:
    """Whatever is read from it or written to it fails from now on."""
    begin_at(device, NOWHERE)


def give_back(device: str) -> None:
    """All of its file again, which may be another one, or have another size."""
    begin_at(device, 0)
    with Path(device).open("r+b", buffering=0) as handle:
        fcntl.ioctl(handle, SET_CAPACITY)


def begin_at(device: str, offset: int) -> None:
    """Older kernels refuse it while what was written has not reached the file, and say so."""
    status = bytearray(STATUS_BYTES)
    with Path(device).open("r+b", buffering=0) as handle:
        fcntl.ioctl(handle, GET_STATUS, status)
        BEGIN.pack_into(status, BEGIN_AT, offset)
        for _ in range(TRIES):
            try:
                fcntl.ioctl(handle, SET_STATUS, status)
            except OSError as error:
                if error.errno != errno.EAGAIN:
                    raise
            else:
                return
    raise BrokenInvariant(f"{device} is written to without end")
