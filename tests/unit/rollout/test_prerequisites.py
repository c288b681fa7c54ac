from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

from standfast.core.command import Command, Result
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Machine, Reach
from standfast.mechanisms.rollout.prerequisites import equip


@dataclass(slots=True, kw_only=True)
class Debian:
    """A machine behind ssh that knows its packages, as far as dpkg and apt are asked here."""

    installed: set[str]
    fetched: list[str] = field(default_factory=list)

    def run(self, command: Command, *, check: bool = True) -> Result:
        said = command.argv[-1].split()
        if said[0] == "dpkg-query":
            there = said[-1] in self.installed
            return Result(status=not there, stdout=b"installed" if there else b"", stderr=b"")
        assert "apt-get" in said
        if "install" in said:
            new = [word for word in said[said.index("install") + 1 :] if word[0] != "-"]
            self.installed |= set(new)
            self.fetched += new
        return Result(status=0, stdout=b"", stderr=b"")


def connection(runner: Debian) -> Connection:
    machine = Machine(
        name="web-1", roles=frozenset(), address=IPv4Address("10.0.0.1"), reach=Reach(host="web")
    )
    return Connection(machine=machine, runner=runner, sockets=Path("/run/site"))


def test_what_is_missing_is_installed_once() -> None:
    machine = Debian(installed={"python3", "openssl"})
    assert equip(connection(machine)) == ("python3-venv",)
    assert equip(connection(machine)) == ()
    assert machine.fetched == ["python3-venv"]
