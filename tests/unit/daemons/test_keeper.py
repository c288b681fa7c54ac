"""The keeper announces before it is due, logs what enrolled keys signed, once, and shows it."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from standfast.daemons.keeper import Keeper
from standfast.evidence.envelope import leaf
from standfast.evidence.note import vkey
from standfast.evidence.read import Entry
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.statement import EnrolledNotice, Proof, Slot
from standfast.promises.catalog import REDUNDANT_WEB
from standfast.promises.judge import judge
from standfast.promises.model import Grade

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORIGIN = "example.localhost/trust/log"
LOG_KEY = Ed25519Signer.from_seed(ORIGIN, bytes(32))
VANTAGE = Ed25519Signer.from_seed("vantage", b"v" * 32)
STRANGER = Ed25519Signer.from_seed("vantage", b"s" * 32)


LIMITS = {part.drill: dict(part.objective) for part in REDUNDANT_WEB.parts}
OBJECTIVE = LIMITS["web-server"]


@dataclass
class HandClock:
    at: datetime = NOON
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - NOON).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Monitor:
    keeper: Keeper
    clock: HandClock

    def turn(self) -> None:
        self.keeper.turn(self.keeper.prepare())

    def hand_in(self, proof: Proof, signer: Ed25519Signer = VANTAGE, name: str = "one") -> Path:
        self.keeper.prepare()
        path = self.keeper.folder / "spool" / f"{name}.json"
        path.write_bytes(leaf("example", proof, signer))
        return path

    @property
    def entries(self) -> tuple[Entry, ...]:
        record = self.keeper._read()
        assert record.complaints == ()
        return record.entries

    def count(self, kind: type) -> int:
        return sum(isinstance(each.statement.predicate, kind) for each in self.entries)

    @property
    def page(self) -> Any:
        return json.loads((self.keeper.www / "trust.json").read_text())


@pytest.fixture
def monitor(tmp_path: Path) -> Monitor:
    clock = HandClock()
    settings = {
        "site": "example",
        "service": "timesheets",
        "origin": ORIGIN,
        "log_url": "https://example.test/trust/log",
        "folder": str(tmp_path),
        "promises": [{"id": "redundant-web", "objective": LIMITS, "usual": LIMITS}],
        "not_promised": {},
        "enrolled": [{"name": "vantage", "key": vkey(VANTAGE)}],
    }
    return Monitor(keeper=Keeper(settings=settings, signer=LOG_KEY, clock=clock), clock=clock)


def proof(slot: int, at: datetime, failed: float = 0) -> Proof:
    measured = {"failed_requests": failed, "doubled_writes": 0.0}
    return Proof(
        promise="redundant-web",
        drill="web-server",
        outcome=judge(OBJECTIVE, measured),
        grade=Grade.REHEARSED,
        stand_ins=("web-1, web-2 share one kernel",),
        objective=dict(OBJECTIVE),
        measured=measured,
        started_at=at,
        ended_at=at + timedelta(seconds=30),
        run="1f0e7a52-7c5b-4b1e-9d7c-3f3f6f0b6a11",
        story=("power cut of web-1 at 100 requests/s … 3,000 asked, 0 failed",),
        seen={},
        slot=slot,
    )


def test_a_new_log_begins_with_who_may_sign_and_what_will_be_proven(monitor: Monitor) -> None:
    monitor.turn()
    first, second = monitor.entries
    assert isinstance(first.statement.predicate, EnrolledNotice)
    assert isinstance(second.statement.predicate, Slot)
    assert second.statement.predicate.starts_at == NOON


def test_a_turn_with_nothing_to_do_logs_nothing(monitor: Monitor) -> None:
    for _ in range(3):
        monitor.turn()
        monitor.clock.sleep(60)
    assert len(monitor.entries) == 2


def test_the_next_slot_is_logged_before_the_running_one_ends(monitor: Monitor) -> None:
    monitor.turn()
    monitor.clock.sleep(REDUNDANT_WEB.period.total_seconds() * 0.9)
    monitor.turn()
    slots = [e.statement.predicate for e in monitor.entries]
    before, after = (each for each in slots if isinstance(each, Slot))
    assert after.starts_at == before.until > monitor.clock.now()


def test_a_proof_that_is_handed_in_is_logged_and_shown(monitor: Monitor) -> None:
    monitor.turn()
    path = monitor.hand_in(proof(1, NOON))
    monitor.clock.sleep(60)
    monitor.turn()
    assert monitor.count(Proof) == 1
    assert not path.exists()
    (promise,) = monitor.page["promises"]
    assert promise["measured"]["failed_requests"] == 0
    assert promise["reason"] == "its check has not been seen red yet"


def test_a_keeper_that_died_after_logging_does_not_log_twice(monitor: Monitor) -> None:
    monitor.turn()
    monitor.hand_in(proof(1, NOON))
    monitor.turn()
    monitor.hand_in(proof(1, NOON), name="again")
    monitor.turn()
    assert monitor.count(Proof) == 1
    assert list((monitor.keeper.folder / "spool").iterdir()) == []


def test_what_a_stranger_signed_is_set_aside_and_never_logged(
    monitor: Monitor, capsys: pytest.CaptureFixture[str]
) -> None:
    monitor.turn()
    path = monitor.hand_in(proof(1, NOON), signer=STRANGER)
    monitor.turn()
    assert monitor.count(Proof) == 0
    assert not path.exists()
    assert (monitor.keeper.folder / "refused" / path.name).is_file()
    assert "refused one.json" in capsys.readouterr().err


def test_what_is_no_envelope_is_set_aside(monitor: Monitor) -> None:
    monitor.turn()
    path = monitor.hand_in(proof(1, NOON))
    path.write_bytes(b"{}")
    monitor.turn()
    assert (monitor.keeper.folder / "refused" / path.name).is_file()


def test_a_broken_proof_turns_the_page_red(monitor: Monitor) -> None:
    monitor.turn()
    monitor.hand_in(proof(1, NOON, failed=37))
    monitor.turn()
    assert monitor.page["headline"] == "1 of 1 promises broken"
    assert b"broken" in (monitor.keeper.www / "index.html").read_bytes().lower()


def test_a_page_that_was_damaged_is_made_again(monitor: Monitor) -> None:
    monitor.turn()
    (monitor.keeper.www / "trust.json").write_text("{}")
    monitor.clock.sleep(120)
    monitor.turn()
    assert monitor.page["site"] == "example"
