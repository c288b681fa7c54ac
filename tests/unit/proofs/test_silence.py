"""How long a machine has been silent: aged by whoever measured, and told to monitors alone."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Thread

import pytest
from tests.unit.hosts.conftest import Office

from standfast.mechanisms.hosts.serving import Server
from standfast.mechanisms.hosts.tls import client_context, peer, server_context
from standfast.proofs.monitoring import exchange, knock
from standfast.proofs.monitoring.silence import STALE_S, Silence


class HeldClock:
    def __init__(self) -> None:
        self.at = 100.0

    def monotonic(self) -> float:
        return self.at


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office.open(tmp_path_factory.mktemp("office") / "ours")


def noted(clock: HeldClock) -> Silence:
    return Silence(clock=clock)  # type: ignore[arg-type]


def test_silence_begins_with_the_first_attempt_that_was_not_answered() -> None:
    clock = HeldClock()
    silence = noted(clock)
    assert silence.of("db-1") is None
    silence.note("db-1", answered=False, began=99.5)
    clock.at = 100.5
    silence.note("db-1", answered=False, began=100.2)
    assert silence.of("db-1") == 1.0
    clock.at = 100.9
    assert silence.of("db-1") == 1.0, "time that passes since is no attempt"
    silence.note("db-1", answered=True, began=100.5)
    assert silence.of("db-1") is None


def test_what_was_not_asked_just_now_is_not_told() -> None:
    clock = HeldClock()
    silence = noted(clock)
    silence.note("db-1", answered=False, began=100.0)
    clock.at += STALE_S + 0.1
    assert silence.of("db-1") is None
    silence.note("db-1", answered=False, began=clock.at)
    silence.forget()
    assert silence.of("db-1") is None


def test_a_port_that_accepts_is_an_answer_and_one_that_refuses_is_none() -> None:
    with socket.create_server(("127.0.0.1", 0)) as open_one, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        ports = [each.getsockname()[1] for each in (closed, open_one)]
        assert knock.answers("127.0.0.1", ports)
        assert not knock.answers("127.0.0.1", ports[:1])


@contextmanager
def telling(
    office: Office, name: str, silent: Callable[[str], float | None], may_ask: frozenset[str]
) -> Iterator[int]:
    handler = partial(exchange.Handler, peer=peer, may_ask=may_ask, silent=silent)
    server = Server(
        ("127.0.0.1", 0), handler, tls=server_context(office.identity(name)), patience_s=5
    )
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("asker", "silent", "told"),
    [
        ("monitor-1", 1.25, {"localhost": 1.25}),
        ("monitor-1", None, {}),
        ("web-1", 1.25, {}),
    ],
)
def test_other_monitors_are_told_and_nobody_else(
    office: Office, asker: str, silent: float | None, told: dict[str, float]
) -> None:
    context = client_context(office.identity(asker))
    context.check_hostname = False  # the office issues no addresses
    questions: list[str] = []

    def say(machine: str) -> float | None:
        questions.append(machine)
        return silent

    with telling(office, "monitor-2", say, frozenset({"monitor-1"})) as port:
        found = exchange.ask(
            {"localhost": "127.0.0.1"}, "db-1", port=port, context=context, enough=1
        )
    assert found == told
    assert questions == ([] if asker == "web-1" else ["db-1"])


def asked(
    office: Office, others: dict[str, str], port: int, *, enough: int = 1
) -> tuple[dict[str, float], float]:
    """What they say, and how long it took."""
    context = client_context(office.identity("monitor-1"))
    context.check_hostname = False
    began = time.monotonic()
    told = exchange.ask(others, "db-1", port=port, context=context, enough=enough)
    return told, time.monotonic() - began


def test_one_that_drips_holds_up_nobody(office: Office) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        told, took_s = asked(office, {"m": "127.0.0.1"}, silent.getsockname()[1])
    assert told == {}
    assert took_s < 2 * exchange.TIMEOUT_S


def test_once_enough_call_it_silent_nobody_waits_for_the_rest(office: Office) -> None:
    """`127.0.0.2` accepts, and says nothing."""
    others = {"localhost": "127.0.0.1", "dead": "127.0.0.2"}
    with (
        telling(office, "monitor-2", lambda machine: 1.25, frozenset({"monitor-1"})) as port,
        socket.create_server(("127.0.0.2", port)),
    ):
        told, took_s = asked(office, others, port)
        assert told == {"localhost": 1.25}
        assert took_s < exchange.TIMEOUT_S
        told, took_s = asked(office, others, port, enough=2)
        assert told == {"localhost": 1.25}
        assert took_s >= exchange.TIMEOUT_S


def test_a_monitor_that_does_not_answer_says_nothing(office: Office) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        assert asked(office, {"m": "127.0.0.1"}, port)[0] == {}
    assert asked(office, {}, 1)[0] == {}
