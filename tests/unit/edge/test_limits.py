"""What is too much is refused at once and with its name, by the rendered edge in a real HAProxy."""

import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from edges.placing import ELSEWHERE
from standfast.mechanisms.edge.errors import WORDS, error_map

from .loopback import PATIENCE_S, QUICK, Edge, wait_until

Start = Callable[..., Edge]

SMALL = QUICK.model_copy(update={"body_limit_mb": 1})


def test_a_body_that_is_announced_as_too_large_is_refused(start: Start) -> None:
    edge = start(limits=SMALL)
    answer = edge.ask("POST", "/order", Content_Length=str(2 * 1024 * 1024))
    assert answer.status == 413
    assert edge.arrived("/order") == []
    assert edge.ask("POST", "/order", body=b"x" * 1024 * 1024).status == 200


def chunked(edge: Edge, size: int, **headers: str) -> int:
    def parts() -> Iterator[bytes]:
        for _ in range(size // 1000):
            yield b"x" * 1000

    connection = edge.connection()
    named = {"Transfer-Encoding": "chunked", **headers}
    with suppress(BrokenPipeError, ConnectionResetError, ssl.SSLError):
        connection.request("POST", "/chunks", body=parts(), headers=named, encode_chunked=True)
    # It may have been refused while it was being sent; the answer is there all the same.
    return connection.getresponse().status


def test_a_body_that_does_not_say_how_large_it_is_may_be_small(start: Start) -> None:
    edge = start(limits=SMALL)
    assert chunked(edge, 4_000) == 200
    assert chunked(edge, 12_000) == 413
    assert chunked(edge, 4_000, Cookie="x" * 9_000) == 413
    assert len(edge.arrived("/chunks")) == 1


def test_a_header_that_is_too_large_is_refused(start: Start) -> None:
    edge = start()
    assert edge.ask("GET", "/", Cookie="x" * 12_000).status == 200
    assert edge.ask("GET", "/large", Cookie="x" * 16_000).status in (400, 431)
    assert edge.arrived("/large") == []


BEGINNINGS = (
    b"GET /late HTTP/1.1\r\nHost: x\r\n",
    b"POST /late HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf",
    b"POST /late HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
)


def test_who_sends_too_slowly_is_cut_and_holds_no_server(start: Start) -> None:
    edge = start()
    began = time.monotonic()
    lines = [line_to(edge) for _ in BEGINNINGS]
    for line, beginning in zip(lines, BEGINNINGS, strict=True):
        line.sendall(beginning)
    for line in lines:
        assert line.recv(65536).startswith(b"HTTP/1.1 408 ")
        line.close()
    assert time.monotonic() - began < QUICK.request_s + 3
    assert edge.arrived("/late") == []


def line_to(edge: Edge) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(edge.identity / "ca.pem"))
    context.check_hostname = False
    plain = socket.create_connection(("127.0.0.1", edge.port), timeout=PATIENCE_S)
    return context.wrap_socket(plain)


def test_beyond_the_queue_everybody_is_told_at_once(start: Start) -> None:
    """One under way at each server, two that wait, and the rest refused while these still wait."""
    limits = QUICK.model_copy(
        update={"in_flight_per_server": 1, "queue": 2, "queue_s": 8, "first_byte_s": 8}
    )
    edge = start(limits=limits)
    statuses: Counter[int] = Counter()

    def ask() -> None:
        statuses[edge.ask("GET", "/wait").status] += 1

    asking = [threading.Thread(target=ask) for _ in range(4)]
    for number, each in enumerate(asking, start=1):
        each.start()
        wait_until(partial(as_many, edge, number))
    for _ in range(3):
        answer = edge.ask("GET", "/wait")
        assert answer.status == 503
        assert answer.headers["retry-after"] == "5"
    assert edge.ask("GET", "/trust/").body == b"monitor-1", "the trust page has no queue"
    edge.release()
    for each in asking:
        each.join()
    assert statuses == {200: 4}


def as_many(edge: Edge, number: int) -> bool:
    """Under way or waiting (`scur` of a backend; management guide, section 9.1)."""
    rows = [line.split(",") for line in edge.tell("show stat web 2 -1").splitlines()[1:] if line]
    return sum(int(row[4]) for row in rows) == number


def test_with_all_web_servers_down_the_error_is_readable_and_the_trust_page_answers(
    start: Start,
) -> None:
    edge = start()
    for web in edge.webs:
        web.close()
    page = edge.ask("GET", "/", Accept="text/html,application/xhtml+xml,*/*")
    assert page.status == 503
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["strict-transport-security"] == "max-age=63072000"
    assert b"not available at the moment" in page.body
    document = edge.ask("POST", "/order", body=b"x", Accept="application/json")
    assert document.status == 503
    assert document.headers["content-type"] == "application/json"
    assert document.document() == {
        "status": 503,
        "error": "The service is not available at the moment",
        "detail": "No server could take your request. Please try again in a moment.",
        "retry_after_s": 5,
    }
    assert edge.ask("GET", "/trust/").body == b"monitor-1"


def test_when_no_monitor_answers_the_trust_page_says_so_and_leads_elsewhere(start: Start) -> None:
    edge = start()
    edge.monitor.close()
    page = edge.ask("GET", "/trust/", Accept="text/html,application/xhtml+xml,*/*")
    assert page.status == 503
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert b"The trust page cannot be shown at the moment" in page.body
    assert f'<a href="{ELSEWHERE}">the copy</a>'.encode() in page.body
    assert b'href="/trust/"' not in page.body, "it would lead to itself"
    assert edge.ask("GET", "/health").status == 200, "the service goes on"


def test_without_a_copy_elsewhere_the_page_leads_nowhere() -> None:
    (said,) = (line for line in error_map().decode().splitlines() if line.startswith("503:trust "))
    assert "<a " not in said
    assert "whoever has a copy can verify it" in said


def test_every_error_has_its_words_once() -> None:
    assert sorted(each.status for each in WORDS) == [403, 413, 429, 502, 503, 504]
