"""A real server on this computer, asked as a monitor asks a customer's witness."""

import http.client
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from standfast.core.errors import CannotVerify, ConfigError, Unreachable
from standfast.evidence.cosignature import cosigner, line_of
from standfast.evidence.log import Log
from standfast.evidence.submission import LIMIT_BYTES
from standfast.evidence.witness import CHECKPOINT, Witness
from standfast.mechanisms.monitor.listed import Collector, Listed, cosignature
from standfast.mechanisms.witness.serve import started

from .conftest import ANN, KEY, HandClock, Kept


@pytest.fixture
def rung() -> list[str]:
    return []


@pytest.fixture
def server(witness: Witness, rung: list[str]) -> Iterator[ThreadingHTTPServer]:
    made = started("127.0.0.1:0", witness, HandClock(), rung.append)
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def listed(server: ThreadingHTTPServer) -> Listed:
    url = f"http://127.0.0.1:{server.server_port}"
    return Listed(name="ann", key=cosigner(ANN), url=url)


def ask(server: ThreadingHTTPServer, method: str, path: str, **more: object) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    connection.request(method, path, **more)  # type: ignore[arg-type]  # body and headers
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def holds(listed: Listed, log: Kept) -> bool:
    copy = Log(log.folder, KEY)
    line = cosignature(listed, log.note, len(log.leaves), copy.tile)
    return bool(line_of(listed.key, log.note, line))


def test_a_monitor_gets_a_cosignature_of_every_size_whatever_the_witness_knew(
    listed: Listed, log: Kept, witness: Witness
) -> None:
    assert holds(listed, log)
    for count in (1, 400, 3):
        log.grow(count)
        assert holds(listed, log)
    assert holds(listed, log), "once more"
    assert witness.last.size == len(log.leaves)


def test_what_it_remembers_can_be_read_by_who_watches_witnesses(
    listed: Listed, log: Kept, server: ThreadingHTTPServer, witness: Witness
) -> None:
    path = f"/{witness.place.name}/{CHECKPOINT}"
    assert ask(server, "GET", path)[0] == 404
    holds(listed, log)
    assert ask(server, "GET", path) == (200, (witness.place / CHECKPOINT).read_bytes())
    assert ask(server, "GET", "/witness.pem")[0] == 404
    assert ask(server, "GET", "/../witness.pem")[0] == 404


def test_a_fork_is_refused_and_rings(
    listed: Listed, log: Kept, rung: list[str], tmp_path: Path
) -> None:
    holds(listed, log)
    forked = log.fork(tmp_path / "forked", size=2, count=1)
    with pytest.raises(CannotVerify, match=r"refuses to cosign .422.: there are two logs"):
        holds(listed, forked)
    assert len(rung) == 1


def test_a_witness_that_is_ahead_is_left_alone(listed: Listed, log: Kept, tmp_path: Path) -> None:
    older = Kept(tmp_path / "older")
    older.grow(2)
    holds(listed, log)
    with pytest.raises(CannotVerify, match="it has seen 3 entries, and here are 2"):
        holds(listed, older)


def test_requests_that_are_no_requests(server: ThreadingHTTPServer) -> None:
    assert ask(server, "POST", "/other", body=b"x")[0] == 404
    assert ask(server, "POST", "/add-checkpoint", body=b"x")[0] == 400
    long = {"Content-Length": str(LIMIT_BYTES + 1)}
    assert ask(server, "POST", "/add-checkpoint", headers=long)[0] == 413
    for odd in ("-1", "1e3", "9" * 50):
        assert ask(server, "POST", "/add-checkpoint", headers={"Content-Length": odd})[0] == 411
    assert ask(server, "GET", "/")[0] == 404


@pytest.mark.parametrize("where", ["", "127.0.0.1", ":1", "127.0.0.1:x", "192.0.2.1:1"])
def test_where_nobody_can_listen_is_said(where: str, witness: Witness) -> None:
    with pytest.raises(ConfigError, match="--listen"):
        started(where, witness, HandClock(), lambda why: None)


def test_a_collector_asks_once_shows_what_holds_and_asks_the_silent_later(
    listed: Listed, log: Kept
) -> None:
    clock, said = HandClock(), list[str]()
    silent = Listed(name="silent", key=listed.key, url="http://127.0.0.1:1")
    wrong = Listed(name="wrong", key=cosigner(type(ANN).from_seed("w", bytes(32))), url=listed.url)
    collector = Collector(
        listed=(listed, silent, wrong),
        read=Log(log.folder, KEY).tile,
        clock=clock,
        say=said.append,
        start=lambda work: work(),
    )
    names = {"ann", "silent", "wrong", "monitor-1"}
    assert collector.turn(log.note, 3, names) == {}
    found = collector.turn(log.note, 3, names)
    assert list(found) == ["ann"]
    assert line_of(listed.key, log.note, found["ann"])
    assert len(said) == 2
    assert said[0].startswith("witness silent: http://127.0.0.1:1/add-checkpoint does not answer")
    assert said[1] == "witness wrong: what it answers is no cosignature of its key"
    clock.sleep(3600)
    collector.turn(log.note, 3, names)
    assert len(said) == 2, "the same is said once"
    before = log.note
    log.grow(1)
    assert collector.turn(log.note, 4, names) == {}, "of another checkpoint"
    assert list(collector.turn(log.note, 4, names)) == ["ann"]
    assert collector.turn(before, 3, names - {"ann"}) == {}


def test_a_collector_that_is_busy_starts_nothing_else(listed: Listed, log: Kept) -> None:
    begun: list[object] = []
    collector = Collector(
        listed=(listed,),
        read=Log(log.folder, KEY).tile,
        clock=HandClock(),
        say=lambda words: None,
        start=begun.append,
    )
    for _ in range(5):
        assert collector.turn(log.note, 3, {"ann"}) == {}
    assert len(begun) == 1


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((409, "text/x.tlog.size", b"x\n"), "does not say which size"),
        ((409, "text/x.tlog.size", b"1\n"), "another size each time"),
        ((409, "text/plain", b"no\n"), "refuses to cosign .409.: no"),
        ((503, "text/html", b"<html>\x1b[31m"), "refuses to cosign .503.: <html>"),
        ((500, "", b""), "it says nothing"),
    ],
)
def test_a_witness_that_answers_nonsense_is_given_up(
    log: Kept, answer: tuple[int, str, bytes], problem: str
) -> None:
    read = Log(log.folder, KEY).tile
    some = Listed(name="some", key=cosigner(ANN), url="http://example.test")
    with pytest.raises(CannotVerify, match=problem):
        cosignature(some, log.note, 3, read, lambda url, body: answer)


def test_who_does_not_answer_is_unreachable(log: Kept) -> None:
    nobody = Listed(name="nobody", key=cosigner(ANN), url="http://127.0.0.1:1")
    with pytest.raises(Unreachable):
        cosignature(nobody, log.note, 3, Log(log.folder, KEY).tile)
