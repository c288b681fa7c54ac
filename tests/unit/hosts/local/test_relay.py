"""The relay's choice among edges, with real sockets on this computer's loopback."""

import asyncio
import socket

import pytest

from standfast.mechanisms.hosts.local import relay


@pytest.fixture
def edge() -> socket.socket:
    """Listens on 127.0.0.2; nobody does on 127.0.0.3."""
    return socket.create_server(("127.0.0.2", 0))


def connected(addresses: list[str], port: int) -> bool:
    async def once() -> bool:
        there = await relay.connect(addresses, port)
        if there is None:
            return False
        there[1].close()
        return True

    return asyncio.run(once())


def test_an_edge_that_does_not_answer_is_passed_over_and_asked_last_from_then_on(
    edge: socket.socket,
) -> None:
    addresses = ["127.0.0.3", "127.0.0.2"]
    with edge:
        assert connected(addresses, edge.getsockname()[1])
    assert addresses == ["127.0.0.2", "127.0.0.3"]


def test_when_no_edge_answers_there_is_no_connection_and_none_is_forgotten(
    edge: socket.socket,
) -> None:
    port = edge.getsockname()[1]
    edge.close()
    addresses = ["127.0.0.3", "127.0.0.2"]
    assert not connected(addresses, port)
    assert sorted(addresses) == ["127.0.0.2", "127.0.0.3"]
