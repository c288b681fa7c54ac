"""The relay's choice among edges, with real sockets on this computer's loopback."""

import asyncio
import socket
from pathlib import Path

import pytest

from standfast.mechanisms.hosts.local import relay


@pytest.fixture
def edge() -> socket.socket:
    """Listens on 127.0.0.2; nobody does on 127.0.0.3."""
    return socket.create_server(("127.0.0.2", 0))


@pytest.fixture
def edges(tmp_path: Path) -> relay.Edges:
    file = tmp_path / "edges"
    file.write_text("127.0.0.3\n127.0.0.2\n")
    return relay.Edges(file)


def connected(edges: relay.Edges, port: int) -> bool:
    async def once() -> bool:
        there = await relay.connect(edges, port)
        if there is None:
            return False
        there[1].close()
        return True

    return asyncio.run(once())


def test_an_edge_that_does_not_answer_is_passed_over_and_asked_last_from_then_on(
    edge: socket.socket, edges: relay.Edges
) -> None:
    with edge:
        assert connected(edges, edge.getsockname()[1])
    assert edges.addresses() == ("127.0.0.2", "127.0.0.3")


def test_when_no_edge_answers_there_is_no_connection_and_none_is_forgotten(
    edge: socket.socket, edges: relay.Edges
) -> None:
    port = edge.getsockname()[1]
    edge.close()
    assert not connected(edges, port)
    assert sorted(edges.addresses()) == ["127.0.0.2", "127.0.0.3"]


def test_an_edge_that_the_file_no_longer_names_is_not_asked_and_a_new_one_is_last(
    edges: relay.Edges,
) -> None:
    edges.addresses()
    edges.ask_last("127.0.0.3")
    edges.file.write_text("127.0.0.4\n127.0.0.3\n")
    assert edges.addresses() == ("127.0.0.3", "127.0.0.4")
