"""A machine that is out of reach is refused for a while, and one that answers is left alone."""

import json
import socket
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from standfast.core.command import Command, Result
from standfast.core.errors import CommandFailed, Refused
from standfast.mechanisms.hosts.agent import severed as module
from standfast.mechanisms.hosts.agent.severed import severed


@dataclass
class Nft:
    fails: bool = False
    loaded: list[Command] = field(default_factory=list)

    def run(self, command: Command, *, check: bool = True) -> Result:
        self.loaded.append(command)
        if self.fails:
            raise CommandFailed("nft: no such module")
        return Result(status=0, stdout=b"", stderr=b"")


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an agent that knows one other database, at whose ports nobody answers."""
    file = tmp_path / "agent.json"
    file.write_text(json.dumps({"databases": {"db-1": "127.0.0.1"}}))
    monkeypatch.setattr(module, "SETTINGS", file)
    monkeypatch.setattr(module, "DATABASE_PORT", 1)
    monkeypatch.setattr(module, "PATRONI_PORT", 2)


def test_a_machine_that_answers_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    nft = Nft()
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(module, "DATABASE_PORT", server.getsockname()[1])
        assert severed(nft, "db-1") == {"severed": False}
    assert not nft.loaded


def test_one_that_does_not_is_refused_to_patroni_for_some_seconds() -> None:
    nft = Nft()
    assert severed(nft, "db-1") == {"severed": True}
    (command,) = nft.loaded
    assert command.argv == ("nft", "--file", "-")
    rules = command.stdin.decode()
    assert "machines { 127.0.0.1 timeout 5s }" in rules
    assert "ip daddr @machines tcp dport 2 reject with tcp reset" in rules


def test_what_only_saves_time_forbids_nothing_where_it_fails() -> None:
    assert severed(Nft(fails=True), "db-1") == {"severed": True}


@pytest.mark.parametrize("name", ["db-9", "127.0.0.1", "", "db-1; flush ruleset"])
def test_only_another_database_machine_of_the_site_can_be_named(name: str) -> None:
    nft = Nft()
    with pytest.raises(Refused, match="takes the name of another database machine"):
        severed(nft, name)
    assert not nft.loaded
