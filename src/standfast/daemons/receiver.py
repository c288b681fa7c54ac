"""Receives WAL from the primary as it is written, on a backup machine (backup/receiver).

pg_receivewal does that, and ends at whatever fails; here it is started again, on whichever machine
is primary by then. One loop a second: observe, decide, apply. Standard library only.

*Invariant.* What was received is thrown away for one reason only: the primary has said that its log
does not go on from there, for half a minute on end where one that is being replaced might say so.
Whole segments that the repository lacks are put into it before.
"""

import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from standfast.core.clock import Clock, SystemClock
from standfast.core.command import NOTHING, Command, SystemRunner, start
from standfast.core.errors import StandfastError
from standfast.mechanisms.backup import wal
from standfast.mechanisms.backup.pgbackrest.machine import PgBackRest
from standfast.mechanisms.backup.places import RECEIVED
from standfast.mechanisms.backup.receiver import files
from standfast.mechanisms.backup.receiver.decide import Release, Seen, decide, may_receive
from standfast.mechanisms.backup.receiver.program import (
    Ending,
    Settings,
    drop_slot,
    ending,
    receive,
)

PACE_S = 1.0

ANEW_S = 30.0
"""For so long a primary says that its log goes on elsewhere, before what was received here is given
up: one that is just being replaced may say it, and is none any more soon. And no slot is given up
again sooner."""

SAVE_AGAIN_S = 60.0
"""After a segment could not be put into the repository."""

SAID_BYTES = 4000
"""Of the program's last words."""

NO_SPACE = "No space left on device"
"""What catches up may fill all that there is before anybody looks."""

RECEIVING = "receiving"
FULL = (
    "there is no more room for WAL that the repository does not have: receiving again once it has "
    "some of it"
)


class Repository(Protocol):
    """As `PgBackRest`."""

    def keeps(self, name: str) -> bool: ...

    def newest_segment(self) -> str | None: ...

    def add(self, file: Path) -> None: ...


class Running(Protocol):
    """As `subprocess.Popen`."""

    def poll(self) -> int | None: ...

    def terminate(self) -> None: ...

    def wait(self) -> int: ...


@dataclass(slots=True, kw_only=True)
class Receiver:
    """`begin` starts the program, which writes its last words into `words`; `drop_slot` raises
    `StandfastError` where that fails; `say` is told whatever changes, once. `refused_at`: since
    when the primary cannot go on; `failed_at`: when a segment last could not be put into the
    repository; `begun_at`: when the program was started; `dropped_at`: when the slot was given up.
    """

    folder: Path
    words: Path
    repository: Repository
    clock: Clock
    begin: Callable[[Path], Running]
    drop_slot: Callable[[], object]
    say: Callable[[str], None]
    running: Running | None = None
    refused_at: float | None = None
    failed_at: float | None = None
    begun_at: float = 0.0
    dropped_at: float = -math.inf
    said: str | None = None

    def turn(self) -> None:
        self._tidy()
        if self.running is not None and self.running.poll() is not None:
            self.running = None
            self._ended(self.words.read_bytes()[-SAID_BYTES:].decode("utf-8", "replace").strip())
        if may_receive(free_bytes(self.folder), receives=self.running is not None):
            self._receive()
        else:
            self.stop()
            self._tell(FULL)

    def stop(self) -> None:
        if self.running is not None:
            self.running.terminate()
            self.running.wait()
            self.running = None

    def _tidy(self) -> None:
        seen = self._seen()
        for step in decide(seen):
            if isinstance(step, Release):
                (self.folder / step.name).unlink(missing_ok=True)
            elif self.failed_at is None or self.clock.monotonic() - self.failed_at > SAVE_AGAIN_S:
                self._save(step.name)

    def _seen(self) -> Seen:
        now = self.clock.now().timestamp()
        written = {name: now - at for name, at in written_at(self.folder)}
        finished = filter(files.is_finished, written)
        return Seen(
            files=written,
            kept=frozenset(each for each in finished if self.repository.keeps(each)),
            newest_kept=self.repository.newest_segment(),
        )

    def _save(self, name: str) -> bool:
        try:
            self.repository.add(self.folder / name)
        except StandfastError as error:
            self.failed_at = self.clock.monotonic()
            self._tell(f"{name} is not in the repository, and does not go in: {error.problem}")
            return False
        self.failed_at = None
        self.say(f"{name} was put into the repository: the primary had not sent it")
        return True

    def _receive(self) -> None:
        if self.running is None:
            for path in torn(self.folder):
                path.unlink()
            self.running, self.begun_at = self.begin(self.words), self.clock.monotonic()
        elif self._has_received():
            self._tell(RECEIVING)

    def _has_received(self) -> bool:
        """Anything since it was begun: until then it may still look for a primary."""
        now = self.clock.now().timestamp()
        youngest_s = min((now - at for _, at in written_at(self.folder)), default=math.inf)
        return youngest_s <= self.clock.monotonic() - self.begun_at

    def _ended(self, said: str) -> None:
        why, now = ending(said), self.clock.monotonic()
        if why is Ending.LATER:
            self.refused_at = None
            missed = f"nothing is received: {said or 'the program said nothing'}"
            self._tell(FULL if NO_SPACE in said else missed)
            return
        self._tell(f"{why}: {said}")
        self.refused_at = now if self.refused_at is None else self.refused_at
        if why is Ending.GONE or now - self.refused_at >= ANEW_S:
            self._begin_anew()
            self.refused_at = None

    def _begin_anew(self) -> None:
        """Where there is nothing to be given up but the slot, it is the slot that is of no use."""
        names = sorted(each.name for each in self.folder.iterdir())
        if files.newest(names) is None:
            self._give_up_slot()
            return
        for name in names:
            if files.is_finished(name) and not self.repository.keeps(name):
                self._save(name)
        for name in names:
            (self.folder / name).unlink(missing_ok=True)
        self.say("what was received so far is given up, and receiving begins anew")

    def _give_up_slot(self) -> None:
        if self.clock.monotonic() - self.dropped_at < ANEW_S:
            return
        self.dropped_at = self.clock.monotonic()
        try:
            self.drop_slot()
        except StandfastError as error:
            self._tell(f"the slot is of no use, and cannot be given up: {error.problem}")
            return
        self.say("the slot is given up, and another one begins where the log is now")

    def _tell(self, words: str) -> None:
        """What is the same as before is not said again."""
        if words != self.said:
            self.say(words)
        self.said = words


def written_at(folder: Path) -> Iterator[tuple[str, float]]:
    """When each file was last written to, by the system's clock."""
    for each in folder.iterdir():
        with suppress(FileNotFoundError):  # it has got its final name just now
            yield each.name, each.stat().st_mtime


def free_bytes(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def torn(folder: Path) -> list[Path]:
    """A file for which there was no room when it was begun. The program would refuse to go on."""
    return [
        each
        for each in folder.iterdir()
        if files.is_partial(each.name) and each.stat().st_size != wal.SEGMENT_BYTES
    ]


def begun(command: Command, words: Path) -> Running:
    with words.open("wb") as said:
        return start(command, stdin=NOTHING, stdout=NOTHING, stderr=said)


def main(variables: Mapping[str, str] = os.environ) -> None:
    folder = Path(RECEIVED)
    os.umask(0o077)
    settings, clock, runner = Settings.read(), SystemClock(), SystemRunner()
    command = receive(settings, folder)
    receiver = Receiver(
        folder=folder,
        words=Path(variables.get("TMPDIR", "/tmp")) / "words",
        repository=PgBackRest(runner=runner),
        clock=clock,
        begin=lambda words: begun(command, words),
        drop_slot=lambda: runner.run(drop_slot(settings)),
        say=lambda words: print(words, file=sys.stderr, flush=True),
    )
    while True:
        receiver.turn()
        clock.sleep(PACE_S)


if __name__ == "__main__":
    main()
