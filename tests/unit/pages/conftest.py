"""A small site's record, written by the real log and read back by the real reader."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.written import WrittenLog

from standfast.core.units import stamp
from standfast.evidence import policy as policies
from standfast.evidence.company import Company, Contact, Policy, Security
from standfast.evidence.cosignature import cosigned, cosigner
from standfast.evidence.envelope import leaf
from standfast.evidence.note import joined, vkey
from standfast.evidence.policy import of_monitors
from standfast.evidence.read import Record, read_log
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.state import derive
from standfast.evidence.statement import (
    AnyPredicate,
    Availability,
    Calibration,
    CertificatesNotice,
    CompanyNotice,
    EnrolledNotice,
    EnrolledSigner,
    Proof,
    Run,
    ScopeNotice,
    ShownCertificate,
    Slot,
    TextNotice,
    Unpromised,
)
from standfast.evidence.timestamp.shelf import Stamped
from standfast.evidence.transport import FolderTransport
from standfast.pages.trust.render import pages
from standfast.promises.catalog import REDUNDANT_WEB, RESTORE_WORKS
from standfast.promises.judge import judge
from standfast.promises.model import Figures, Grade, Part, Promise

NOON = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
ORIGIN = "trust.example/log"
SHARED = ("edge-1, monitor-1, web-1, web-2 share one kernel",)
LOG_SIGNER = Ed25519Signer.from_seed(ORIGIN, bytes(range(32)))
MONITOR_SIGNER = Ed25519Signer.from_seed("monitor-1", bytes(range(1, 33)))
COMPANY = Company(
    name="Example Ltd",
    statements=("The data centre is guarded day and night.",),
    contacts=(Contact(about="data protection", address="mailto:privacy@example.test"),),
    policies=(
        Policy(title="Access", version="3", owner="operations", review_by=date(2026, 12, 31)),
        Policy(title="Incidents", version="1", owner="security", review_by=date(2026, 2, 28)),
    ),
    security=Security(
        contacts=("mailto:security@example.test", "https://example.test/report"),
        expires=date(2026, 9, 30),
        policy="https://example.test/security",
    ),
)
CERTIFICATES = (
    ShownCertificate(
        names=("shop.example", "www.shop.example"),
        addresses=("203.0.113.7", "203.0.113.8"),
        issuer="An Authority",
        serial="0A1B",
        sha256="ab" * 32,
        key="RSA 2048",
        valid_from=NOON - timedelta(days=20),
        valid_until=NOON + timedelta(days=70),
    ),
    ShownCertificate(
        names=("203.0.113.7",),
        addresses=("203.0.113.7",),
        issuer="Standfast CA of demo",
        serial="7F",
        sha256="cd" * 32,
        key="P-256",
        valid_from=NOON - timedelta(days=1),
        valid_until=NOON + timedelta(days=364),
    ),
)
LOOSER = {"failed_requests": 5, "doubled_writes": 0}


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


@dataclass(kw_only=True)
class Story:
    """What happened to a site, told in the order in which it was logged."""

    folder: Path
    promise: Promise = REDUNDANT_WEB
    leaves: list[bytes] = field(default_factory=list)
    slot: int = 0
    part: Part = REDUNDANT_WEB.parts[0]
    announced: Slot = field(init=False)
    objective: Figures = field(default_factory=lambda: REDUNDANT_WEB.parts[0].objective)

    def tell(self, predicate: AnyPredicate, signer: Ed25519Signer = LOG_SIGNER) -> "Story":
        self.leaves.append(leaf("demo", predicate, signer))
        return self

    def enrolled(self, at: datetime) -> "Story":
        signers = (EnrolledSigner(name="monitor-1", key=vkey(MONITOR_SIGNER)),)
        return self.tell(EnrolledNotice(text="monitor-1 may sign", at=at, signers=signers))

    def noticed(self, text: str, at: datetime) -> "Story":
        return self.tell(TextNotice(text=text, at=at))

    def said(self, company: Company, at: datetime) -> "Story":
        return self.tell(CompanyNotice(text="The company has spoken.", at=at, company=company))

    def shows(self, at: datetime, *shown: ShownCertificate) -> "Story":
        text = "Edges show other certificates from now on."
        return self.tell(CertificatesNotice(text=text, at=at, certificates=shown))

    def looked(
        self, start: datetime, until: datetime, *, outage: timedelta | None = None
    ) -> "Story":
        """Every ten seconds at two addresses; the outage, at both, is in the middle of it."""
        looks = (until - start) // timedelta(seconds=10)
        missed = outage // timedelta(seconds=10) if outage else 0
        middle = start + (until - start) / 2
        each = {"answered": looks - missed}
        count = {
            "from": start,
            "until": until,
            "every_s": 10,
            "looks": looks,
            "answered": looks - missed,
            "addresses": [{"address": f"203.0.113.{end}", **each} for end in (7, 8)],
            "outages": [(middle, middle + outage)] if outage else [],
            "down": False,
        }
        return self.tell(Availability.model_validate(count), MONITOR_SIGNER)

    def withdrawn(self, promise: Promise, at: datetime) -> "Story":
        left_out = Unpromised(
            promise=promise.id, statement=promise.statement, why="the operator's file says so"
        )
        return self.tell(ScopeNotice(text="One is left out.", at=at, not_promised=(left_out,)))

    def promising(self, promise: Promise) -> "Story":
        self.promise = promise
        return self

    def due(
        self, start: datetime, *, objective: Mapping[str, float] | None = None, part: int = 0
    ) -> "Story":
        promise, self.part = self.promise, self.promise.parts[part]
        self.slot, self.objective = len(self.leaves), objective or self.part.objective
        self.announced = Slot(
            promise=promise.id,
            drill=self.part.drill,
            statement=promise.statement,
            objective=dict(self.objective),
            default_objective=dict(self.part.objective),
            proof=self.part.proof,
            starts_at=start,
            until=start + promise.period,
            calibrated_within_s=promise.calibrated_within.total_seconds(),
            period_s=promise.period.total_seconds(),
        )
        return self.tell(self.announced)

    def calibrated(self, at: datetime) -> "Story":
        return self.tell(
            Calibration(
                promise=self.promise.id,
                fault=self.part.fault,
                fault_words="a health check that never fails",
                planted_at=at - timedelta(minutes=4),
                removed_at=at - timedelta(minutes=2),
                red=Run(**self.run(at - timedelta(minutes=3), failed=412)),
                green=Run(**self.run(at)),
            ),
            MONITOR_SIGNER,
        )

    def proven(
        self, at: datetime, *, failed: int = 0, stand_ins: tuple[str, ...] = SHARED
    ) -> "Story":
        run = self.run(at, failed=failed, stand_ins=stand_ins)
        return self.tell(Proof(slot=self.slot, **run), MONITOR_SIGNER)

    def run(
        self, at: datetime, *, failed: int = 0, stand_ins: tuple[str, ...] = SHARED
    ) -> dict[str, object]:
        measured = {
            "requests": 3000,
            "writes": 912,
            "failed_requests": failed,
            "doubled_writes": 0,
            "p99_s": 0.184,
        }
        if "failed_requests" not in self.objective:
            measured = {key: limit + failed for key, limit in self.objective.items()}
        return {
            "promise": self.promise.id,
            "drill": self.part.drill,
            "outcome": judge(self.objective, measured),
            "grade": Grade.REHEARSED if stand_ins else Grade.REAL,
            "stand_ins": stand_ins,
            "objective": dict(self.objective),
            "measured": measured,
            "started_at": at - timedelta(seconds=40),
            "ended_at": at,
            "run": stamp(at),
            "story": (
                "Power cut of web-1 at 100 requests/s.",
                "edge-1 took web-1 out after 0.4 s.",
                f"3,000 asked, {failed} failed; each of 912 changes found exactly once.",
                "web-1 powered on and serving again after 2.1 s.",
            ),
            "seen": {"target": "web-1"},
        }

    def record(self) -> Record:
        WrittenLog(self.folder, LOG_SIGNER).append(self.leaves)
        return read_log(FolderTransport(self.folder), vkey(LOG_SIGNER))

    def pages(self, now: datetime) -> Mapping[str, bytes]:
        return published(self.record(), now)


WITNESSES = {
    name: Ed25519Signer.from_seed(f"{ORIGIN}/{name}", name.encode().ljust(32))
    for name in ("monitor-1", "monitor-2", "monitor-3")
}
POLICY = of_monitors(
    vkey(LOG_SIGNER), {name: cosigner(each).vkey for name, each in WITNESSES.items()}, 2
)


def witnessed(record: Record, at: datetime, *names: str) -> Record:
    """As it is once these have cosigned it."""
    text = record.checkpoint.to_text()
    lines = [cosigned(text, WITNESSES[name], at) for name in names]
    return replace(record, checkpoint_bytes=joined(record.checkpoint_bytes, lines))


def published(
    record: Record,
    now: datetime,
    policy: policies.Policy | None = None,
    timestamps: Sequence[Stamped] = (),
    elsewhere: str = "",
) -> Mapping[str, bytes]:
    return pages(
        record,
        derive(record.entries, now=now),
        site="demo",
        service="Timesheets",
        log_url="https://trust.example/log/",
        vkey=vkey(LOG_SIGNER),
        now=now,
        policy=policy,
        timestamps=timestamps,
        elsewhere=elsewhere,
    )


STORIES = ("kept-rehearsed", "kept-real", "broken", "unproven", "changed", "empty")


def told(folder: Path) -> Mapping[str, Callable[[], Story]]:
    """The stories that the golden files hold; all are looked at on noon of 9 March."""

    def begun(name: str, start: datetime) -> Story:
        story = Story(folder=folder / name)
        return story.enrolled(start - hours(1)).due(start).calibrated(start + hours(0.2))

    return {
        "kept-rehearsed": lambda: begun("a", NOON - hours(3)).proven(NOON - hours(2)),
        "kept-real": lambda: begun("b", NOON - hours(3)).proven(NOON - hours(2), stand_ins=()),
        "broken": lambda: (
            begun("c", NOON - hours(30))
            .proven(NOON - hours(28))
            .due(NOON - hours(6))
            .proven(NOON - hours(2), failed=37)
            .noticed("A release kept an old health check. It is being proven again.", NOON)
        ),
        "unproven": lambda: begun("d", NOON - hours(53)).proven(NOON - hours(52)),
        "changed": lambda: (
            Story(folder=folder / "f", promise=RESTORE_WORKS)
            .enrolled(NOON - hours(31))
            .said(COMPANY.model_copy(update={"statements": ()}), NOON - hours(31))
            .due(NOON - hours(30))
            .promising(REDUNDANT_WEB)
            .due(NOON - hours(30))
            .calibrated(NOON - hours(29))
            .proven(NOON - hours(28), failed=3)
            .due(NOON - hours(6), objective=LOOSER)
            .withdrawn(RESTORE_WORKS, NOON - hours(5))
            .proven(NOON - hours(2), failed=3)
            .said(COMPANY, NOON - hours(1))
            .shows(NOON - hours(0.5), *CERTIFICATES)
            .looked(NOON - hours(30), NOON - hours(29), outage=timedelta(seconds=40))
            .looked(NOON - hours(27), NOON - hours(0.5))
        ),
        "empty": lambda: Story(folder=folder / "e").enrolled(NOON - hours(1)),
    }


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(folder=tmp_path / "log")


@pytest.fixture
def stories(tmp_path: Path) -> Mapping[str, Callable[[], Story]]:
    return told(tmp_path)
