"""Authorities are asked once a day and believed when all holds; nothing else is kept, and whatever
they do holds nobody up."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from uuid import UUID

import pytest
from tests.unit.tsa import Tsa, answering, root, serving, signer, verifies
from tests.unit.written import WrittenLog

from standfast.core.clock import Clock, SystemClock
from standfast.core.errors import CannotVerify, Unreachable
from standfast.daemons import stamper as daemon
from standfast.daemons.stamper import AGAIN_AFTER_S, PEERS_EVERY_S, Stamper, asked_in
from standfast.evidence.note import Verifier
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.timestamp import shelf
from standfast.evidence.timestamp.authority import Authority
from standfast.evidence.timestamp.check import question
from standfast.evidence.timestamp.shelf import Stamped
from standfast.evidence.transport import FolderTransport, Transport
from standfast.mechanisms.monitor import timestamps
from standfast.mechanisms.monitor.timestamps import Asked, is_due, post

ORIGIN = "example.localhost/trust/log"
KEY = Ed25519Signer.from_seed(ORIGIN, bytes(32))
DAY = timedelta(days=1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Tsa:
    return Tsa(folder=tmp_path_factory.mktemp("tsa"), signer=signer(root()))


def test_an_authority_is_due_once_a_day_and_when_the_log_has_grown() -> None:
    def due(size: int, *stamped: Stamped, now: datetime = NOON) -> bool:
        return is_due("time", size, stamped, now=now, every=DAY)

    def of(size: int, at: datetime, name: str = "time") -> Stamped:
        return Stamped(at=at, size=size, authority=name)

    assert not due(0)
    assert due(3)
    assert due(3, of(3, NOON, "another"))
    assert not due(4, of(3, NOON - DAY / 2))
    assert due(4, of(3, NOON - DAY))
    assert not due(3, of(3, NOON - 9 * DAY))
    assert not due(3, of(3, NOON - 9 * DAY), of(2, NOON - 8 * DAY))
    assert due(4, of(3, NOON + 400 * DAY))


@dataclass
class AheadClock:
    """Days ahead of the authority's clock only where a test wants it: time passes by hand for
    what is due, and `now` is the real one."""

    passed: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return 1000 + self.passed.total_seconds()

    def sleep(self, seconds: float) -> None:
        self.passed += timedelta(seconds=seconds)


@dataclass
class Monitor:
    folder: Path
    asked: tuple[Asked, ...]
    peers: Mapping[str, Transport] = field(default_factory=dict)
    writes: bool = True
    every: timedelta = DAY
    said: list[str] = field(default_factory=list)
    clock: AheadClock = field(default_factory=AheadClock)
    written: WrittenLog = field(init=False)
    stamper: Stamper = field(init=False)

    def __post_init__(self) -> None:
        log = self.folder / "trust" / "log"
        self.written = WrittenLog(log, KEY)
        self.stamper = Stamper(
            asked=self.asked,
            every=self.every,
            folder=log,
            key=Verifier.of(KEY.name, KEY.public_key),
            note=lambda: self.written.copy.published_note,
            writes=lambda: self.writes,
            peers=self.peers,
            clock=self.clock,
            draw=lambda: UUID(int=2**127 + 12345),
            say=self.said.append,
        )

    @property
    def stamped(self) -> list[tuple[int, str]]:
        found = shelf.listed(FolderTransport(self.folder / "trust" / "log"))
        return [(each.size, each.authority) for each in found]


def test_the_monitor_that_writes_has_what_it_shows_stamped_and_no_other(
    tsa: Tsa, tmp_path: Path
) -> None:
    with serving(answering(tsa)) as url:
        monitor = Monitor(tmp_path, (Asked(authority=tsa.authority, url=url),), writes=False)
        monitor.stamper.turn()
        monitor.written.append([b"one", b"two"])
        monitor.stamper.turn()
        assert monitor.stamped == []
        monitor.writes = True
        monitor.stamper.turn()
        assert monitor.stamped == [(2, "time")]
        asked = len(tsa.asked)
        monitor.written.append([b"three"])
        monitor.stamper.turn()
        assert (monitor.stamped, len(tsa.asked)) == ([(2, "time")], asked)
        monitor.stamper.every = timedelta(0)
        monitor.stamper.turn()
        assert monitor.stamped == [(2, "time"), (3, "time")]
    log = tmp_path / "trust" / "log"
    folder = log / "timestamps"
    assert (folder / "3-time.checkpoint").read_bytes() == (log / "checkpoint").read_bytes()
    for size in (2, 3):
        files = (folder / f"{size}-time.{kind}" for kind in ("checkpoint", "tsr"))
        assert verifies(*files, folder / "time.pem")
    assert monitor.said == []


def test_the_other_monitors_get_what_the_one_that_writes_has(tsa: Tsa, tmp_path: Path) -> None:
    with serving(answering(tsa)) as url:
        asked = (Asked(authority=tsa.authority, url=url),)
        writer = Monitor(tmp_path / "1", asked)
        writer.written.append([b"one"])
        writer.stamper.turn()
    others = {"monitor-1": FolderTransport(tmp_path / "1")}
    mirror = Monitor(tmp_path / "2", asked, peers=others, writes=False)
    mirror.stamper.turn()
    assert mirror.stamped == [(1, "time")]
    assert mirror.said == []
    # It writes now, and knows that nobody is due, though no authority answers any more.
    mirror.writes = True
    mirror.written.append([b"one", b"two"])
    mirror.stamper.turn()
    assert mirror.said == []


def test_what_does_not_hold_is_not_taken_from_another_monitor(tsa: Tsa, tmp_path: Path) -> None:
    with serving(answering(tsa)) as url:
        asked = (Asked(authority=tsa.authority, url=url),)
        writer = Monitor(tmp_path / "1", asked)
        writer.written.append([b"one"])
        writer.stamper.turn()
    answer = tmp_path / "1/trust/log/timestamps/1-time.tsr"
    answer.write_bytes(answer.read_bytes()[:-1] + b"x")
    mirror = Monitor(
        tmp_path / "2", asked, peers={"monitor-1": FolderTransport(tmp_path / "1")}, writes=False
    )
    mirror.stamper.turn()
    mirror.clock.sleep(PEERS_EVERY_S)
    mirror.stamper.turn()
    assert mirror.stamped == []
    assert mirror.said == ["monitor-1: its signature does not hold"]


def test_a_monitor_that_is_away_is_not_a_word_of_this_thread(tsa: Tsa, tmp_path: Path) -> None:
    class Away:
        def fetch(self, path: str) -> bytes:
            raise Unreachable("nobody answers")

    monitor = Monitor(tmp_path, (), peers={"monitor-2": Away()})
    monitor.stamper.turn()
    assert monitor.said == []


class Saying(BaseHTTPRequestHandler):
    """Answers with what the test has set, whatever it is asked."""

    def __init__(self, *words: object, say: Callable[[BaseHTTPRequestHandler], None]) -> None:
        self.say = say
        super().__init__(*words)  # type: ignore[arg-type]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.say(self)

    def log_message(self, *words: object) -> None:
        pass


def reply(body: bytes, *, status: int = 200, kind: str = "application/timestamp-reply") -> object:
    def say(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Location", "http://127.0.0.1:1/")
        handler.end_headers()
        handler.wfile.write(body)

    return partial(Saying, say=say)


def silent(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(3)


def dripping(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/timestamp-reply")
    handler.end_headers()
    for _ in range(40):
        handler.wfile.write(b"0")
        handler.wfile.flush()
        time.sleep(0.1)


REFUSED: dict[str, tuple[object, str]] = {
    "500": (reply(b"", status=500), "it answers 500"),
    "a redirect": (reply(b"", status=302), "it answers 302"),
    "a page": (reply(b"<html>", kind="text/html"), "something else than a time-stamp"),
    "nothing": (reply(b""), "not what RFC 3161 says"),
    "garbage": (reply(b"garbage"), "not what RFC 3161 says"),
    "too much": (reply(bytes(10_000_000)), "longer than any time-stamp"),
    "silence": (partial(Saying, say=silent), "it does not answer: timed out"),
    "a byte now and then": (partial(Saying, say=dripping), "it takes longer than"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_an_authority_that_gives_none_is_said_once_and_asked_again_later(
    what: str, tsa: Tsa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timestamps, "STEP_TIMEOUT_S", 0.5)
    monkeypatch.setattr(timestamps, "LASTS_AT_MOST_S", 0.5)
    handler, words = REFUSED[what]
    clock = SystemClock()
    with serving(handler) as url:
        monitor = Monitor(tmp_path, (Asked(authority=tsa.authority, url=url),))
        # The deadline of an answer is by a clock that runs.
        monitor.stamper.send = lambda url, body, _: post(url, body, clock)
        monitor.written.append([b"one"])
        began = time.monotonic()
        monitor.stamper.turn()
        assert time.monotonic() - began < 2.5
        monitor.stamper.turn()
        monitor.clock.sleep(AGAIN_AFTER_S)
        monitor.stamper.turn()
    assert monitor.stamped == []
    assert len(monitor.said) == 1
    assert monitor.said[0].startswith("time-stamp authority time: ")
    assert words in monitor.said[0]


def test_an_authority_that_comes_back_is_believed_again(tsa: Tsa, tmp_path: Path) -> None:
    asked = Asked(authority=tsa.authority, url="http://127.0.0.1:1/tsr")
    monitor = Monitor(tmp_path, (asked,))
    monitor.written.append([b"one"])
    monitor.stamper.turn()
    assert "does not answer" in monitor.said[0]
    with serving(answering(tsa)) as url:
        monitor.stamper.asked = (Asked(authority=tsa.authority, url=url),)
        monitor.clock.sleep(AGAIN_AFTER_S - 1)
        monitor.stamper.turn()
        assert monitor.stamped == []
        monitor.clock.sleep(1)
        monitor.stamper.turn()
    assert monitor.stamped == [(1, "time")]


def test_an_answer_to_another_question_and_of_another_root_is_not_kept(
    tsa: Tsa, tmp_path: Path
) -> None:
    def asking(url: str, entry: bytes, authority: Authority = tsa.authority) -> str:
        folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        monitor = Monitor(folder, (Asked(authority=authority, url=url),))
        monitor.stamper.draw = lambda: UUID(int=99)
        monitor.written.append([entry])
        monitor.stamper.turn()
        assert monitor.stamped == []
        (said,) = monitor.said
        return said

    note = WrittenLog(tmp_path / "like", KEY).append([b"one"])
    with serving(reply(tsa.reply(question(note, 98)))) as url:
        assert "its nonce is not ours" in asking(url, b"one")
        assert "it is of other bytes" in asking(url, b"two")
    with serving(answering(tsa)) as url:
        other = Authority(name="time", root=root().certificate)
        assert "does not vouch" in asking(url, b"one", other)


def test_an_index_that_was_damaged_is_said_and_made_anew_from_what_holds(
    tsa: Tsa, tmp_path: Path
) -> None:
    with serving(answering(tsa)) as url:
        monitor = Monitor(tmp_path, (Asked(authority=tsa.authority, url=url),))
        monitor.written.append([b"one"])
        monitor.stamper.turn()
        index = tmp_path / "trust/log" / shelf.INDEX
        before, asked = index.read_bytes(), len(tsa.asked)
        index.write_text("garbage")
        (index.parent / "7-time.tsr").write_bytes(b"garbage")
        monitor.stamper.turn()
    assert (index.read_bytes(), len(tsa.asked)) == (before, asked)
    assert monitor.stamped == [(1, "time")]
    assert "no list of time-stamps" in monitor.said[0]


def test_the_settings_name_whom_to_ask(tsa: Tsa) -> None:
    said = {"name": "time", "url": "https://tsa.example/tsr", "ca": tsa.root.decode()}
    (asked,) = asked_in({"timestamps": [said]})
    assert asked == Asked(authority=tsa.authority, url="https://tsa.example/tsr")


def test_a_thread_that_ends_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monitor = Monitor(tmp_path, ())

    def broken() -> bytes:
        raise RuntimeError("a mistake of ours")

    monitor.stamper.note = broken
    with pytest.raises(RuntimeError):
        daemon.stamp_all(monitor.stamper)
    assert monitor.said[-1].startswith("nothing is time-stamped any more")


def test_post_takes_the_type_whatever_stands_behind_it(tsa: Tsa) -> None:
    clock: Clock = SystemClock()
    with serving(reply(b"x", kind="Application/Timestamp-Reply; charset=binary")) as url:
        assert post(url, b"q", clock) == b"x"
    with serving(reply(b"x", kind="text/plain")) as url, pytest.raises(CannotVerify):
        post(url, b"q", clock)
