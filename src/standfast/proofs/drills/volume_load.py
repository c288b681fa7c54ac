"""Write to a volume and read from it, without a pause, until whoever started this closes its input;
then say what came of it. Standard library only; a process of its own on the machine.

    python3 -m standfast.proofs.drills.volume_load FOLDER RUN

Some files are written anew, one after the other, and flushed each time; beside that all of them are
read again and again. What each must hold follows from the run, the file and how often it was
written, so nothing has to be remembered that the volume could have spoilt. A file is dropped from
memory before it is read, else nobody would have asked the disks. Each reading is done by a thread
of its own, because btrfs chooses the disk by the number of whoever reads.

It prints `ready` once all files are there, and one JSON document at the end. What was left by one
that was killed goes first.
"""

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread

from standfast.core.clock import Clock, SystemClock

FILES = 128
FILE_BYTES = 128 * 1024
"""16 MiB together: several of the volume's extents, and read within a blink."""

WRITE_EVERY_S = 0.03
READ_EVERY_S = 0.3
LAST_READINGS = 4
LIMIT_S = 300.0
"""Whoever started this may be gone without closing anything."""

PREFIX = "drill-"


@dataclass(slots=True, kw_only=True)
class Tally:
    """`longest_s`: what took longest, a write with its flush or the reading of one file."""

    writes: int = 0
    bytes_read: int = 0
    wrong_bytes: int = 0
    failed: int = 0
    longest_s: float = 0.0
    complaints: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Load:
    folder: Path
    run: str
    clock: Clock
    tally: Tally = field(default_factory=Tally)
    written: list[int] = field(default_factory=lambda: [0] * FILES)
    locks: tuple[Lock, ...] = field(default_factory=lambda: tuple(Lock() for _ in range(FILES)))

    def fill(self) -> None:
        for number in range(FILES):
            self.write(number)

    def write(self, number: int) -> None:
        with self.locks[number]:
            times = self.written[number] + 1
            if self._timed(lambda: self._write(number, times)) is not None:
                self.tally.writes += 1
                self.written[number] = times

    def _write(self, number: int, times: int) -> bytes:
        wanted = content(self.run, number, times)
        handle = os.open(self.folder / str(number), os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.pwrite(handle, wanted, 0)
            os.fsync(handle)
        finally:
            os.close(handle)
        return wanted

    def read_all(self) -> None:
        for number in range(FILES):
            self.read(number)

    def read(self, number: int) -> None:
        with self.locks[number]:
            wanted = content(self.run, number, self.written[number])
            found = self._timed(lambda: read_from_disk(self.folder / str(number)))
        self.tally.bytes_read += len(found or b"")
        if found != wanted:
            self.tally.wrong_bytes += differing(found or b"", wanted)

    def _timed(self, does: Callable[[], bytes]) -> bytes | None:
        began = self.clock.monotonic()
        try:
            return does()
        except OSError as error:
            self.tally.failed += 1
            if str(error) not in self.tally.complaints:
                self.tally.complaints.append(str(error))
            return None
        finally:
            took = self.clock.monotonic() - began
            self.tally.longest_s = max(self.tally.longest_s, took)


def content(run: str, number: int, times: int) -> bytes:
    return hashlib.shake_128(f"{run} {number} {times}".encode()).digest(FILE_BYTES)


def read_from_disk(path: Path) -> bytes:
    """posix_fadvise(2): what is clean is dropped from memory, and has to be read again."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        return os.read(handle, 2 * FILE_BYTES)
    finally:
        os.close(handle)


def differing(found: bytes, wanted: bytes) -> int:
    """Bytes that are not what was written; what is missing is wrong too."""
    alike = sum(one == other for one, other in zip(found, wanted, strict=False))
    return max(len(found), len(wanted)) - alike


def put_load(load: Load, stop: Event) -> None:
    """Until `stop`. Readings overlap with writes and not with each other."""
    end = load.clock.monotonic() + LIMIT_S
    number, due = 0, load.clock.monotonic()
    reading = Thread(target=load.read_all)
    reading.start()
    while not stop.is_set() and load.clock.monotonic() < end:
        load.write(number % FILES)
        number += 1
        if not reading.is_alive() and load.clock.monotonic() >= due:
            due = load.clock.monotonic() + READ_EVERY_S
            reading = Thread(target=load.read_all)
            reading.start()
        stop.wait(WRITE_EVERY_S)
    reading.join()
    for _ in range(LAST_READINGS):
        reading = Thread(target=load.read_all)
        reading.start()
        reading.join()


def wait_for_the_end(stop: Event) -> None:
    sys.stdin.buffer.read()
    stop.set()


def main() -> int:
    home, run = Path(sys.argv[1]), sys.argv[2]
    for left in home.glob(f"{PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)
    load = Load(folder=home / f"{PREFIX}{run}", run=run, clock=SystemClock())
    load.folder.mkdir(mode=0o700)
    stop = Event()
    load.fill()
    print("ready", flush=True)
    Thread(target=wait_for_the_end, args=(stop,), daemon=True).start()
    put_load(load, stop)
    shutil.rmtree(load.folder, ignore_errors=True)
    tally = load.tally
    print(
        json.dumps(
            {
                "writes": tally.writes,
                "bytes_read": tally.bytes_read,
                "wrong_bytes": tally.wrong_bytes,
                "failed": tally.failed,
                "longest_s": round(tally.longest_s, 3),
                "complaints": tally.complaints[:8],
            }
        ),
        flush=True,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
