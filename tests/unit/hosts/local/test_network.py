"""Monitors that are made here find the edges' public addresses; others are given no way there."""

from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from standfast.core.command import Command, Result
from standfast.mechanisms.hosts.local.names import Names
from standfast.mechanisms.hosts.local.network import plug_in
from standfast.mechanisms.hosts.machine import Machine, Reach, Role

NAMES = Names(site="never-made-by-a-test", home=Path("/nowhere"))
WAY = (
    *("ip", "-n", "standfast.never-made-by-a-test.one"),
    *("route", "replace", "203.0.113.0/24", "dev", "private"),
)


@dataclass
class Told:
    """Runs nothing: what `ip` was told, in order."""

    commands: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, command: Command, *, check: bool = True) -> Result:
        self.commands.append(command.argv)
        return Result(status=0, stdout=b"", stderr=b"")


def plugged(roles: frozenset[Role], public: IPv4Address | None) -> list[tuple[str, ...]]:
    told = Told()
    one = Machine(
        name="one",
        roles=roles,
        address=IPv4Address("10.77.0.19"),
        public=public,
        reach=Reach(host="10.77.0.19"),
    )
    plug_in(NAMES, one, told)
    return told.commands


def test_a_monitor_is_given_the_way_once_its_cable_is_in() -> None:
    commands = plugged(frozenset({Role.MONITOR}), None)
    assert commands[-1] == WAY
    assert commands.count(WAY) == 1


@pytest.mark.parametrize(
    ("roles", "public"),
    [
        ({Role.WEB}, None),
        ({Role.DATABASE, Role.BACKUP}, None),
        ({Role.MONITOR, Role.EDGE}, IPv4Address("203.0.113.11")),
    ],
)
def test_whoever_looks_at_no_edge_or_has_a_public_cable_is_given_none(
    roles: set[Role], public: IPv4Address | None
) -> None:
    assert WAY not in plugged(frozenset(roles), public)
