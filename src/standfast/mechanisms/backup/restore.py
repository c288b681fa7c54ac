"""Restore the newest copy to scratch, start it, replay it to the end, and check what came back.

    python3 -m standfast.mechanisms.backup.restore

Started as a unit without a network (standfast-restore.service), which destroys the scratch folder
however this ends. The order lies in a file; the report is left beside it. A check that
fails is said with what was expected and what was found, and the later ones that still can be made
are made. Standard library only.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from operator import eq
from pathlib import Path

from standfast.core.clock import Clock, SystemClock
from standfast.core.command import SystemRunner
from standfast.core.errors import CannotVerify, StandfastError
from standfast.core.files import write_atomically
from standfast.core.units import stamp
from standfast.mechanisms.backup import digests, wal
from standfast.mechanisms.backup.engine import Engine
from standfast.mechanisms.backup.orders import Order, Settings
from standfast.mechanisms.backup.pgbackrest.machine import PgBackRest
from standfast.mechanisms.backup.places import (
    ORDER,
    OVERRIDE,
    RECEIVED,
    REPORT,
    SCRATCH,
    USER,
)
from standfast.mechanisms.backup.scratch import Scratch

FOUND_LIMIT = 1000
"""Characters of a program's complaint in the report; evidence is bounded."""

WHOLE = "the newest copy, whole"
ANSWERS = "a server that answers"
NOTHING = "no complaint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    name: str
    expected: str
    found: str
    passed: bool


@dataclass(slots=True, kw_only=True)
class Report:
    """`restore_s`: until the restored server answered. `data_age_s`: how old its newest row was
    at that moment. Either is None when it did not come to that. `seconds`: of each step."""

    run: str
    copy: str = ""
    finished_at: str = ""
    restore_s: float | None = None
    data_age_s: float | None = None
    checks: list[Check] = field(default_factory=list)
    tables: dict[str, list[int | str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), sort_keys=True).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    engine: Engine
    scratch: Scratch
    clock: Clock
    order: Order
    report: Report

    def run(self) -> None:
        began = self.clock.monotonic()
        if not self._check("restored", WHOLE, self._restored):
            return
        self._check("identifier", self.order.identifier, self._identifier)
        try:
            with self.scratch.running():
                self._answered(began)
                self._look_inside()
        except StandfastError as error:
            self._note("started", ANSWERS, error.problem, passed=False)
            return
        self._check("pages", NOTHING, self._pages)

    def _answered(self, began: float) -> None:
        """All WAL that is kept has been replayed: this is the moment that counts."""
        now = self.clock.now()
        self.report.restore_s = round(self.clock.monotonic() - began, 1)
        self._note("started", ANSWERS, ANSWERS, passed=True)
        self._check("replayed", self.order.reach, self._replayed, is_reached)
        self._check(
            "heartbeat", "a row that the primary wrote", lambda: self._heartbeat(now), is_there
        )

    def _look_inside(self) -> None:
        self._check("rows", "every row can be read", self._rows)
        self._check("structure", NOTHING, self._structure)

    def _restored(self) -> str:
        newest = self.engine.copies()[-1:]
        if not newest:
            raise CannotVerify("there is no finished copy")
        self.report.copy = newest[0].name
        self.report.finished_at = stamp(newest[0].finished_at)
        self.scratch.make()
        self.engine.restore(self.scratch.data, self.scratch.tablespaces)
        return WHOLE

    def _identifier(self) -> str:
        return identifier(self.scratch.run("pg_controldata", str(self.scratch.data)))

    def _replayed(self) -> str:
        return self.scratch.query("postgres", "SELECT pg_last_wal_replay_lsn();\n").strip()

    def _heartbeat(self, now: datetime) -> str:
        seconds = [
            float(line)
            for database in self._databases()
            for line in self.scratch.query(database, digests.HEARTBEAT).split()
        ]
        if not seconds:
            return ""
        newest = datetime.fromtimestamp(max(seconds), UTC)
        self.report.data_age_s = round((now - newest).total_seconds(), 1)
        return stamp(newest)

    def _rows(self) -> str:
        self.report.tables = digests.as_json(digests.of_all(self.scratch.query))
        return "every row can be read"

    def _structure(self) -> str:
        """Each row against its index and each page against its neighbours (pg_amcheck(1))."""
        here = (f"--host={self.scratch.socket}", "--username=postgres")
        what = ("--all", "--install-missing", "--heapallindexed")
        return self.scratch.run("pg_amcheck", *here, *what).strip() or NOTHING

    def _pages(self) -> str:
        self.scratch.run("pg_checksums", "--check", f"--pgdata={self.scratch.data}")
        return NOTHING

    def _databases(self) -> list[str]:
        return self.scratch.query("postgres", digests.DATABASES).splitlines()

    def _check(
        self,
        name: str,
        expected: str,
        look: Callable[[], str],
        holds: Callable[[str, str], bool] = eq,
    ) -> bool:
        """A step that cannot be made has failed: its own words are what was found."""
        with self._timed(name):
            try:
                found = look()
                passed = holds(expected, found)
            except StandfastError as error:
                found, passed = error.problem, False
        self._note(name, expected, found, passed=passed)
        return passed

    def _note(self, name: str, expected: str, found: str, *, passed: bool) -> None:
        found = found[-FOUND_LIMIT:]
        self.report.checks.append(Check(name=name, expected=expected, found=found, passed=passed))

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        began = self.clock.monotonic()
        yield
        self.report.seconds[name] = round(self.clock.monotonic() - began, 1)


def is_reached(expected: str, found: str) -> bool:
    return found != "" and wal.position(found) >= wal.position(expected)


def is_there(_: str, found: str) -> bool:
    return found != ""


def identifier(shown: str) -> str:
    """What pg_controldata(1) says of the cluster."""
    for line in shown.splitlines():
        name, _, value = line.partition(":")
        if name == "Database system identifier":
            return value.strip()
    return "none"


def here(order: Order, engine: Engine, folder: Path) -> Restore:
    """On this machine, into `folder`, by the programs that its settings name."""
    clock = SystemClock()
    scratch = Scratch(
        folder=folder,
        programs=Path(Settings.read().programs),
        user=USER,
        runner=SystemRunner(),
        clock=clock,
    )
    report = Report(run=order.run)
    return Restore(engine=engine, scratch=scratch, clock=clock, order=order, report=report)


def main() -> int:
    """A planted fault is about the repository, so nothing from beside it may make up for it."""
    order = Order.from_json(Path(ORDER).read_bytes())
    misled = Path(OVERRIDE).exists()
    engine = PgBackRest(runner=SystemRunner(), beside=None if misled else Path(RECEIVED))
    restore = here(order, engine, Path(SCRATCH))
    Path(REPORT).unlink(missing_ok=True)
    restore.run()
    write_atomically(Path(REPORT), restore.report.to_json(), mode=0o640)
    return 0


if __name__ == "__main__":
    sys.exit(main())
