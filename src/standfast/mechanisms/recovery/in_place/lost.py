"""On a database machine: let its database be lost, in a drill, and have it back.

    python3 -m standfast.mechanisms.recovery.in_place.lost look|lose|halt|back|keep|forget DATA

DATA is the database's folder. `lose` renames it under the running PostgreSQL, so that its place is
empty for whoever looks; the power is cut next. `halt` ends a PostgreSQL that runs on it all the
same. `back` puts it into its place again, `keep` keeps it beside what came back from the backups,
until `forget`, with which the next drill begins. Prints JSON (`Found`).

*Invariant.* Only `forget` deletes, and only what a drill kept that ended with a database in its
place. Everything else is one rename; repeated after any step, the rest follows. As root; standard
library only.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from standfast.core.clock import Clock, SystemClock
from standfast.core.command import SystemRunner
from standfast.core.errors import Refused, StandfastError
from standfast.core.files import flush_folder
from standfast.mechanisms.database import own
from standfast.mechanisms.recovery.in_place.swap import PROC, drop_empty, is_empty, is_still

LOST = "lost"
"""Beside the database's folder: the database, for as long as a drill pretends that it is gone."""

FORMER = "former"
"""The same, once what came back has taken its place."""

ASIDE = "aside"
"""What Patroni had put into its place meanwhile, with a number behind it."""

HALT_LIMIT_S = 60.0
POLL_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`lost`: a drill has set the database aside and has not ended. `former`: one that ended has
    kept it. `there`: there is something in the database's place."""

    lost: bool
    former: bool
    there: bool

    @classmethod
    def from_json(cls, text: str) -> "Found":
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """`still`: neither Patroni nor PostgreSQL runs on these folders."""

    data: Path
    still: Callable[[], bool]

    @property
    def lost(self) -> Path:
        return self.data.with_name(LOST)

    @property
    def former(self) -> Path:
        return self.data.with_name(FORMER)

    def look(self) -> Found:
        return Found(
            lost=self.lost.exists(), former=self.former.exists(), there=not is_empty(self.data)
        )

    def lose(self) -> None:
        if self.lost.exists():
            raise Refused(
                f"{self.lost} has the database of a drill that was interrupted",
                remedy="`standfast up` puts it back.",
            )
        if is_empty(self.data):
            raise Refused(f"there is no database in {self.data}")
        self.data.rename(self.lost)
        flush_folder(self.data.parent)

    def back(self) -> None:
        if not self.lost.exists():
            return
        if not self.still():
            raise Refused("Patroni or PostgreSQL runs on this machine, so nothing is moved")
        drop_empty(self.data)
        if self.data.exists():
            self.data.rename(self._unused())
        self.lost.rename(self.data)
        flush_folder(self.data.parent)

    def keep(self) -> None:
        """What is there of an earlier drill has been superseded twice."""
        if not self.lost.exists():
            return
        self.forget()
        self.lost.rename(self.former)
        flush_folder(self.data.parent)

    def forget(self) -> None:
        if self.former.exists():
            shutil.rmtree(self.former)

    def _unused(self) -> Path:
        taken = len(list(self.data.parent.glob(f"{ASIDE}-*")))
        return self.data.with_name(f"{ASIDE}-{taken + 1}")


def postmasters(data: Path, proc: Path = PROC) -> list[int]:
    """Of either folder: one whose folder was renamed goes on in it."""
    found = (own.postmaster(each, proc=proc) for each in (data, data.with_name(LOST)))
    return sorted({pid for pid in found if pid is not None})


def halt(data: Path, clock: Clock, proc: Path = PROC) -> None:
    """SIGINT is a fast shutdown (postgres(1)), which writes down what was acknowledged. Patroni has
    been stopped before."""
    asked: set[int] = set()
    end = clock.monotonic() + HALT_LIMIT_S
    while running := postmasters(data, proc):
        for pid in set(running) - asked:
            os.kill(pid, signal.SIGINT)
            asked.add(pid)
        if clock.monotonic() > end:
            raise StandfastError(f"PostgreSQL did not stop within {HALT_LIMIT_S:.0f} s")
        clock.sleep(POLL_S)


def main(verb: str, data: str) -> int:
    place = Path(data)
    runner = SystemRunner()
    loss = Loss(data=place, still=lambda: is_still(place, runner) and not postmasters(place))
    try:
        match verb:
            case "lose":
                loss.lose()
            case "halt":
                halt(place, SystemClock())
            case "back":
                loss.back()
            case "keep":
                loss.keep()
            case "forget":
                loss.forget()
    except StandfastError as error:
        print(error.words, file=sys.stderr)
        return error.exit_code
    print(json.dumps(asdict(loss.look())))
    return 0


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main(*sys.argv[1:]))
