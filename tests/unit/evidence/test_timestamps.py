"""Time-stamps beside a log: what holds is told, what does not is a complaint."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.tsa import Tsa, root, signer, verifies
from tests.unit.written import WrittenLog

from standfast.core.errors import CannotVerify
from standfast.evidence.envelope import leaf
from standfast.evidence.note import vkey
from standfast.evidence.policy import Pin, Policy, parse
from standfast.evidence.read import read_log
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.statement import EnrolledNotice, EnrolledSigner
from standfast.evidence.timestamp import shelf
from standfast.evidence.timestamp.check import answered, question
from standfast.evidence.timestamp.judge import Standing, gather, newest
from standfast.evidence.timestamp.shelf import Held, Stamped
from standfast.evidence.transport import FolderTransport
from standfast.evidence.verify import Verification, verified

ORIGIN = "example.localhost/trust/log"
KEY = Ed25519Signer.from_seed(ORIGIN, bytes(32))
OTHER = Ed25519Signer.from_seed(ORIGIN, b"o" * 32)


def now() -> datetime:
    return datetime.now(UTC)


def entry(text: str, key: Ed25519Signer = KEY) -> bytes:
    signers = (EnrolledSigner(name=ORIGIN, key=vkey(key)),)
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    return leaf("example", EnrolledNotice(text=text, at=at, signers=signers), key)


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Tsa:
    return Tsa(folder=tmp_path_factory.mktemp("tsa"), signer=signer(root()))


@dataclass
class Stood:
    """A log in a folder, and what a reader makes of it."""

    folder: Path
    tsa: Tsa
    written: WrittenLog

    def grow(self, *texts: str) -> None:
        self.written.append([entry(each) for each in texts])

    @property
    def note(self) -> bytes:
        return (self.folder / "checkpoint").read_bytes()

    def stamp(self, name: str = "time") -> Stamped:
        """As the keeper does, by a real authority."""
        note, size = self.note, self.written.copy.published.size
        answer = self.tsa.reply(question(note, 7))
        at = answered(answer, note, self.tsa.authority, nonce=7, now=now()).at
        stamped = Stamped(at=at, size=size, authority=name)
        shelf.keep(self.folder, Held(stamped=stamped, note=note, answer=answer), self.tsa.authority)
        return stamped

    def policy(self, days: str = "", sha256: str = "") -> Policy:
        pin = f"timestamp time {sha256 or self.tsa.authority.sha256} {days}\n"
        return parse(f"log {vkey(KEY)}\nquorum none\n{pin}".encode())

    def verify(self, policy: Policy | None = None, at: datetime | None = None) -> Verification:
        policy = policy or self.policy()
        transport = FolderTransport(self.folder)
        gathered = gather(transport, policy.timestamps)
        record = read_log(transport, vkey(KEY))
        return verified(record, now=at or now(), pinned=None, policy=policy, gathered=gathered)


@pytest.fixture
def log(tmp_path: Path, tsa: Tsa) -> Stood:
    folder = tmp_path / "log"
    stood = Stood(folder=folder, tsa=tsa, written=WrittenLog(folder, KEY))
    stood.grow("one", "two", "three")
    return stood


def test_what_was_stamped_is_told_with_the_authoritys_time(log: Stood) -> None:
    first = log.stamp()
    log.grow("four")
    second = log.stamp()
    log.grow("five")
    found = log.verify()
    assert found.complaints == ()
    assert found.timestamps == {"time": Standing(size=4, at=second.at)}
    assert shelf.listed(FolderTransport(log.folder)) == (first, second)


def test_any_visitor_checks_it_with_openssl_and_the_command_of_the_page(log: Stood) -> None:
    stamped = log.stamp()
    note, answer = (log.folder / each for each in (stamped.note_path, stamped.answer_path))
    assert verifies(note, answer, log.folder / shelf.root_path("time"))
    assert shelf.command(stamped) == (
        "openssl ts -verify -data 3-time.checkpoint -in 3-time.tsr -CAfile time.pem"
    )
    note.write_bytes(log.note + b" ")
    assert not verifies(note, answer, log.folder / shelf.root_path("time"))


def test_nobody_who_pins_no_authority_reads_a_time_stamp(log: Stood) -> None:
    log.stamp()
    (log.folder / shelf.INDEX).write_text("garbage")
    found = log.verify(parse(f"log {vkey(KEY)}\nquorum none\n".encode()))
    assert (found.complaints, found.timestamps) == ((), {})


def test_a_log_without_time_stamps_is_whole_unless_the_reader_wants_one(log: Stood) -> None:
    assert log.verify().complaints == ()
    assert log.verify().timestamps == {"time": None}
    (complaint,) = log.verify(log.policy("7")).complaints
    assert complaint == "no time-stamp of time holds, and the policy wants one"


def test_one_that_is_too_old_for_the_reader_is_a_complaint(log: Stood) -> None:
    log.stamp()
    assert log.verify(log.policy("7"), now() + timedelta(days=6)).complaints == ()
    (complaint,) = log.verify(log.policy("7"), now() + timedelta(days=8)).complaints
    assert "older than 7 days" in complaint


def damaged(path: str) -> Callable[[Stood], None]:
    def damage(log: Stood) -> None:
        content = bytearray((log.folder / path).read_bytes())
        content[-2] ^= 1
        (log.folder / path).write_bytes(content)

    return damage


def gone(path: str) -> Callable[[Stood], None]:
    return lambda log: (log.folder / path).unlink()


def written(path: str, content: bytes) -> Callable[[Stood], None]:
    return lambda log: (log.folder / path).write_bytes(content) and None


DAMAGES: dict[str, tuple[Callable[[Stood], None], str]] = {
    "the answer": (damaged("timestamps/3-time.tsr"), "timestamps/3-time.tsr does not hold"),
    "the note": (damaged("timestamps/3-time.checkpoint"), "timestamps/3-time.tsr does not hold"),
    "no answer": (gone("timestamps/3-time.tsr"), "a time-stamp of time cannot be read"),
    "no note": (gone("timestamps/3-time.checkpoint"), "a time-stamp of time cannot be read"),
    "no root": (gone("timestamps/time.pem"), "a time-stamp of time cannot be read"),
    "garbage": (written("timestamps/time.pem", b"x"), "no root of a time-stamp authority"),
    "another root": (written("timestamps/time.pem", root().pem), "not what is pinned"),
    "no index": (written("timestamps/index.json", b"[]"), "no list of time-stamps"),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_what_is_damaged_is_named_and_does_not_count(log: Stood, what: str) -> None:
    log.stamp()
    damage, complaint = DAMAGES[what]
    damage(log)
    found = log.verify()
    assert len(found.complaints) == 1
    assert complaint in found.complaints[0]
    assert found.timestamps == {"time": None}


def test_another_authoritys_root_is_not_believed_for_the_name(log: Stood) -> None:
    log.stamp()
    (complaint,) = log.verify(log.policy(sha256="0" * 64)).complaints
    assert "not what is pinned" in complaint


def test_a_log_that_was_rewritten_after_it_was_stamped_is_found(log: Stood, tmp_path: Path) -> None:
    """By who holds the log's key: all is signed, and the time-stamp was of something else."""
    log.stamp()
    other = tmp_path / "other"
    WrittenLog(other, KEY).append([entry(each) for each in ("one", "2", "three", "four")])
    (log.folder / "timestamps").rename(other / "timestamps")
    found = Stood(folder=other, tsa=log.tsa, written=log.written).verify()
    (complaint,) = found.complaints
    assert complaint.startswith("the first 3 entries are not those that time has stamped at ")
    assert found.timestamps == {"time": None}


def test_a_log_that_is_shorter_than_it_was_when_stamped_is_found(
    log: Stood, tmp_path: Path
) -> None:
    log.stamp()
    other = tmp_path / "other"
    WrittenLog(other, KEY).append([entry("one")])
    (log.folder / "timestamps").rename(other / "timestamps")
    (complaint,) = Stood(folder=other, tsa=log.tsa, written=log.written).verify().complaints
    assert "has stamped 3 entries" in complaint
    assert complaint.endswith("and 1 can be shown")


def test_what_another_key_signed_is_no_checkpoint_of_this_log(log: Stood, tmp_path: Path) -> None:
    theirs = Stood(folder=tmp_path / "o", tsa=log.tsa, written=WrittenLog(tmp_path / "o", OTHER))
    theirs.written.append([entry("one", OTHER)] * 3)
    theirs.stamp()
    (theirs.folder / "timestamps").rename(log.folder / "timestamps")
    (complaint,) = log.verify().complaints
    assert "timestamps/3-time.tsr does not hold" in complaint


def test_a_time_stamp_is_not_passed_off_as_one_of_a_longer_log(log: Stood) -> None:
    """The index says nothing that the files do not say."""
    stamped = log.stamp()
    log.grow("four")
    for path in (stamped.note_path, stamped.answer_path):
        (log.folder / path).rename(log.folder / path.replace("/3-", "/4-"))
    longer = Stamped(at=stamped.at, size=4, authority="time")
    (log.folder / shelf.INDEX).write_bytes(shelf.written_index([longer]))
    (complaint,) = log.verify().complaints
    assert complaint == "timestamps/4-time.tsr does not hold: it is of 3 entries"


def test_the_page_is_told_the_newest_that_this_copy_reaches(log: Stood) -> None:
    transport = FolderTransport(log.folder)
    record = read_log(transport, vkey(KEY))
    assert newest(transport, [log.tsa.authority], record, now=now()) == ((), "")
    first = log.stamp()
    log.grow("four")
    second = log.stamp()
    assert newest(transport, [log.tsa.authority], record, now=now()) == ((first,), "")
    record = read_log(transport, vkey(KEY))
    assert newest(transport, [log.tsa.authority], record, now=now()) == ((second,), "")
    damaged(second.answer_path)(log)
    found, trouble = newest(transport, [log.tsa.authority], record, now=now())
    assert found == ()
    assert trouble.startswith("timestamps/4-time.tsr does not hold: ")


def test_an_index_names_what_it_was_given_once_and_in_order() -> None:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    given = [Stamped(at=moment + timedelta(days=n), size=n + 1, authority="a") for n in (2, 0, 1)]
    assert shelf.read_index(shelf.written_index([*given, given[0]])) == tuple(sorted(given))


@pytest.mark.parametrize(
    "line",
    [
        '{"authority": "../x", "size": 1, "at": "2026-03-01T00:00:00Z"}',
        '{"authority": "a", "size": 0, "at": "2026-03-01T00:00:00Z"}',
        '{"authority": "a", "size": -1, "at": "2026-03-01T00:00:00Z"}',
        '{"authority": "a", "size": 1, "at": "2026-03-01T00:00:00"}',
        '{"authority": "a", "size": 1e400, "at": "2026-03-01T00:00:00Z"}',
        '{"authority": "a", "size": 1}',
        '"a"',
    ],
)
def test_a_line_of_an_index_that_leads_elsewhere_is_refused(line: str) -> None:
    with pytest.raises(CannotVerify, match="no list of time-stamps"):
        shelf.read_index(b'{"version": 1, "timestamps": [%s]}' % line.encode())


@given(st.binary(max_size=100) | st.text(alphabet='{}[]":,1aversiontmp ', max_size=100))
def test_any_bytes_are_no_index(data: bytes | str) -> None:
    with pytest.raises(CannotVerify):
        shelf.read_index(data if isinstance(data, bytes) else data.encode())


def test_a_policy_pins_an_authority_by_its_root() -> None:
    sha256 = "ab" * 32
    text = f"quorum none\ntimestamp one {sha256}\ntimestamp two {sha256} 7\n"
    assert parse(text.encode()).timestamps == {
        "one": Pin(sha256=sha256),
        "two": Pin(sha256=sha256, newest_within=timedelta(days=7)),
    }


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("timestamp one", "has a name, a hash"),
        ("timestamp one abc", "no SHA-256"),
        (f"timestamp one {'AB' * 32}", "no SHA-256"),
        (f"timestamp ../x {'ab' * 32}", "none for a time-stamp authority"),
        (f"timestamp one {'ab' * 32} 0", "no number of days"),
        (f"timestamp one {'ab' * 32} 7 8", "has a name, a hash"),
        (f"timestamp one {'ab' * 32}\ntimestamp one {'cd' * 32}", "the name one is taken"),
    ],
)
def test_a_pin_that_is_none_is_refused(line: str, problem: str) -> None:
    with pytest.raises(CannotVerify, match=problem):
        parse(f"quorum none\n{line}\n".encode())
