"""Say what this machine's repository can bring back: its copies, its WAL, and until when that goes.

    python3 -m standfast.mechanisms.backup.shelf

Prints one JSON document (`Shelf`). Changes nothing. The engine's word counts for its copies; WAL is
seen by its files, and its time by what is written in it. What was received from the primary and is
not in the repository yet (`receiver/`) counts as what it has. Standard library only.
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from standfast.core.command import Runner, SystemRunner
from standfast.core.errors import StandfastError
from standfast.core.units import parse_stamp, stamp
from standfast.mechanisms.backup import chain, commits, wal
from standfast.mechanisms.backup.chain import Leg, Run
from standfast.mechanisms.backup.engine import Copy, Engine, Kind
from standfast.mechanisms.backup.orders import Settings
from standfast.mechanisms.backup.pgbackrest.machine import PgBackRest
from standfast.mechanisms.backup.places import IN_MEMORY, RECEIVED
from standfast.mechanisms.backup.receiver.files import HISTORY
from standfast.mechanisms.backup.receiver.received import Received

LOOK_BACK = 3
"""Segments in which a commit is looked for. The heartbeat commits every second, so the newest has
one, unless nothing could be written."""

RUNS = 8
"""So many of the newest runs of WAL have their time read. More gaps than that within two weeks are
another matter than how far each of them reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """`commits`: of each run of WAL, oldest first, the time of its last commit."""

    copies: tuple[Copy, ...]
    legs: tuple[Leg, ...]
    commits: Mapping[Run, datetime | None]

    def to_json(self) -> str:
        return json.dumps(
            {
                "copies": [{**asdict(each), **moments(each)} for each in self.copies],
                "legs": [asdict(each) for each in self.legs],
                "runs": [
                    {**asdict(run), "until": None if last is None else last.isoformat()}
                    for run, last in self.commits.items()
                ],
            }
        )

    @classmethod
    def from_json(cls, text: str) -> "Shelf":
        document = json.loads(text)
        return cls(
            copies=tuple(copy(each) for each in document["copies"]),
            legs=tuple(Leg(**each) for each in document["legs"]),
            commits={
                Run(first=each["first"], last=each["last"]): each["until"]
                and parse_stamp(each["until"])
                for each in document["runs"]
            },
        )


def moments(copy: Copy) -> Mapping[str, str]:
    return {"began_at": stamp(copy.began_at), "finished_at": stamp(copy.finished_at)}


def copy(document: Mapping[str, Any]) -> Copy:
    return Copy(
        **{
            **document,
            "kind": Kind(document["kind"]),
            "needs": tuple(document["needs"]),
            "began_at": parse_stamp(document["began_at"]),
            "finished_at": parse_stamp(document["finished_at"]),
        }
    )


def shelf(engine: Engine, received: Received, programs: Path, runner: Runner) -> Shelf:
    """The copies first: what ends meanwhile would seem to lack its WAL. What was received before
    what is kept: it may go from there to here meanwhile."""
    copies, fresh = engine.copies(), received.segments()
    kept = engine.segments()
    newest = max(map(wal.timeline, (*kept, *fresh)), default=1)
    legs = chain.way(newest, history(newest, engine, received) if newest > 1 else "")
    runs = chain.runs((*kept, *fresh), legs)

    def read(name: str) -> bytes:
        content = None if name in kept else received.read(name)
        return engine.segment(name) if content is None else content

    return Shelf(
        copies=copies,
        legs=legs,
        commits={
            **dict.fromkeys(runs),
            **{run: last_commit(run, legs, read, programs, runner) for run in runs[-RUNS:]},
        },
    )


def history(timeline: int, engine: Engine, received: Received) -> str:
    fresh = received.read(f"{timeline:08X}{HISTORY}")
    return engine.history(timeline) if fresh is None else fresh.decode()


def last_commit(
    run: Run,
    legs: tuple[Leg, ...],
    read: Callable[[str], bytes],
    programs: Path,
    runner: Runner,
) -> datetime | None:
    for number in range(run.last, max(run.first, run.last - LOOK_BACK + 1) - 1, -1):
        name = wal.name(chain.timeline_at(number, legs), number)
        with TemporaryDirectory(dir=IN_MEMORY) as folder:
            file = Path(folder) / name
            file.write_bytes(read(name))
            done = runner.run(commits.listing(programs, file), check=False)
        found = commits.newest(done.text)
        if found is not None:
            return found
    return None


def main() -> int:
    runner = SystemRunner()
    try:
        engine, received = PgBackRest(runner=runner), Received(folder=Path(RECEIVED))
        found = shelf(engine, received, Path(Settings.read().programs), runner)
    except StandfastError as error:
        print(error.words, file=sys.stderr)
        return error.exit_code
    print(found.to_json())
    return 0


if __name__ == "__main__":
    sys.exit(main())
