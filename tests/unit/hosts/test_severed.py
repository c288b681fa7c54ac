"""A machine that is out of reach is refused for a while, and one that answers is left alone."""

import socket
from dataclasses import dataclass, field

import pytest

from standfast.core.command import Command, Result
from standfast.core.errors import Refused
from standfast.mechanisms.hosts.agent import severed as module
from standfast.mechanisms.hosts.agent.severed import severed


@dataclass
class Nft:
    loaded: list[Command] = field(default_factory=list)

    def run(self, command: Command, *, check: bool = True) -> Result:
        self.loaded.append(command)
        return Result(status=0, stdout=b"", stderr=b"")


def test_a_machine_that_answers_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    nft = Nft()
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(module, "DATABASE_PORT", server.getsockname()[1])
        monkeypatch.setattr(module, "PATRONI_PORT", 1)
        assert severed(nft, "127.0.0.1") == {"severed": False}
    assert not nft.loaded


def test_one_that_does_not_is_refused_for_some_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    nft = Nft()
    monkeypatch.setattr(module, "DATABASE_PORT", 1)
    monkeypatch.setattr(module, "PATRONI_PORT", 1)
    assert severed(nft, "127.0.0.1") == {"severed": True}
    (command,) = nft.loaded
    assert command.argv == ("nft", "--file", "-")
    assert b"machines { 127.0.0.1 timeout 5s }" in command.stdin


@pytest.mark.parametrize("address", ["db-1", "10.0.0.1; flush ruleset", "", "::1"])
def test_only_an_address_reaches_the_rules(address: str) -> None:
    nft = Nft()
    with pytest.raises(Refused, match="takes the address of a machine"):
        severed(nft, address)
    assert not nft.loaded
