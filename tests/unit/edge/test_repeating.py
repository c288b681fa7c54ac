"""What may be repeated is asked elsewhere; what may not is sent once, and its end is said."""

import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPSConnection

import pytest

from .loopback import QUICK, Edge, said

Start = Callable[..., Edge]


def on_a_used_connection(edge: Edge) -> HTTPSConnection:
    """As a browser's is when somebody sends a form."""
    connection = edge.connection()
    for _ in range(2):
        connection.request("GET", "/")
        assert said(connection.getresponse()).status == 200
    return connection


def test_what_may_not_be_repeated_gets_one_honest_error(start: Start) -> None:
    edge = start()
    connection = on_a_used_connection(edge)
    connection.request("POST", "/die", body=b"an order")
    answer = said(connection.getresponse())
    assert answer.status == 502
    assert b"look before you send anything again" in answer.body
    assert len(edge.arrived("/die")) == 1
    connection.request("GET", "/")
    assert said(connection.getresponse()).status == 200, "the customer's connection goes on"


def test_without_the_second_passage_the_customer_is_told_nothing(start: Start) -> None:
    """Why `through-once` is there: HAProxy hangs up on whoever has asked before."""
    edge = start(changed=straight)
    connection = on_a_used_connection(edge)
    connection.request("POST", "/die", body=b"an order")
    with pytest.raises(ConnectionError):
        connection.getresponse()


def as_rendered(text: str) -> str:
    return text


def straight(text: str) -> str:
    return text.replace("use_backend through-once", "use_backend once")


@pytest.mark.parametrize(("changed", "times"), [(as_rendered, 1), (straight, 6)])
def test_over_http2_a_client_is_not_told_that_nothing_was_done(
    start: Start, changed: Callable[[str], str], times: int
) -> None:
    """Straight to the web server, curl repeats an order five times on HAProxy's word."""
    edge = start(changed=changed)
    each = ("--insecure", "--silent", "--http2", "--output", "/dev/null")
    page = (*each, f"https://127.0.0.1:{edge.port}/")
    order = (*each, "--data", "an order", f"https://127.0.0.1:{edge.port}/die")
    said = ("--write-out", "%{http_version} %{http_code}")
    command = ("curl", *page, "--next", *said, *order)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert len(edge.arrived("/die")) == times
    assert done.stdout == ("2 502" if times == 1 else "0 000")


def test_what_may_be_repeated_is_asked_of_another_server(start: Start) -> None:
    edge = start()
    for method, key in (("GET", ""), ("PUT", ""), ("POST", "one-order")):
        before = len(edge.arrived("/die-once"))
        headers = {"Idempotency_Key": key} if key else {}
        answer = edge.ask(method, "/die-once", body=b"x" if method != "GET" else None, **headers)
        assert answer.status == 200, method
        arrived = edge.arrived("/die-once")
        assert len(arrived) - before == 2
        assert set(arrived) == {"web-1", "web-2"}
        edge.webs[0].deaths.release()


def test_a_large_body_is_sent_once_whatever_its_method(start: Start) -> None:
    """It does not fit into a buffer, so it cannot be sent again."""
    edge = start()
    assert edge.ask("PUT", "/die-once", body=b"x" * 100_000).status == 502
    assert len(edge.arrived("/die-once")) == 1


def test_nothing_was_sent_to_a_server_that_refuses_so_another_is_asked(start: Start) -> None:
    edge = start()
    edge.webs[0].close()
    for _ in range(6):
        assert edge.ask("POST", "/order", body=b"an order").body == b"web-2"
    assert edge.arrived("/order") == ["web-2"] * 6


def test_who_may_not_be_repeated_waits_and_is_told(start: Start) -> None:
    edge = start()
    answer = edge.ask("POST", "/wait", body=b"an order")
    assert answer.status == 504
    assert len(edge.arrived("/wait")) == 1


def test_a_late_first_byte_is_asked_for_elsewhere(start: Start) -> None:
    edge = start(changed=lambda text: text.replace("balance random(2)", "balance roundrobin"))
    edge.webs[1].release.set()
    assert at_once(edge, ("GET", "/wait"), ("GET", "/wait")) == [b"web-2"] * 2
    assert sorted(edge.arrived("/wait")) == ["web-1", "web-2", "web-2"]


def test_a_slow_route_is_given_its_time(start: Start) -> None:
    """Longer than `first_byte_s` and `once_s`."""
    edge = start(slow=("/wait/",))
    threading.Timer(QUICK.once_s + 0.5, edge.release).start()
    answers = at_once(edge, ("GET", "/wait/report"), ("POST", "/wait/report"))
    assert set(answers) <= {b"web-1", b"web-2"}
    assert len(edge.arrived("/wait/report")) == 2


def at_once(edge: Edge, *requests: tuple[str, str]) -> list[bytes]:
    with ThreadPoolExecutor(len(requests)) as pool:
        return [each.body for each in pool.map(lambda wanted: edge.ask(*wanted), requests)]


def test_a_slow_route_on_a_server_that_dies_is_asked_for_elsewhere(start: Start) -> None:
    edge = start(slow=("/die-once",))
    assert edge.ask("GET", "/die-once").status == 200
    assert set(edge.arrived("/die-once")) == {"web-1", "web-2"}
