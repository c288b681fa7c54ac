"""The observer says what changes, once, by what the log says, and only while its keeper writes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tests.unit.clocks import HandClock

from standfast.core.errors import CannotVerify, Unreachable
from standfast.daemons.observer import (
    CALM_PACE_S,
    DRILL,
    IDLE_PACE_S,
    LOGGED_WITHIN_S,
    PROMISE,
    QUICK_PACE_S,
    Observer,
    end,
)
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.entries import Entry
from standfast.evidence.envelope import opened
from standfast.evidence.keyring import Keyring
from standfast.evidence.merkle import leaf_hash, root
from standfast.evidence.note import Verifier
from standfast.evidence.read import Record
from standfast.evidence.sealed import details_in, seal_of, unsealed
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.statement import Proof, Slot, Statement, TextNotice
from standfast.mechanisms.monitor.vault import Vault
from standfast.promises.catalog import MIRRORED_DATABASE
from standfast.promises.judge import judge
from standfast.promises.model import Grade, Outcome

(PART, _) = MIRRORED_DATABASE.parts
LOG = Ed25519Signer.from_seed("example.test/log", bytes(32))
MONITOR = Ed25519Signer.from_seed("monitor-1", b"m" * 32)
KEY = Verifier.of(MONITOR.name, MONITOR.public_key)
RUN = UUID(int=7)
KEPT, BROKEN = Outcome.KEPT, Outcome.BROKEN
GOOD, BAD = {"missing_copies": 0, "mirrored_s": 0.01}, {"missing_copies": 1}


@dataclass
class Site:
    """Its two database machines, its log, and who looks."""

    folder: Path
    clock: HandClock = field(default_factory=HandClock)
    entries: list[Entry] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    handed_in: list[bytes] = field(default_factory=list)
    down: set[str] = field(default_factory=set)
    writes: bool = True
    asked: int = 0
    machines: tuple[str, ...] = ("db-1", "db-2")

    def __post_init__(self) -> None:
        self.observer = Observer(
            machine="monitor-1",
            site="example",
            signer=MONITOR,
            observers=frozenset({"monitor-1", "monitor-2"}),
            clock=self.clock,
            world=self,
            record=lambda: self.record,
            writes=lambda: self.writes,
            hand_in=self.handed_in.append,
            draw=lambda: RUN,
            vault=Vault(folder=self.folder / "sealed"),
        )
        self.announce()

    def announce(self) -> None:
        at = self.clock.now() - timedelta(hours=1)
        slot = Slot(
            promise=PROMISE,
            drill=DRILL,
            statement="s",
            objective=dict(PART.objective),
            default_objective=dict(PART.objective),
            proof="p",
            starts_at=at,
            until=at + timedelta(hours=24),
            calibrated_within_s=86400,
            period_s=86400,
        )
        self.enter(slot, signer=LOG.name)

    def enter(
        self, said: Slot | Proof | TextNotice, *, signer: str, leaf: bytes | None = None
    ) -> None:
        index = len(self.entries)
        statement = Statement(site="example", predicate=said)
        self.entries.append(Entry(index=index, signer=signer, statement=statement))
        self.leaves.append(leaf_hash(leaf or index.to_bytes(4)))

    def proven(self, measured: Mapping[str, float], *, by: str) -> None:
        now = self.clock.now()
        said = Proof(
            promise=PROMISE,
            drill=DRILL,
            outcome=judge(PART.objective, measured),
            grade=Grade.REHEARSED,
            stand_ins=("x",),
            objective=dict(PART.objective),
            measured=dict(measured),
            started_at=now,
            ended_at=now,
            run="r",
            story=("s",),
            seen={},
            slot=0,
        )
        self.enter(said, signer=by)

    def log(self) -> Proof:
        """What waits in the spool is logged."""
        proof = self.logged()
        assert isinstance(proof, Proof)
        return proof

    def logged(self) -> Proof | TextNotice:
        leaf = self.handed_in.pop()
        said = opened(leaf, [KEY]).statement.predicate
        assert isinstance(said, Proof | TextNotice)
        self.enter(said, signer=MONITOR.name, leaf=leaf)
        return said

    @property
    def record(self) -> Record:
        verifier = Verifier.of(LOG.name, LOG.public_key)
        return Record(
            checkpoint=Checkpoint(origin=LOG.name, size=len(self.entries), root=root(())),
            checkpoint_bytes=b"",
            leaves=tuple(self.leaves),
            entries=tuple(self.entries),
            keyring=Keyring(log=verifier),
            complaints=(),
        )

    def canary(self, machine: str, run: str) -> Mapping[str, Any]:
        assert run == str(RUN)
        self.asked += 1
        if machine in self.down:
            raise Unreachable("off")
        if machine == "db-2":
            return {"is_primary": False, "has_come": True, "receives": True}
        senders = [] if "db-2" in self.down else [["db-2", "streaming", "sync"]]
        return {"is_primary": True, "acknowledged": True, "level": "on", "senders": senders}

    def kernel(self, machine: str) -> Mapping[str, Any]:
        raise Unreachable("not today")

    def pass_s(self, seconds: float) -> None:
        end = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end:
            self.clock.sleep(self.observer.turn())


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(folder=tmp_path)


def test_while_all_is_well_it_looks_at_ease_and_says_nothing(site: Site) -> None:
    site.proven(GOOD, by="vantage")
    assert site.observer.turn() == CALM_PACE_S
    site.pass_s(60)
    assert not site.handed_in


def test_a_lost_copy_is_logged_within_seconds_once_and_signed_by_this_monitor(site: Site) -> None:
    site.proven(GOOD, by="vantage")
    site.pass_s(10)
    site.down.add("db-2")
    assert site.observer.turn() == QUICK_PACE_S
    site.pass_s(4)
    assert len(site.handed_in) == 1, "and not again while it is on its way"
    red = site.log()
    assert (red.promise, red.drill, red.outcome, red.slot) == (PROMISE, DRILL, BROKEN, 0)
    assert (red.measured, seal_of(red) is not None) == ({}, True)
    assert red.grade is Grade.REHEARSED
    site.pass_s(60)
    assert not site.handed_in


def test_it_is_green_again_by_itself(site: Site) -> None:
    site.proven(GOOD, by="vantage")
    site.down.add("db-2")
    site.pass_s(4)
    site.log()
    site.down.clear()
    site.pass_s(4)
    assert not site.handed_in
    site.pass_s(4)
    assert site.log().outcome is KEPT


def test_what_was_sealed_is_revealed_when_it_is_over_and_then_forgotten(site: Site) -> None:
    site.proven(GOOD, by="vantage")
    site.down.add("db-2")
    site.pass_s(4)
    red = site.log()
    sealed = site.folder / "sealed"
    assert len(list(sealed.iterdir())) == 1
    site.pass_s(60)
    assert not site.handed_in, "while it lasts nothing is revealed"
    site.down.clear()
    site.pass_s(8)
    assert site.log().outcome is KEPT
    site.pass_s(3)
    notice = site.logged()
    assert isinstance(notice, TextNotice)
    details = details_in(notice.text)
    assert details is not None
    assert unsealed(red, {details.digest: details}).measured == {"missing_copies": 1}
    site.pass_s(3)
    assert not list(sealed.iterdir())
    assert not site.handed_in


def test_it_is_revealed_within_a_day_though_it_lasts_and_another_writes_by_then(
    site: Site,
) -> None:
    site.proven(GOOD, by="vantage")
    site.down.add("db-2")
    site.pass_s(4)
    site.log()
    site.writes = False
    site.pass_s(5)
    assert not site.handed_in
    site.clock.sleep(22.9 * 3600)
    site.pass_s(600)
    notice = site.logged()
    assert isinstance(notice, TextNotice)
    assert details_in(notice.text)


def test_a_keeper_that_takes_over_takes_back_what_another_has_said(site: Site) -> None:
    site.proven(BAD, by="monitor-2")
    site.pass_s(8)
    assert site.log().outcome is KEPT


def test_a_failure_that_a_drill_has_logged_is_not_taken_back(site: Site) -> None:
    site.proven(BAD, by="vantage")
    site.pass_s(60)
    assert not site.handed_in


def test_before_the_first_proof_nobody_says_that_it_is_broken(site: Site) -> None:
    site.down.add("db-2")
    site.pass_s(60)
    assert not site.handed_in


def test_while_the_log_says_what_is_seen_it_looks_at_ease(site: Site) -> None:
    site.proven(BAD, by="monitor-1")
    site.down.add("db-2")
    assert site.observer.turn() == CALM_PACE_S


def test_a_keeper_that_does_not_write_asks_nobody(site: Site) -> None:
    site.writes = False
    assert site.observer.turn() == IDLE_PACE_S
    assert site.asked == 0


def test_what_was_handed_in_and_lost_is_said_anew(site: Site) -> None:
    site.proven(GOOD, by="vantage")
    site.down.add("db-2")
    site.pass_s(LOGGED_WITHIN_S + 10)
    assert len(site.handed_in) == 2


def test_without_any_machine_that_answers_nothing_is_said(site: Site) -> None:
    site.proven(GOOD, by="vantage")
    site.down.update(site.machines)
    site.pass_s(60)
    assert not site.handed_in


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"problem": "PostgreSQL does not answer"},
        {"is_primary": True},
        {"is_primary": False, "has_come": "yes", "receives": True},
        {"is_primary": True, "acknowledged": True, "level": "on", "senders": "db-2"},
        {"is_primary": True, "acknowledged": True, "level": "on", "senders": [["db-2"]]},
    ],
)
def test_an_answer_of_another_form_is_none(said: Mapping[str, Any]) -> None:
    with pytest.raises(CannotVerify):
        end(said, answered_at=0.0)
