"""What a database machine does with a canary: as a primary, as a secondary, and as neither."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import UUID

import psycopg
import pytest
from tests.unit.clocks import HandClock

from standfast.core.clock import SystemClock
from standfast.core.errors import Refused
from standfast.daemons import copied
from standfast.daemons.copied import Copy, answer, listening, serve
from standfast.mechanisms.hosts.agent.canary import canary

RUN = UUID("1f0e7a52-7c5b-4b1e-9d7c-3f3f6f0b6a11")


@dataclass
class PostgreSQL:
    """A connection to it, and the session that holds it. `hangs`: a commit that nobody
    acknowledges, until it is cancelled."""

    is_secondary: bool = False
    has: set[UUID] = field(default_factory=set)
    dead: bool = False
    hangs: bool = False
    dropped: int = 0
    said: Any = None
    cancelled: Event = field(default_factory=Event)

    def connected(self) -> "PostgreSQL":
        return self

    def drop(self) -> None:
        self.dropped += 1

    def cancel(self) -> None:
        self.cancelled.set()

    def execute(self, statement: str, values: tuple[UUID, ...] = ()) -> "PostgreSQL":
        if self.dead:
            raise psycopg.OperationalError("the server closed the connection\nunexpectedly")
        match statement:
            case copied.IS_SECONDARY:
                self.said = [(self.is_secondary,)]
            case copied.WRITE:
                self._write(*values)
            case copied.LEVEL:
                self.said = [("on",)]
            case copied.SENDERS:
                self.said = [("db-2", "streaming", "sync")]
            case copied.HAS_COME:
                self.said = [(values[0] in self.has,)]
            case copied.RECEIVES:
                self.said = [(True,)]
        return self

    def _write(self, run: UUID) -> None:
        if self.is_secondary:
            raise psycopg.errors.ReadOnlySqlTransaction("it is a secondary")
        if self.hangs:
            assert self.cancelled.wait(10), "nobody gave up"
        self.has.add(run)

    def fetchone(self) -> tuple[Any, ...]:
        row: tuple[Any, ...] = self.said[0]
        return row

    def fetchall(self) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self.said
        return rows


def copy(database: PostgreSQL) -> Copy:
    return Copy(session=database, clock=HandClock())  # type: ignore[arg-type]  # what it uses of it


def test_a_primary_writes_it_and_says_for_whom_it_waits() -> None:
    database = PostgreSQL()
    assert copy(database).part(RUN) == {
        "is_primary": True,
        "acknowledged": True,
        "level": "on",
        "senders": [("db-2", "streaming", "sync")],
    }
    assert database.has == {RUN}


def test_a_commit_that_nobody_acknowledges_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copied, "PATIENCE_S", 0.05)
    database = PostgreSQL(hangs=True)
    found = Copy(session=database, clock=SystemClock()).part(RUN)  # type: ignore[arg-type]
    assert database.cancelled.is_set()
    assert found["acknowledged"] is False


def test_a_secondary_waits_for_it_and_writes_nothing() -> None:
    database = PostgreSQL(is_secondary=True, has={RUN})
    assert copy(database).part(RUN) == {"is_primary": False, "has_come": True, "receives": True}
    database.has.clear()
    here = copy(database)
    assert here.part(RUN)["has_come"] is False
    assert here.clock.monotonic() == pytest.approx(copied.PATIENCE_S, abs=copied.POLL_S)
    assert not database.has


def test_a_canary_from_before_is_not_this_one() -> None:
    database = PostgreSQL(is_secondary=True, has={UUID(int=7)})
    assert copy(database).part(RUN)["has_come"] is False


def test_a_database_that_does_not_answer_is_asked_anew_the_next_time() -> None:
    database = PostgreSQL(dead=True)
    said = answer(f"{RUN}\n".encode(), copy(database))
    assert said == {"problem": "PostgreSQL does not answer: the server closed the connection"}
    assert database.dropped == 1


@pytest.fixture
def served(tmp_path: Path) -> Callable[[PostgreSQL], Path]:
    def start(database: PostgreSQL) -> Path:
        path = tmp_path / "asked"
        path.write_text("left over from before")
        Thread(target=serve, args=(listening(path), copy(database)), daemon=True).start()
        return path

    return start


def test_the_agent_asks_it_over_its_socket(served: Callable[[PostgreSQL], Path]) -> None:
    path = served(PostgreSQL())
    found = canary(str(RUN), path)
    assert found["senders"] == [["db-2", "streaming", "sync"]]
    assert json.dumps(found)


def test_what_is_no_canary_gets_no_further() -> None:
    for bad in ("", "db-1", "'; DROP TABLE", None):
        with pytest.raises(Refused, match="a canary is a UUID"):
            canary(bad)  # type: ignore[arg-type]


def test_a_database_that_is_down_is_an_answer(served: Callable[[PostgreSQL], Path]) -> None:
    said = canary(str(RUN), served(PostgreSQL(dead=True)))
    assert said == {"problem": "PostgreSQL does not answer: the server closed the connection"}


def test_a_heartbeat_that_does_not_run_is_said(tmp_path: Path) -> None:
    said = canary(str(RUN), tmp_path / "nobody")
    assert str(said["problem"]).startswith("the heartbeat does not answer")
