"""The visitor has logged what a real server behind TLS answered, also when it dies in between."""

import json
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.unit.clocks import HandClock
from tests.unit.daemons.test_keeper import HandClock as KeeperClock
from tests.unit.daemons.test_keeper import keeper
from tests.unit.healthy import served
from tests.unit.monitor.memory_store import MemoryStore

from edges.placing import certificates
from standfast.core.clock import SystemClock
from standfast.daemons.keeper import visiting
from standfast.daemons.visitor import IDLE_PACE_S, Visitor
from standfast.evidence.envelope import opened
from standfast.evidence.note import Verifier
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.statement import Availability, apart_s
from standfast.proofs.monitoring.availability import Pace
from standfast.proofs.monitoring.visit import Answer, Door, visit

MONITOR = Ed25519Signer.from_seed("monitor-1", b"m" * 32)
KEY = Verifier.of(MONITOR.name, MONITOR.public_key)
ONE, OTHER = "127.0.0.1", "127.0.0.2"
NAME = "shop.example"


@dataclass
class Monitor:
    """`clock` is told when it is; the servers are real, and so is what they take."""

    folder: Path
    port: int = 443
    ask: object = None
    clock: HandClock = field(default_factory=HandClock)
    leaves: list[bytes] = field(default_factory=list)
    writes: bool = True
    begun: bool = True
    visitor: Visitor = field(init=False)

    def __post_init__(self) -> None:
        self.boot()

    def boot(self, **changes: float) -> None:
        self.visitor = Visitor(
            site="example",
            signer=MONITOR,
            clock=self.clock,
            pace=Pace(**{"every_s": 10.0, "period_s": 3600.0, **changes}),
            doors=tuple(Door(name=NAME, address=each, port=self.port) for each in (ONE, OTHER)),
            ask=self.ask or self.look,
            writes=lambda: self.writes,
            hand_in=self.leaves.append,
            kept=self.folder / "availability.json",
            has_begun=lambda: self.begun,
        )

    def look(self, door: Door) -> Answer:
        trusted = ssl.create_default_context()
        trusted.load_verify_locations(self.folder / "ca.pem")
        return visit(door, "/health", trusted, SystemClock(), patience_s=2)

    def pass_s(self, seconds: float) -> None:
        end = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end:
            self.clock.sleep(self.visitor.turn())

    @property
    def said(self) -> list[Availability]:
        found = [opened(each, [KEY]).statement.predicate for each in self.leaves]
        assert all(isinstance(each, Availability) for each in found)
        return found

    def spans(self) -> list[tuple[float, float]]:
        start = HandClock().now()
        return [
            ((each.starts_at - start).total_seconds(), (each.until - start).total_seconds())
            for each in self.said
        ]


@pytest.fixture
def monitor(tmp_path: Path) -> Monitor:
    """Both addresses answer at once, without servers."""
    return Monitor(folder=tmp_path, ask=lambda door: Answer.SUCCESS)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Monitor, ExitStack, ExitStack]]:
    """Two edges that serve, and what stops each."""
    certificates(tmp_path, (NAME,))
    pem = tmp_path / f"{NAME}.pem"
    with ExitStack() as one, ExitStack() as other:
        port = one.enter_context(served(pem, ONE))
        other.enter_context(served(pem, OTHER, port))
        yield Monitor(folder=tmp_path, port=port), one, other


def test_a_service_that_was_never_there_has_no_outage_before_its_first_answer(
    tmp_path: Path,
) -> None:
    answers = {ONE: Answer.NONE, OTHER: Answer.NONE}
    monitor = Monitor(folder=tmp_path, ask=lambda door: answers[door.address], begun=False)
    monitor.pass_s(60)
    answers[ONE] = Answer.SUCCESS
    monitor.pass_s(30)
    answers[ONE] = Answer.NONE
    monitor.pass_s(20)
    monitor.visitor.end()
    (count,) = monitor.said
    assert (count.looks, count.answered, len(count.outages)) == (5, 3, 1)


def test_a_service_that_stops_and_comes_back_is_counted_as_it_was(
    site: tuple[Monitor, ExitStack, ExitStack],
) -> None:
    monitor, one, other = site
    monitor.pass_s(20)
    one.close()
    monitor.pass_s(10)
    other.close()
    monitor.pass_s(20)
    one.enter_context(served(monitor.folder / f"{NAME}.pem", ONE, monitor.port))
    monitor.pass_s(10)
    monitor.visitor.end()
    (said,) = monitor.said
    assert (said.looks, said.answered) == (6, 4)
    assert [(each.address, each.answered) for each in said.addresses] == [(ONE, 3), (OTHER, 3)]
    ((since, until),) = said.outages
    assert until - since == timedelta(seconds=20)
    assert not said.down


def test_every_period_is_one_entry_and_nothing_lies_between_two(monitor: Monitor) -> None:
    monitor.pass_s(3 * 3600 + 60)
    assert len(monitor.leaves) == 3
    for (_, before), (after, _) in pairwise(monitor.spans()):
        assert before == after


def test_the_period_is_a_setting(monitor: Monitor) -> None:
    monitor.boot(period_s=60)
    monitor.pass_s(300)
    assert len(monitor.leaves) == 4


def test_an_orderly_end_hands_in_what_was_counted_and_looks_no_more(monitor: Monitor) -> None:
    monitor.pass_s(60)
    monitor.visitor.end()
    asked: list[Door] = []
    monitor.visitor.ask = asked.append
    monitor.pass_s(60)
    (said,) = monitor.said
    assert said.looks == 6
    assert asked == []
    assert not monitor.visitor.kept.exists()


def test_an_end_before_the_first_look_hands_in_nothing(monitor: Monitor) -> None:
    monitor.visitor.end()
    assert monitor.leaves == []


def test_who_does_not_write_the_log_does_not_look(monitor: Monitor) -> None:
    monitor.writes = False
    assert monitor.visitor.turn() == IDLE_PACE_S
    monitor.pass_s(7200)
    monitor.visitor.end()
    assert monitor.leaves == []


def test_who_writes_no_more_hands_in_its_count_soon(monitor: Monitor) -> None:
    monitor.pass_s(60)
    monitor.writes = False
    monitor.pass_s(apart_s(10) - 15)
    assert monitor.leaves == []
    monitor.pass_s(20)
    assert monitor.spans() == [(0, 50)]


def test_a_moment_without_a_majority_of_etcd_ends_no_count(monitor: Monitor) -> None:
    monitor.pass_s(60)
    monitor.writes = False
    monitor.pass_s(12)
    monitor.writes = True
    monitor.pass_s(60)
    monitor.visitor.end()
    assert len(monitor.leaves) == 1


def test_a_monitor_whose_power_was_cut_says_later_what_it_had_counted(monitor: Monitor) -> None:
    monitor.pass_s(600)
    monitor.clock.sleep(300)
    monitor.boot()
    monitor.pass_s(30)
    assert monitor.spans() == [(0, 590)]
    monitor.visitor.end()
    assert monitor.spans()[1:] == [(900, 920)]


def test_a_keeper_that_starts_anew_at_once_goes_on_with_the_same_count(monitor: Monitor) -> None:
    monitor.pass_s(600)
    monitor.clock.sleep(3)
    monitor.boot()
    monitor.pass_s(60)
    assert monitor.leaves == []
    monitor.visitor.end()
    ((start, end),) = monitor.spans()
    assert (start, end > 650) == (0, True)


def test_a_count_that_was_handed_in_twice_is_one_leaf(monitor: Monitor) -> None:
    """It died after it had handed it in, and before it had forgotten it."""
    monitor.pass_s(60)
    kept = monitor.visitor.kept.read_bytes()
    monitor.visitor.end()
    monitor.visitor.kept.write_bytes(kept)
    monitor.clock.sleep(300)
    monitor.boot()
    monitor.visitor.turn()
    first, second = monitor.leaves
    assert first == second


def test_what_is_kept_and_was_damaged_is_forgotten_and_said(
    monitor: Monitor, capsys: pytest.CaptureFixture[str]
) -> None:
    monitor.pass_s(60)
    said = json.loads(monitor.visitor.kept.read_bytes())
    monitor.visitor.kept.write_text(json.dumps({**said, "answered": 7_000_000}))
    monitor.boot()
    assert "cannot be read and is forgotten" in capsys.readouterr().err
    monitor.visitor.end()
    assert monitor.leaves == []


def test_who_has_no_way_to_any_address_has_not_looked(tmp_path: Path) -> None:
    monitor = Monitor(folder=tmp_path, ask=lambda door: Answer.NO_WAY)
    monitor.pass_s(600)
    monitor.visitor.end()
    assert monitor.leaves == []


def test_a_way_that_is_lost_ends_the_count_and_is_no_outage(monitor: Monitor) -> None:
    monitor.pass_s(60)
    monitor.visitor.ask = lambda door: Answer.NO_WAY
    monitor.pass_s(600)
    (said,) = monitor.said
    assert (said.looks, said.answered, said.outages) == (6, 6, ())


def test_no_way_to_one_of_two_addresses_is_no_answer_of_that_one(tmp_path: Path) -> None:
    answers = {ONE: Answer.NO_WAY, OTHER: Answer.SUCCESS}
    monitor = Monitor(folder=tmp_path, ask=lambda door: answers[door.address])
    monitor.pass_s(30)
    monitor.visitor.end()
    (said,) = monitor.said
    assert [each.answered for each in said.addresses] == [0, 3]
    assert said.answered == 3


def test_a_keeper_that_is_restarted_logs_what_it_counted_and_the_page_says_it(
    tmp_path: Path,
) -> None:
    """With the settings that the plan writes and the files that systemd hands over."""
    certificates(tmp_path, (NAME,))
    key = Ed25519PrivateKey.from_private_bytes(b"m" * 32)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "signing.pem").write_bytes(pem)
    with served(tmp_path / f"{NAME}.pem") as port:
        clock = KeeperClock()
        kept = keeper(tmp_path / "home", clock, MemoryStore(clock.monotonic))
        visits = {
            "name": NAME,
            "path": "/health",
            "addresses": [ONE],
            "port": port,
            "every_s": 10,
            "period_s": 3600,
            "anchors": (tmp_path / "ca.pem").read_text(),
        }
        kept.settings = {**kept.settings, "visits": visits}
        kept.turn()
        visitor = visiting(kept, tmp_path)
        for _ in range(3):
            kept.turn()
            visitor.turn()
            clock.sleep(10)
    kept.turn()
    visitor.turn()
    visitor.end()
    clock.sleep(1)
    kept.turn()
    page = json.loads((kept.www / "trust.json").read_text())
    assert (page["availability"]["looks"], page["availability"]["answered"]) == (4, 3)
    assert page["complaints"] == []
