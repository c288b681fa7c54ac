"""What the operator's file leaves open, their own ssh_config says."""

from ipaddress import IPv4Address
from pathlib import Path

from standfast.core.command import SystemRunner
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Machine, Reach


def words(reach: Reach) -> tuple[str, ...]:
    machine = Machine(name="web-1", roles=frozenset(), address=IPv4Address("10.0.0.1"), reach=reach)
    connection = Connection(machine=machine, runner=SystemRunner(), sockets=Path("/run/site"))
    return connection.words("true")


def test_a_user_and_a_port_of_the_file_are_passed_to_ssh() -> None:
    said = words(Reach(host="web", user="root", port=2222))
    assert "root@web" in said
    assert said[said.index("-p") + 1] == "2222"


def test_without_them_ssh_is_told_neither() -> None:
    said = words(Reach(host="web", user=None, port=None))
    assert "web" in said
    assert "-p" not in said
