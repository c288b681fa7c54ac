"""The keeper announces before it is due, logs what enrolled keys signed, once, and shows it."""
# One monitor alone unless a test says otherwise: what several do together is in tests/unit/monitor.

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.unit.looks import looked
from tests.unit.monitor.memory_store import MemoryStore
from tests.unit.tsa import Tsa, issued
from tests.unit.tsa import root as made_root
from tests.unit.tsa import signer as made_signer

from standfast.core.errors import Unreachable
from standfast.core.units import stamp
from standfast.daemons.keeper import PACE_S, QUICK_FOR_S, QUICK_PACE_S, Keeper, stamping
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.company import Company, Security
from standfast.evidence.consent import paused
from standfast.evidence.cosignature import cosigned, cosigner, witness_name
from standfast.evidence.entries import Entry
from standfast.evidence.envelope import leaf
from standfast.evidence.explanation import explaining, explanations
from standfast.evidence.merkle import leaf_hash, root
from standfast.evidence.note import parse_vkey, vkey
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.statement import Availability, EnrolledNotice, Proof, Slot, TextNotice
from standfast.evidence.submission import answer
from standfast.evidence.timestamp.check import answered, question
from standfast.evidence.timestamp.shelf import Held, Stamped, keep
from standfast.evidence.transport import Missing
from standfast.evidence.witness import Witness
from standfast.mechanisms.monitor.bulletin import claim, cosign, read, stand, wait_for_writer
from standfast.mechanisms.monitor.issued import Issued
from standfast.promises.catalog import REDUNDANT_WEB
from standfast.promises.judge import judge
from standfast.promises.model import Grade

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORIGIN = "example.localhost/trust/log"
LOG_KEY = Ed25519Signer.from_seed(ORIGIN, bytes(32))
VANTAGE = Ed25519Signer.from_seed("vantage", b"v" * 32)
MONITOR = Ed25519Signer.from_seed("monitor", b"m" * 32)
EMPTY = Checkpoint(origin=ORIGIN, size=0, root=root(()))
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
    store: MemoryStore

    def turn(self) -> float:
        return self.keeper.turn()

    def hand_in(
        self,
        said: Proof | TextNotice | Availability,
        signer: Ed25519Signer = VANTAGE,
        name: str = "one",
    ) -> Path:
        path = self.keeper.folder / "spool" / f"{name}.json"
        path.write_bytes(leaf("example", said, signer))
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


@dataclass
class Spools:
    """What the other monitor hands over."""

    files: dict[str, bytes] = field(default_factory=dict)

    def fetch(self, path: str) -> bytes:
        if path not in self.files:
            raise Missing(f"there is no {path}")
        return self.files[path]


def keeper(
    folder: Path,
    clock: HandClock,
    store: MemoryStore,
    listed: Sequence[Mapping[str, str]] = (),
    authorities: Sequence[Mapping[str, str]] = (),
    **peers: Spools,
) -> Keeper:
    settings = {
        "machine": "monitor",
        "site": "example",
        "service": "timesheets",
        "origin": ORIGIN,
        "log_url": "https://example.test/trust/log",
        "elsewhere": "https://store.example.test/trust/index.html",
        "folder": str(folder),
        "promises": [{"id": "redundant-web", "objective": LIMITS, "usual": LIMITS}],
        "not_promised": {},
        "monitors": [
            {"name": name, "witness": cosigner(witness_key(name)).vkey}
            for name in ("monitor", *peers)
        ],
        "witnesses": list(listed),
        "timestamps": list(authorities),
        "timestamps_every_h": 24,
        "enrolled": [{"name": each.name, "key": vkey(each)} for each in (VANTAGE, MONITOR)],
        "company": {},
        "certificates": [],
    }
    return Keeper(
        settings=settings,
        signer=LOG_KEY,
        witness=witness_key("monitor"),
        clock=clock,
        store=store,
        peers=peers,
        issued=Issued(names=(), edges=(), ask=lambda edge: {}, clock=clock),
    )


def witness_key(name: str) -> Ed25519Signer:
    return Ed25519Signer.from_seed(witness_name(ORIGIN, name), name.encode().ljust(32))


@pytest.fixture
def monitor(tmp_path: Path) -> Monitor:
    clock = HandClock()
    store = MemoryStore(clock.monotonic)
    return Monitor(keeper=keeper(tmp_path, clock, store), clock=clock, store=store)


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


def test_a_log_that_is_only_shown_is_not_added_to(tmp_path: Path) -> None:
    """As in a rehearsal of its site's recovery: it lives elsewhere, under the same key."""
    clock = HandClock()
    store = MemoryStore(clock.monotonic)
    before = Monitor(keeper=keeper(tmp_path / "lives", clock, store), clock=clock, store=store)
    before.turn()
    shutil.copytree(tmp_path / "lives" / "www", tmp_path / "shows" / "www")
    again = MemoryStore(clock.monotonic)
    quiet = Monitor(keeper=keeper(tmp_path / "shows", clock, again), clock=clock, store=again)
    quiet.keeper.settings = {**quiet.keeper.settings, "quiet": True}
    quiet.hand_in(proof(1, NOON))
    for _ in range(3):
        quiet.turn()
        quiet.clock.sleep(3600)
    assert len(quiet.entries) == len(before.entries) == 2
    assert quiet.keeper.mirror.log.published == before.keeper.mirror.log.published
    assert quiet.page["promises"]


def test_the_page_names_the_copy_that_the_operator_names(monitor: Monitor) -> None:
    monitor.turn()
    assert monitor.page["elsewhere"] == monitor.keeper.settings["elsewhere"] != ""


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


def test_how_available_the_service_was_is_logged_and_shown(monitor: Monitor) -> None:
    monitor.turn()
    monitor.hand_in(looked(NOON, answered=354), signer=MONITOR)
    monitor.clock.sleep(3600)
    monitor.turn()
    assert monitor.count(Availability) == 1
    said = monitor.page["availability"]
    assert (said["looks"], said["answered"], said["longest_outage_s"]) == (360, 354, 60)


@pytest.mark.parametrize("signer", [VANTAGE, STRANGER, LOG_KEY], ids=["vantage", "stranger", "log"])
def test_nobody_but_a_monitor_says_how_available_the_service_was(
    monitor: Monitor, signer: Ed25519Signer, capsys: pytest.CaptureFixture[str]
) -> None:
    monitor.turn()
    path = monitor.hand_in(looked(NOON), signer=signer)
    monitor.turn()
    assert monitor.count(Availability) == 0
    assert (monitor.keeper.folder / "refused" / path.name).is_file()
    assert "refused one.json" in capsys.readouterr().err


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


def test_an_operators_word_about_drills_is_logged_and_explains_what_lacks_a_proof(
    monitor: Monitor,
) -> None:
    monitor.turn()
    monitor.hand_in(TextNotice(text=paused("the auditors are here", None), at=NOON))
    monitor.turn()
    assert monitor.count(TextNotice) == 1
    (promise,) = monitor.page["promises"]
    assert "drills are paused: the auditors are here" in promise["reason"]


def test_an_explanation_is_logged_shown_and_found_beside_its_proof(monitor: Monitor) -> None:
    """All that `evidence explain` does but carry the file to the spool."""
    monitor.turn()
    monitor.hand_in(proof(1, NOON, failed=7))
    monitor.turn()
    said = explaining(monitor.entries, 2, "a cable was pulled by mistake")
    monitor.hand_in(TextNotice(text=said, at=NOON))
    monitor.clock.sleep(60)
    monitor.turn()
    (found,) = explanations(monitor.entries)[2]
    assert (found.index, found.text) == (3, "a cable was pulled by mistake")
    assert monitor.page["notices"][0]["text"] == said
    (promise,) = monitor.page["promises"]
    assert promise["state"] == "broken"


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


def test_what_the_company_says_is_shown_and_what_it_takes_back_is_not(monitor: Monitor) -> None:
    security = Security(contacts=("mailto:security@example.test",), expires=date(2026, 9, 30))
    monitor.keeper.scope = replace(monitor.keeper.scope, company=Company(security=security))
    monitor.turn()
    written = (monitor.keeper.www / "security.txt").read_text()
    assert "Contact: mailto:security@example.test\n" in written
    assert "Canonical: https://example.test/.well-known/security.txt\n" in written

    monitor.keeper.scope = replace(monitor.keeper.scope, company=Company())
    monitor.turn()
    assert monitor.page["company"]["security"] is None
    assert not (monitor.keeper.www / "security.txt").exists()


def test_what_lies_in_a_mirrors_spool_is_announced_and_stays_until_it_is_logged(
    monitor: Monitor, tmp_path: Path
) -> None:
    monitor.store.commit(stand("another", monitor.store.grant(3600)))
    path = monitor.hand_in(proof(1, NOON))
    name = leaf_hash(path.read_bytes()).hex()
    for _ in range(3):
        monitor.turn()
        monitor.clock.sleep(1)
    assert read(monitor.store.read()).waiting == {"monitor": {name}}
    assert (tmp_path / "spool" / f"{name}.json").is_file()


def test_what_a_mirror_has_announced_ends_with_the_mirror(monitor: Monitor) -> None:
    monitor.store.commit(stand("another", monitor.store.grant(3600)))
    monitor.hand_in(proof(1, NOON))
    monitor.turn()
    monitor.clock.sleep(60)
    assert read(monitor.store.read()).waiting == {}


def test_the_writer_fetches_what_waits_elsewhere_and_logs_it_once(tmp_path: Path) -> None:
    clock, other = HandClock(), Spools()
    store = MemoryStore(clock.monotonic)
    store.commit(claim("other", EMPTY))
    writing = Monitor(keeper=keeper(tmp_path, clock, store, other=other), clock=clock, store=store)

    def turn() -> None:
        """The other monitor holds whatever is drafted, and cosigns whatever is signed."""
        for _ in range(4):
            writing.turn()
            board = read(store.read())
            if board.draft:
                store.commit(claim("other", board.draft.then))
            if board.signed:
                text = board.signed.decode().rpartition("\n\n")[0] + "\n"
                line = cosigned(text, witness_key("other"), clock.now())
                store.commit(cosign(board, "other", line.encode()))

    turn()
    given = leaf("example", proof(1, NOON), VANTAGE)
    names = frozenset({leaf_hash(given).hex(), "0" * 64, "../../etc/passwd"})
    other.files[f"spool/{leaf_hash(given).hex()}.json"] = given
    store.commit(wait_for_writer("other", names, store.grant(3600)))
    turn()
    turn()
    assert writing.count(Proof) == 1
    assert list((tmp_path / "spool").iterdir()) == []


def test_without_etcd_nothing_is_logged_it_is_said_once_and_the_page_goes_on(
    monitor: Monitor, capsys: pytest.CaptureFixture[str]
) -> None:
    monitor.turn()
    before = len(monitor.entries)
    monitor.hand_in(proof(1, NOON))
    monitor.store.has_majority = False
    made_at = monitor.page["made_at"]
    for _ in range(3):
        monitor.clock.sleep(61)
        monitor.turn()
    assert len(monitor.entries) == before
    assert monitor.page["made_at"] > made_at
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("nothing is logged until a majority of etcd answers: etcd answered")
    monitor.store.has_majority = True
    monitor.clock.sleep(61)
    monitor.turn()
    assert monitor.count(Proof) == 1


def test_edges_are_told_that_nothing_is_missing_only_while_that_was_seen_lately(
    monitor: Monitor, tmp_path: Path
) -> None:
    assert not (tmp_path / "current").exists()
    monitor.turn()
    seen = (tmp_path / "current").stat().st_mtime_ns
    monitor.store.has_majority = False
    monitor.turn()
    assert (tmp_path / "current").stat().st_mtime_ns == seen


def test_it_looks_often_while_an_entry_is_on_its_way_and_seldom_otherwise(
    monitor: Monitor,
) -> None:
    monitor.turn()
    assert monitor.turn() == QUICK_PACE_S
    monitor.clock.sleep(QUICK_FOR_S + 1)
    assert monitor.turn() == PACE_S
    monitor.hand_in(proof(1, NOON))
    assert monitor.turn() == QUICK_PACE_S


def test_a_keeper_that_ends_lets_another_write_at_once(monitor: Monitor) -> None:
    monitor.turn()
    assert read(monitor.store.read()).writer == "monitor"
    monitor.keeper.end()
    assert read(monitor.store.read()).writer is None


def test_a_customers_witness_is_asked_and_shown_and_stops_nothing_while_it_is_away(
    tmp_path: Path,
) -> None:
    clock = HandClock()
    store = MemoryStore(clock.monotonic)
    customer = Ed25519Signer.from_seed("customer.example/witness", b"c" * 32)
    listed = {
        "name": "customer.example",
        "key": cosigner(customer).vkey,
        "url": "https://customer.example",
    }
    monitor = Monitor(keeper=keeper(tmp_path, clock, store, [listed]), clock=clock, store=store)
    away = True
    own = Witness(folder=tmp_path / "customer", log=parse_vkey(vkey(LOG_KEY)), signer=customer)

    def send(url: str, body: bytes) -> tuple[int, str, bytes]:
        assert url == "https://customer.example/add-checkpoint"
        if away:
            raise Unreachable("nobody answers")
        said = answer(body, [own], clock.now())
        return said.status, said.content_type, said.body.encode()

    monitor.keeper.collector.send = send
    monitor.keeper.collector.start = lambda work: work()
    monitor.turn()
    monitor.turn()
    cosigned = monitor.page["log"]["cosigned"]
    assert [each["witness"] for each in cosigned["by"]] == ["monitor"]
    away = False
    clock.sleep(61)
    for _ in range(3):
        monitor.turn()
    cosigned = monitor.page["log"]["cosigned"]
    assert [each["witness"] for each in cosigned["by"]] == ["customer.example", "monitor"]
    assert cosigned["required"] == "monitor"
    assert "witness customer.example " in (monitor.keeper.www / "policy.txt").read_text()
    monitor.hand_in(proof(1, NOON))
    for _ in range(3):
        monitor.turn()
    assert len(monitor.page["log"]["cosigned"]["by"]) == 2
    assert own.last.size == 3


def test_it_writes_as_long_as_a_majority_lets_it(monitor: Monitor) -> None:
    """The observer looks only meanwhile: what it saw could not be logged, and would pile up."""
    assert not monitor.keeper.writes
    monitor.turn()
    assert monitor.keeper.writes
    monitor.store.has_majority = False
    monitor.turn()
    assert not monitor.keeper.writes


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Tsa:
    return Tsa(folder=tmp_path_factory.mktemp("tsa"), signer=made_signer(made_root()))


def test_what_was_stamped_is_shown_and_what_does_not_hold_is_said_once_and_not_shown(
    tmp_path: Path, tsa: Tsa, capsys: pytest.CaptureFixture[str]
) -> None:
    """The clock of these tests is behind the authority's, so it is put right first."""
    clock = HandClock(at=datetime.now(UTC))
    said = {"name": "time", "url": "https://tsa.example/tsr", "ca": tsa.root.decode()}
    store = MemoryStore(clock.monotonic)
    monitor = Monitor(
        keeper=keeper(tmp_path, clock, store, authorities=[said]), clock=clock, store=store
    )
    monitor.turn()
    assert monitor.page["log"]["timestamps"] == []
    log = tmp_path / "www" / "log"
    note = (log / "checkpoint").read_bytes()
    answer = tsa.reply(question(note, 7))
    at = answered(answer, note, tsa.authority, nonce=7, now=clock.now()).at
    stamped = Stamped(at=at, size=2, authority="time")
    keep(log, Held(stamped=stamped, note=note, answer=answer), tsa.authority)
    clock.sleep(61)
    monitor.turn()
    assert monitor.page["log"]["timestamps"] == [
        {
            "authority": "time",
            "size": 2,
            "at": stamp(at),
            "checkpoint": "timestamps/2-time.checkpoint",
            "answer": "timestamps/2-time.tsr",
            "root": "timestamps/time.pem",
        }
    ]
    page = (tmp_path / "www" / "index.html").read_text()
    assert "openssl ts -verify -data 2-time.checkpoint -in 2-time.tsr -CAfile time.pem" in page
    (log / "timestamps" / "2-time.tsr").write_bytes(answer[:-1] + b"x")
    for _ in range(2):
        clock.sleep(61)
        monitor.turn()
    assert monitor.page["log"]["timestamps"] == []
    assert capsys.readouterr().err == (
        "time-stamps: timestamps/2-time.tsr does not hold: its signature does not hold\n"
    )


def test_the_thread_that_stamps_is_begun_where_an_authority_is_listed(
    tmp_path: Path, tsa: Tsa
) -> None:
    """With connections of its own to the other monitors, and what this keeper shows and does."""
    clock = HandClock(at=datetime.now(UTC))
    store = MemoryStore(clock.monotonic)
    identity = tmp_path / "identity"
    identity.mkdir()
    above = made_root()
    mine = issued("monitor", above)
    private = mine.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for name, content in (("ca.pem", above.pem), ("cert.pem", mine.pem), ("key.pem", private)):
        (identity / name).write_bytes(content)
    idle = keeper(tmp_path / "idle", clock, store)
    assert stamping(idle, identity) is None

    said = {"name": "time", "url": "http://127.0.0.1:1/tsr", "ca": tsa.root.decode()}
    busy = keeper(tmp_path / "busy", clock, store, authorities=[said])
    busy.settings["monitors"].append({**busy.settings["monitors"][0], "name": "other"})
    for each in busy.settings["monitors"]:
        each["address"] = "127.0.0.1"
    busy.settings["pages_port"] = 1
    stamper = stamping(busy, identity)
    assert stamper is not None
    heard: list[str] = []
    stamper.say = heard.append
    assert list(stamper.peers) == ["other"]
    assert (stamper.note(), stamper.writes()) == (b"", False)
    assert stamper.turn() == 5
    busy.turn()
    assert stamper.note() == (tmp_path / "busy" / "www" / "log" / "checkpoint").read_bytes()
    assert stamper.writes()
    stamper.turn()
    assert len(heard) == 1
    assert heard[0].startswith("time-stamp authority time: it does not answer: ")
