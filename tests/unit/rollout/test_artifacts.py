"""What is shipped, and where it is not."""

from ipaddress import IPv4Address
from pathlib import Path

import pytest

from standfast.core.command import Command, Result
from standfast.core.errors import Refused
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.disks import NO_ROOM
from standfast.mechanisms.hosts.machine import Machine, Reach
from standfast.mechanisms.rollout.artifacts import Artifact, ship


class Ssh:
    """A machine on which the named paths exist."""

    def __init__(self, *paths: str) -> None:
        self.paths = paths
        self.changed: list[str] = []

    def run(self, command: Command, *, check: bool = True) -> Result:
        words = command.argv[-1].split()
        if words[0] != "test":
            self.changed.append(words[0])
        missing = words[0] == "test" and words[-1] not in self.paths
        return Result(status=int(missing), stdout=b"", stderr=b"")


def shipped(ssh: Ssh) -> bool:
    machine = Machine(
        name="web-1",
        roles=frozenset(),
        address=IPv4Address("10.77.0.12"),
        reach=Reach(host="10.77.0.12"),
    )
    connection = Connection(machine=machine, runner=ssh, sockets=Path("/run/nowhere"))
    return ship(Artifact(folder="/srv/release", archive=b""), connection)


def test_what_is_there_is_not_shipped_again_however_full_the_disk() -> None:
    assert not shipped(Ssh("/srv/release", NO_ROOM))


def test_what_is_missing_is_shipped() -> None:
    ssh = Ssh()
    assert shipped(ssh)
    assert ssh.changed[-1] == "mv"


def test_nothing_is_brought_to_a_machine_whose_disk_is_full() -> None:
    ssh = Ssh(NO_ROOM)
    with pytest.raises(Refused, match="a disk of web-1 is more than 95% full"):
        shipped(ssh)
    assert not ssh.changed
