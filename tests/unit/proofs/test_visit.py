"""A visit succeeds where a customer's would: real servers behind TLS on the loopback."""

import errno
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.healthy import served

from edges.placing import certificates
from standfast.core.clock import SystemClock
from standfast.proofs.monitoring.visit import PATIENCE_S, Answer, Door, failed, status_of, visit

CLOCK = SystemClock()


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("identity")
    certificates(folder, ("edge-1", "shop.example"))
    return folder


@pytest.fixture(scope="module")
def trusted(identity: Path) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.load_verify_locations(identity / "ca.pem")
    return context


def asked(
    port: int,
    trusted: ssl.SSLContext,
    path: str = "/health",
    name: str = "127.0.0.1",
    patience_s: float = PATIENCE_S,
) -> Answer:
    door = Door(name=name, address="127.0.0.1", port=port)
    return visit(door, path, trusted, CLOCK, patience_s=patience_s)


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/health", Answer.SUCCESS),
        ("/ill", Answer.NONE),
        ("/moved", Answer.NONE),
        ("/nowhere", Answer.NONE),
    ],
)
def test_only_a_success_is_an_answer(
    identity: Path, trusted: ssl.SSLContext, path: str, answer: Answer
) -> None:
    with served(identity / "shop.example.pem") as port:
        assert asked(port, trusted, path, "shop.example") is answer


def test_a_certificate_of_another_name_or_of_nobody_is_no_answer(
    identity: Path, trusted: ssl.SSLContext
) -> None:
    with served(identity / "shop.example.pem") as port:
        assert asked(port, trusted, name="shop.example") is Answer.SUCCESS
        assert asked(port, trusted, name="other.example") is Answer.NONE
        assert asked(port, trusted) is Answer.NONE
        stranger = ssl.create_default_context()
        assert asked(port, stranger, name="shop.example") is Answer.NONE


def test_nobody_there_is_no_answer_and_somebody_who_comes_back_is_one(
    identity: Path, trusted: ssl.SSLContext
) -> None:
    with served(identity / "shop.example.pem") as port:
        assert asked(port, trusted, name="shop.example") is Answer.SUCCESS
    assert asked(port, trusted, name="shop.example") is Answer.NONE
    with served(identity / "shop.example.pem", port=port):
        assert asked(port, trusted, name="shop.example") is Answer.SUCCESS


@pytest.mark.parametrize("says", [b"", b"H", b"HTTP/1.1 200"])
def test_who_takes_a_connection_and_says_nothing_is_left_after_a_while(
    identity: Path, trusted: ssl.SSLContext, says: bytes
) -> None:
    """Before the handshake is over, and after it."""
    with silent(identity / "shop.example.pem", says) as port:
        began = CLOCK.monotonic()
        assert asked(port, trusted, name="shop.example", patience_s=0.3) is Answer.NONE
        assert 0.2 < CLOCK.monotonic() - began < 3


@contextmanager
def silent(certificate: Path, says: bytes) -> Iterator[int]:
    """Says that much after a handshake, or does not shake hands if it is nothing, and waits."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, f"{certificate}.key")
    over = threading.Event()

    def serve() -> None:
        plain, _ = listening.accept()
        with plain:
            if says:
                with context.wrap_socket(plain, server_side=True) as stream:
                    stream.sendall(says)
                    over.wait(10)
            over.wait(10)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            over.set()
            thread.join()


def test_a_machine_without_a_way_there_says_nothing_of_the_service() -> None:
    assert failed(OSError(errno.ENETUNREACH, "Network is unreachable")) is Answer.NO_WAY
    for other in (errno.EHOSTUNREACH, errno.ECONNREFUSED, errno.ETIMEDOUT):
        assert failed(OSError(other, "")) is Answer.NONE
    assert failed(TimeoutError("timed out")) is failed(ssl.SSLError()) is Answer.NONE


@settings(max_examples=300, derandomize=True, database=None, deadline=None)
@given(st.binary(max_size=60) | st.from_regex(rb"HTTP/1\.[01] [0-9]{3} .{0,9}", fullmatch=True))
def test_any_line_has_a_status_or_none(line: bytes) -> None:
    status = status_of(line)
    assert status == 0 or line.split()[1] == f"{status:03}".encode()


def test_lines_of_status() -> None:
    assert status_of(b"HTTP/1.1 200 OK\r") == status_of(b"HTTP/1.0 200") == 200
    for other in (b"", b"HTTP/1.1", b"HTTP/1.1 20 OK", b"ICY 200 OK", b"HTTP/1.1 0200 OK"):
        assert status_of(other) == 0
