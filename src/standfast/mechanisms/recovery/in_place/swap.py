"""On a database machine: put what came back in the place of what was there, which is kept aside.

    python3 -m standfast.mechanisms.recovery.in_place.swap look|take|aside DATA RUN PROGRAMS

DATA is the database's folder, RUN names the recovery. `take` is for the machine on which it came
back, `aside` for the others, which copy it anew. Prints JSON (`Found`).

*Invariant.* Nothing is deleted, and what was there has moved before anything takes its place; each
is one rename. Stopped between the two there is no database in its place, and Patroni makes none,
because etcd still knows which cluster this is. Repeated after any step, the rest follows; repeated
after all of them, nothing does. As root; standard library only.
"""

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from standfast.core.command import Command, Runner, SystemRunner
from standfast.core.errors import Refused, StandfastError
from standfast.core.files import flush_folder, write_atomically
from standfast.mechanisms.backup import wal
from standfast.mechanisms.database import own

RECOVERED = "recovered"
"""Beside the database's folder: what comes back, until it takes its place."""

BEFORE = "before-"
"""Beside it, with the recovery's name behind it: what was there before."""

MARK = "standfast-recovered"
"""In the database's folder: which recovery it came from. A copy of it has the mark too."""

PATRONI = "standfast-patroni.service"
PROC = Path("/proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`taken`: that recovery's database is in its place. `moved`: what was there is kept aside, or
    there was nothing. `still`: neither Patroni nor PostgreSQL runs. `free_bytes` are of its
    disk."""

    taken: bool
    moved: bool
    still: bool
    free_bytes: int

    @classmethod
    def from_json(cls, text: str) -> "Found":
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """`still` says whether neither Patroni nor PostgreSQL runs; `programs` are PostgreSQL's."""

    data: Path
    run: str
    programs: Path
    runner: Runner
    still: Callable[[], bool]

    @property
    def recovered(self) -> Path:
        return self.data.with_name(RECOVERED) / "data"

    @property
    def before(self) -> Path:
        return self.data.with_name(f"{BEFORE}{self.run}")

    def look(self) -> Found:
        return Found(
            taken=self.is_taken(),
            moved=self.before.exists(),
            still=self.still(),
            free_bytes=shutil.disk_usage(self.data.parent).free,
        )

    def is_taken(self) -> bool:
        return mark(self.data) == self.run and not self.recovered.exists()

    def take(self) -> None:
        if self.is_taken():
            return
        self.must_be_still()
        if not self.recovered.is_dir():
            raise Refused("nothing has come back on this machine yet")
        hand_over_history(self.recovered, self.controldata())
        write_as_owner(self.recovered / MARK, self.run)
        self.set_aside()
        self.recovered.rename(self.data)
        flush_folder(self.data.parent)

    def set_aside(self) -> None:
        """Once for each recovery: what is there afterwards came with it."""
        if self.before.exists():
            if not is_empty(self.data) and mark(self.data) != self.run:
                raise Refused(
                    f"{self.data} has a database that is neither the former one nor what came back",
                    remedy=f"Look at it, and move it away; the former one is in {self.before}.",
                )
            drop_empty(self.data)
            return
        self.must_be_still()
        if is_empty(self.data):
            drop_empty(self.data)
            self.before.mkdir(mode=0o700)
        else:
            self.data.rename(self.before)
        flush_folder(self.data.parent)

    def must_be_still(self) -> None:
        if not self.still():
            raise Refused("Patroni or PostgreSQL runs on this machine, so nothing is moved")

    def controldata(self) -> str:
        told = Command(argv=(str(self.programs / "pg_controldata"), str(self.recovered)))
        return self.runner.run(told).text


def mark(data: Path) -> str:
    path = data / MARK
    return path.read_text() if path.is_file() else ""


def is_empty(data: Path) -> bool:
    return not data.exists() or not any(data.iterdir())


def drop_empty(data: Path) -> None:
    if data.exists() and is_empty(data):
        data.rmdir()


def write_as_owner(path: Path, text: str) -> None:
    owner = path.parent.stat()
    write_atomically(path, text.encode(), mode=0o600, uid=owner.st_uid, gid=owner.st_gid)


def hand_over_history(data: Path, shown: str) -> None:
    """Have what this timeline began with sent to the repositories, since nothing was while it
    began: PostgreSQL sends whatever has a `.ready` (its source, xlogarchive.c). `shown` is what
    pg_controldata(1) says."""
    said = {
        name.strip(): value.strip()
        for name, _, value in (line.partition(":") for line in shown.splitlines())
    }
    timeline = int(said["Latest checkpoint's TimeLineID"])
    current = said["Latest checkpoint's REDO WAL file"]
    status = data / "pg_wal" / "archive_status"
    for path in (data / "pg_wal").iterdir():
        ready, done = status / f"{path.name}.ready", status / f"{path.name}.done"
        if is_due(path.name, timeline, current) and not done.exists():
            write_as_owner(ready, "")


def is_due(name: str, timeline: int, current: str) -> bool:
    """The timeline's history, and segments that are full; the current one is sent once it is."""
    if name == f"{timeline:08X}.history":
        return True
    return wal.is_segment(name) and wal.timeline(name) == timeline and name < current


def is_still(data: Path, runner: Runner, proc: Path = PROC) -> bool:
    asked = Command(argv=("systemctl", "is-active", "--quiet", PATRONI))
    return runner.run(asked, check=False).status != 0 and own.postmaster(data, proc=proc) is None


def main(verb: str, data: str, run: str, programs: str) -> int:
    runner, place = SystemRunner(), Path(data)
    swap = Swap(
        data=place,
        run=run,
        programs=Path(programs),
        runner=runner,
        still=lambda: is_still(place, runner),
    )
    try:
        match verb:
            case "take":
                swap.take()
            case "aside":
                swap.set_aside()
    except StandfastError as error:
        print(error.words, file=sys.stderr)
        return error.exit_code
    print(json.dumps(asdict(swap.look())))
    return 0


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main(*sys.argv[1:]))
