"""A file that plays a disk, seen from below: what is on it, how it fails, how it is exchanged."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from standfast.mechanisms.hosts.volumes.names import SPARE_STAMP

MIB = 1024 * 1024

OVERWRITTEN_BYTES = 256 * MIB
FLUSHED_BYTES = 32 * MIB
"""More than so much at once would keep everybody on this computer waiting for its one real disk,
which would be measured as an interruption."""

SUPERBLOCK = 64 * 1024
MAGIC = (64, b"_BHRfS_M")
IDENTITY = (32, 16)
"""Where btrfs writes that it is there, and which file system it is (btrfs(5), on-disk format)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """`size_bytes`: of one that is well."""

    file: Path
    size_bytes: int

    def filesystem(self) -> UUID | None:
        """The one that it is a member of."""
        with self.file.open("rb") as disk:
            disk.seek(SUPERBLOCK)
            block = disk.read(MAGIC[0] + len(MAGIC[1]))
        if block[MAGIC[0] :] != MAGIC[1]:
            return None
        return UUID(bytes=block[IDENTITY[0] : sum(IDENTITY)])

    def is_dead(self) -> bool:
        """A write that was under way as it died has made the file longer again, but not so long."""
        return self.file.stat().st_size != self.size_bytes

    def renew(self) -> None:
        """A new one, empty, that takes room on this computer only as it is filled."""
        with self.file.open("wb") as disk:
            disk.write(SPARE_STAMP)
            disk.flush()
            disk.truncate(self.size_bytes)
            os.fsync(disk.fileno())

    def die(self) -> None:
        os.truncate(self.file, 0)

    def overwrite(self, seed: bytes) -> int:
        """A mebibyte that follows from `seed`, over all that was written, or over every second
        or third mebibyte of that, if it is more than `OVERWRITTEN_BYTES`. It is on the disk when
        this returns, so that nothing late undoes what was mended since."""
        noise, written = hashlib.shake_256(seed).digest(MIB), 0
        handle = os.open(self.file, os.O_RDWR)
        try:
            pieces = tuple(pieces_of(stretches(handle)))
            for at, length in pieces[:: 1 + len(pieces) * MIB // OVERWRITTEN_BYTES]:
                written += os.pwrite(handle, noise[:length], at)
                if written % FLUSHED_BYTES < MIB:
                    os.fdatasync(handle)
            os.fsync(handle)
        finally:
            os.close(handle)
        return written


def pieces_of(found: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Begin and length of each mebibyte, or what is less."""
    for begin, end in found:
        for at in range(begin, end, MIB):
            yield at, min(MIB, end - at)


def stretches(handle: int) -> Iterator[tuple[int, int]]:
    """Where the file holds something (lseek(2), SEEK_DATA)."""
    end, at = os.fstat(handle).st_size, 0
    while at < end:
        try:
            begin = os.lseek(handle, at, os.SEEK_DATA)
        except OSError:  # nothing but holes from here on
            return
        at = os.lseek(handle, begin, os.SEEK_HOLE)
        yield begin, at
