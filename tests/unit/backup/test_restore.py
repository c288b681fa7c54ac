"""A restore says of each check what was expected and what was found, and stops at nothing that can
still be looked at."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from standfast.core.errors import CannotVerify, CommandFailed
from standfast.mechanisms.backup.engine import Copy, Kind
from standfast.mechanisms.backup.orders import Order
from standfast.mechanisms.backup.restore import Report, Restore
from standfast.mechanisms.backup.scratch import Scratch

from .copies import copy

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
ORDER = Order(run="one", identifier="77", reach="0/5000028")
COPY = copy(began_at=NOW)


@dataclass(slots=True)
class TickingClock:
    at: float = 0.0

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        self.at += 1
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


@dataclass(frozen=True, slots=True)
class Shelf:
    kept: tuple[Copy, ...] = (COPY,)
    readable: bool = True

    def prepare(self) -> None:
        raise AssertionError("a restore makes nothing ready")

    def take(self, kind: Kind) -> None:
        raise AssertionError("a restore takes no copy")

    def copies(self) -> tuple[Copy, ...]:
        return self.kept

    def restore(self, into: Path, tablespaces: Path) -> None:
        if not self.readable:
            raise CommandFailed("the engine: checksum error")


@dataclass(slots=True, kw_only=True)
class SmallServer:
    """Answers as a restored PostgreSQL would. `fails` names programs that complain."""

    reached: str = "0/6000000"
    beat: float | None = NOW.timestamp() - 4
    identifier: str = "77"
    starts: bool = True
    fails: frozenset[str] = frozenset()
    data: Path = Path("/scratch/data")
    tablespaces: Path = Path("/scratch/tablespaces")
    socket: Path = Path("/scratch/socket")
    ran: list[str] = field(default_factory=list)

    def make(self) -> None:
        self.ran.append("make")

    @contextmanager
    def running(self) -> Iterator[None]:
        if not self.starts:
            raise CannotVerify("the restored PostgreSQL does not come up: no WAL")
        yield
        self.ran.append("stopped")

    def query(self, database: str, script: str) -> str:
        if "pg_last_wal_replay_lsn" in script:
            return f"{self.reached}\n"
        if "heartbeat" in script:
            return f"{self.beat}\n" if self.beat and database == "timesheets" else "\n"
        if "pg_database" in script:
            return "postgres\ntimesheets\n"
        return "roles\t1\t2\n" if "pg_authid" in script else "public.entry\t3\t4\n"

    def run(self, program: str, *words: str) -> str:
        self.ran.append(program)
        if program in self.fails:
            raise CommandFailed(f"{program}: block 7 of relation entry")
        if program == "pg_controldata":
            return f"pg_control version: 1300\nDatabase system identifier:  {self.identifier}\n"
        return ""


def restored(server: SmallServer, shelf: Shelf | None = None) -> Report:
    report = Report(run=ORDER.run)
    Restore(
        engine=shelf or Shelf(),
        scratch=cast(Scratch, server),
        clock=TickingClock(),
        order=ORDER,
        report=report,
    ).run()
    return report


def failed(report: Report) -> list[str]:
    return [each.name for each in report.checks if not each.passed]


def test_a_good_copy_passes_every_check() -> None:
    server = SmallServer()
    report = restored(server)
    assert failed(report) == []
    assert [each.name for each in report.checks] == [
        *("restored", "identifier", "started", "replayed", "heartbeat"),
        *("rows", "structure", "pages"),
    ]
    assert report.data_age_s == 4
    assert report.copy == "1F"
    assert set(report.tables) == {
        "cluster.roles",
        "postgres.public.entry",
        "timesheets.public.entry",
    }
    assert server.ran.index("stopped") < server.ran.index("pg_checksums")


@pytest.mark.parametrize(
    ("server", "check"),
    [
        (SmallServer(identifier="78"), "identifier"),
        (SmallServer(reached="0/5000027"), "replayed"),
        (SmallServer(reached=""), "replayed"),
        (SmallServer(beat=None), "heartbeat"),
        (SmallServer(fails=frozenset({"pg_amcheck"})), "structure"),
        (SmallServer(fails=frozenset({"pg_checksums"})), "pages"),
        (SmallServer(fails=frozenset({"pg_controldata"})), "identifier"),
    ],
)
def test_each_damage_fails_its_own_check_and_the_others_are_still_made(
    server: SmallServer, check: str
) -> None:
    report = restored(server)
    assert failed(report) == [check]
    assert len(report.checks) == 8


def test_a_server_that_does_not_come_up_ends_it() -> None:
    report = restored(SmallServer(starts=False))
    assert failed(report) == ["started"]
    assert report.data_age_s is None
    assert "no WAL" in report.checks[-1].found


@pytest.mark.parametrize("shelf", [Shelf(readable=False), Shelf(kept=())])
def test_what_cannot_be_restored_is_checked_no_further(shelf: Shelf) -> None:
    report = restored(SmallServer(), shelf)
    assert failed(report) == ["restored"]
    assert len(report.checks) == 1
    assert report.restore_s is None


def test_a_report_is_json() -> None:
    import json

    document: dict[str, Any] = json.loads(restored(SmallServer()).to_json())
    assert document["checks"][0]["passed"] is True
    assert document["run"] == "one"
