"""Bring what came back to the machines of a new site, and say how far it is. The operator's side.

The bundle's files are there by then, so the users are, and no unit has started.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from standfast.core.clock import Clock
from standfast.core.command import NOTHING, Command, start
from standfast.core.errors import CommandFailed, Refused
from standfast.core.units import size
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.recovery.lose_site.landed import Found
from standfast.mechanisms.recovery.lose_site.pace import Pace
from standfast.mechanisms.rollout.artifacts import Artifact
from standfast.mechanisms.rollout.run import module_of

LANDED = "standfast.mechanisms.recovery.lose_site.landed"

DATABASE = "database"
LOG = "log"

ROOM = 1.1
"""What arrives needs its own size, and PostgreSQL some more to start."""

LOOK_LIMIT_S = 60.0
CHUNK_BYTES = 1024**2

Tell = Callable[[str, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Land:
    """`programs` are ours, on the machines already; `run` names the recovery."""

    programs: Artifact
    run: str
    clock: Clock
    tell: Tell

    def look(self, connection: Connection, what: str) -> Found:
        asked = connection.run(self._words(what, "look"), timeout_s=LOOK_LIMIT_S)
        return Found.from_json(asked.text)

    def bring(
        self, connection: Connection, what: str, folder: Path, names: tuple[str, ...]
    ) -> None:
        """`names` in `folder` are what is brought; what that machine has already is not sent."""
        found = self.look(connection, what)
        if found.there and found.run == self.run:
            return
        whole = sum(each.lstat().st_size for each in files(folder, names))
        if what == DATABASE and not found.there and found.free_bytes < whole * ROOM:
            raise Refused(
                f"{connection.machine.name} has {size(found.free_bytes)} free where its database "
                f"lies, and {size(whole * ROOM)} are needed",
                remedy="Give it a larger disk; the same command goes on from here.",
            )
        self._send(connection, what, folder, names, whole)

    def _send(
        self, connection: Connection, what: str, folder: Path, names: tuple[str, ...], whole: int
    ) -> None:
        name = connection.machine.name
        packing = start(packed(folder, names), stdin=NOTHING, stderr=None)
        taking = start(Command(argv=connection.words(*self._words(what, "take", self.run))))
        assert packing.stdout is not None
        assert taking.stdin is not None
        assert taking.stderr is not None
        pace, count = Pace(whole=whole), 0
        with suppress(BrokenPipeError), taking.stdin as pipe:  # who ends early says why, below
            while chunk := packing.stdout.read(CHUNK_BYTES):
                pipe.write(chunk)
                count += len(chunk)
                pace.seen(self.clock.monotonic(), count)
                self.tell(name, pace.words(f"receiving the {what}"))
        packing.stdout.close()
        said = taking.stderr.read().decode("utf-8", "replace").strip()
        if taking.wait() or packing.wait():
            raise CommandFailed(
                f"{name} did not take the {what}: {said or 'it said nothing'}",
                remedy="Run the same command again: it goes on from here.",
            )

    def _words(self, *words: str) -> tuple[str, ...]:
        return module_of(self.programs, LANDED, *words)


def packed(folder: Path, names: Iterable[str]) -> Command:
    """tar(1): owners are the machine's to give."""
    return Command(argv=("tar", "--create", f"--directory={folder}", "--file=-", "--", *names))


def files(folder: Path, names: Iterable[str]) -> Iterator[Path]:
    for name in names:
        path = folder / name
        if path.is_file() and not path.is_symlink():
            yield path
        elif path.is_dir():
            yield from (
                each for each in path.rglob("*") if each.is_file() and not each.is_symlink()
            )
