"""One source that floods is held, and nobody else is: in a real HAProxy, by real connections."""

from collections import Counter
from collections.abc import Callable
from http.client import HTTPSConnection

import pytest

from .loopback import QUICK, Edge, said

Start = Callable[..., Edge]
FLOODING, HONEST = "127.0.0.2", "127.0.0.3"


def connection(edge: Edge, source: str) -> HTTPSConnection:
    line = edge.connection()
    line.source_address = (source, 0)
    return line


def ask(line: HTTPSConnection) -> int:
    line.request("GET", "/")
    return said(line.getresponse()).status


def limited(**changes: int) -> dict[str, object]:
    return {"limits": QUICK.model_copy(update=changes)}


def test_who_asks_too_often_is_told_so_and_others_are_served(start: Start) -> None:
    edge = start(**limited(requests_per_source_per_s=2))
    flood, honest = connection(edge, FLOODING), connection(edge, HONEST)
    answers = Counter(ask(flood) for _ in range(60))
    assert answers[200] == 20
    assert answers[429] == 40
    assert [ask(honest) for _ in range(10)] == [200] * 10
    assert ask(connection(edge, FLOODING)) == 429, "another connection of the same source"


def test_429_is_readable(start: Start) -> None:
    edge = start(**limited(requests_per_source_per_s=1))
    for _ in range(10):
        edge.ask("GET", "/")
    answer = edge.ask("GET", "/", Accept="application/json")
    assert answer.status == 429
    assert answer.headers["retry-after"] == "5"
    assert answer.document()["status"] == 429


def test_who_opens_too_many_connections_is_cut_and_others_are_served(start: Start) -> None:
    edge = start(**limited(connections_per_source=3))
    held = [connection(edge, FLOODING) for _ in range(3)]
    assert [ask(each) for each in held] == [200] * 3
    with pytest.raises(OSError):  # noqa: PT011  reset or ended, as the kernel has it
        ask(connection(edge, FLOODING))
    assert ask(connection(edge, HONEST)) == 200
    held[0].close()


def test_who_connects_too_often_is_cut_and_others_are_served(start: Start) -> None:
    edge = start(**limited(new_connections_per_source_per_s=1))
    for _ in range(10):
        line = connection(edge, FLOODING)
        assert ask(line) == 200
        line.close()
    with pytest.raises(OSError):  # noqa: PT011  reset or ended, as the kernel has it
        ask(connection(edge, FLOODING))
    assert ask(connection(edge, HONEST)) == 200


def test_a_trusted_source_is_not_counted(start: Start) -> None:
    edge = start(trusted=("127.0.0.0/31",), **limited(requests_per_source_per_s=1))
    line = connection(edge, "127.0.0.1")
    assert {ask(line) for _ in range(40)} == {200}
    flood = connection(edge, FLOODING)
    assert 429 in {ask(flood) for _ in range(40)}
