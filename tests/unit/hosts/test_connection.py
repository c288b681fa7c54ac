"""A way to a machine survives what machines go through."""

from ipaddress import IPv4Address
from pathlib import Path

import pytest

from standfast.core.command import Command, Result
from standfast.core.errors import Unreachable
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Machine, Reach


class SmallSsh:
    """One shared connection, which may be `dead` without knowing it, to a machine that is `on`."""

    def __init__(self) -> None:
        self.is_open = False
        self.dead = False
        self.on = True
        self.forwards: set[str] = set()
        self.orders: list[str] = []

    def run(self, command: Command, *, check: bool = True) -> Result:
        words = command.argv
        order = words[words.index("-O") + 1] if "-O" in words else "run"
        self.orders.append(order)
        forward = words[words.index("-L") + 1] if "-L" in words else ""
        return Result(status=self.does(order, forward), stdout=b"", stderr=b"")

    def does(self, order: str, forward: str) -> int:
        if order == "run":
            if not self.on or self.dead:
                return 255
            self.is_open = True
            return 0
        if not self.is_open:
            return 255
        if order in ("exit", "stop"):
            self.is_open = self.dead = False
            self.forwards.clear()
        if order == "forward" and forward not in self.forwards:
            self.forwards.add(forward)
            Path(forward.split(":")[0]).touch()
        if order == "cancel":
            self.forwards.discard(forward)
        return 0


@pytest.fixture
def ssh() -> SmallSsh:
    return SmallSsh()


def connection(folder: Path, ssh: SmallSsh, name: str = "web-1") -> Connection:
    machine = Machine(
        name=name, roles=frozenset(), address=IPv4Address("10.0.0.1"), reach=Reach(host="10.0.0.1")
    )
    return Connection(machine=machine, runner=ssh, sockets=folder)


def test_a_forward_is_made_once_and_asked_for_again(tmp_path: Path, ssh: SmallSsh) -> None:
    one = connection(tmp_path, ssh)
    assert one.forward("10.0.0.1", 7443) == one.forward("10.0.0.1", 7443)
    assert ssh.forwards == {f"{tmp_path / 'web-1.7443'}:10.0.0.1:7443"}


def test_a_socket_file_of_a_connection_that_is_gone_is_not_believed(
    tmp_path: Path, ssh: SmallSsh
) -> None:
    (tmp_path / "web-1.7443").touch()
    connection(tmp_path, ssh).forward("10.0.0.1", 7443)
    assert ssh.forwards


def test_a_socket_file_that_somebody_removed_is_made_again(tmp_path: Path, ssh: SmallSsh) -> None:
    one = connection(tmp_path, ssh)
    path = one.forward("10.0.0.1", 7443)
    path.unlink()
    assert one.forward("10.0.0.1", 7443).exists()


def test_a_machine_that_was_cut_off_and_came_back_is_reached_anew(
    tmp_path: Path, ssh: SmallSsh
) -> None:
    one = connection(tmp_path, ssh)
    one.forward("10.0.0.1", 7443)
    ssh.dead = True
    assert one.forward("10.0.0.1", 7443).exists()
    assert ssh.orders.count("stop") == 1
    assert "exit" not in ssh.orders


def test_a_machine_that_is_off_is_unreachable(tmp_path: Path, ssh: SmallSsh) -> None:
    ssh.on = False
    with pytest.raises(Unreachable, match="web-1"):
        connection(tmp_path, ssh).forward("10.0.0.1", 7443)
    assert ssh.orders.count("run") == 1


def test_closing_a_machines_connection_leaves_those_of_its_namesakes(
    tmp_path: Path, ssh: SmallSsh
) -> None:
    other = connection(tmp_path, ssh, "db-1").forward("10.0.0.1", 7443)
    connection(tmp_path, ssh, "db").close()
    assert other.exists()
