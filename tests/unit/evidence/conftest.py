"""A small site's evidence, told entry by entry. Times are hours after `NOON`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.written import WrittenLog

from standfast.evidence.entries import Entry
from standfast.evidence.envelope import leaf
from standfast.evidence.note import vkey
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.statement import (
    AnyPredicate,
    Calibration,
    EnrolledNotice,
    EnrolledSigner,
    Kind,
    Proof,
    Run,
    Slot,
    Statement,
    TextNotice,
)
from standfast.promises.judge import judge
from standfast.promises.model import Figures, Grade, Outcome

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORIGIN = "evidence.example.test/log"
SITE = "example"
OBJECTIVE = {"failed_requests": 0, "doubled_writes": 0}
GOOD = {"requests": 3000, "failed_requests": 0, "doubled_writes": 0}
BAD = {"requests": 3000, "failed_requests": 7, "doubled_writes": 0}


def hour(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


@dataclass
class Told:
    """Predicates in the order in which they enter the log."""

    log_signer: Ed25519Signer
    machine: Ed25519Signer
    predicates: list[AnyPredicate] = field(default_factory=list)

    @property
    def vkey(self) -> str:
        return vkey(self.log_signer)

    def add(self, predicate: AnyPredicate) -> int:
        self.predicates.append(predicate)
        return len(self.predicates) - 1

    def enrol(self, at: float = 0) -> int:
        signer = EnrolledSigner(name=self.machine.name, key=vkey(self.machine))
        return self.add(EnrolledNotice(text="monitor-1 measures", at=hour(at), signers=(signer,)))

    def notice(self, at: float) -> int:
        return self.add(TextNotice(text="the text of the page has changed", at=hour(at)))

    def slot(
        self,
        starts: float,
        until: float,
        *,
        objective: Figures = OBJECTIVE,
        promise: str = "redundant-web",
        drill: str | None = "web-server",
        period_h: float = 24,
        calibrated_within_h: float = 168,
    ) -> int:
        return self.add(
            Slot(
                promise=promise,
                drill=drill,
                statement="Any web server can fail without interrupting access.",
                objective=dict(objective),
                default_objective=dict(OBJECTIVE),
                proof="One web server is cut.",
                starts_at=hour(starts),
                until=hour(until),
                calibrated_within_s=calibrated_within_h * 3600,
                period_s=period_h * 3600,
            )
        )

    def run(
        self,
        starts: float,
        ends: float,
        measured: Figures = GOOD,
        *,
        objective: Figures = OBJECTIVE,
        outcome: Outcome | None = None,
        promise: str = "redundant-web",
        drill: str = "web-server",
    ) -> Run:
        return Run(
            promise=promise,
            drill=drill,
            outcome=outcome or judge(objective, measured),
            grade=Grade.REHEARSED,
            stand_ins=("web-1, web-2 share one kernel",),
            objective=dict(objective),
            measured=dict(measured),
            started_at=hour(starts),
            ended_at=hour(ends),
            run=f"run-{starts:g}",
            story=("power cut of web-1 at 100 requests/s",),
            seen={"cut": "web-1", "rate_per_s": 99.5, "kernels": ["a", "a"]},
        )

    def prove(
        self,
        slot: int,
        at: float,
        measured: Figures = GOOD,
        *,
        objective: Figures = OBJECTIVE,
        outcome: Outcome | None = None,
        promise: str = "redundant-web",
        drill: str = "web-server",
    ) -> int:
        """A proof of six minutes that begins at this hour."""
        run = self.run(
            at,
            at + 0.1,
            measured,
            objective=objective,
            outcome=outcome,
            promise=promise,
            drill=drill,
        )
        return self.add(Proof(slot=slot, **dict(run)))

    def calibrate(
        self,
        at: float,
        *,
        red: Figures = BAD,
        objective: Figures = OBJECTIVE,
        promise: str = "redundant-web",
        drill: str = "web-server",
    ) -> int:
        named = {"promise": promise, "drill": drill}
        return self.add(
            Calibration(
                promise=promise,
                fault="blind-edge",
                fault_words="the health check never fails",
                planted_at=hour(at),
                removed_at=hour(at + 0.2),
                red=self.run(at + 0.1, at + 0.2, red, objective=objective, **named),
                green=self.run(at + 0.3, at + 0.4, objective=objective, **named),
            )
        )

    def entries(self) -> tuple[Entry, ...]:
        return tuple(
            Entry(index=index, signer="", statement=Statement(site=SITE, predicate=each))
            for index, each in enumerate(self.predicates)
        )

    def leaves(self) -> list[bytes]:
        return [self.leaf(each) for each in self.predicates]

    def leaf(self, predicate: AnyPredicate) -> bytes:
        kind = Statement(site=SITE, predicate=predicate).kind
        by_log = kind in (Kind.SLOT, Kind.NOTICE)
        return leaf(SITE, predicate, self.log_signer if by_log else self.machine)


@pytest.fixture
def told() -> Told:
    return Told(
        log_signer=Ed25519Signer.from_seed(ORIGIN, bytes(32)),
        machine=Ed25519Signer.from_seed("monitor-1", bytes([1] * 32)),
    )


@pytest.fixture
def kept(told: Told) -> Told:
    """Enrolled, announced, calibrated and proven: kept at hour 2."""
    told.enrol()
    slot = told.slot(0, 24)
    told.prove(slot, 0.5)
    told.calibrate(1)
    return told


@pytest.fixture
def open_log(told: Told) -> Callable[[Path], WrittenLog]:
    return lambda folder: WrittenLog(folder, told.log_signer)


@pytest.fixture(name="hour")
def _hour() -> Callable[[float], datetime]:
    return hour
