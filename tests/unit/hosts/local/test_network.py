"""Monitors that are made here find the edges' public addresses; others are given no way there."""

from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from standfast.core.command import Command, Result
from standfast.mechanisms.hosts.local.names import Names
from standfast.mechanisms.hosts.local.network import changed_over, plug_in, set_links
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


def plugged(
    roles: frozenset[Role], public: IPv4Address | None, *, moves: bool = False
) -> list[tuple[str, ...]]:
    told = Told()
    one = Machine(
        name="one",
        roles=roles,
        address=IPv4Address("10.77.0.19"),
        public=public,
        moves=moves,
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


EDGE, PUBLIC_ADDRESS = frozenset({Role.EDGE}), IPv4Address("203.0.113.19")


def given(commands: list[tuple[str, ...]]) -> list[tuple[str, str]]:
    """Address and device, in order."""
    return [(each[5], each[7]) for each in commands if each[3:5] == ("address", "add")]


def test_an_edge_is_given_the_address_that_stays_with_it() -> None:
    assert given(plugged(EDGE, PUBLIC_ADDRESS)) == [
        ("10.77.0.19/24", "private"),
        ("203.0.113.19/24", "public"),
    ]


def test_one_that_moves_is_taken_by_the_machine_itself_and_the_way_back_is_there() -> None:
    commands = plugged(EDGE, PUBLIC_ADDRESS, moves=True)
    assert given(commands) == [("10.77.0.19/24", "private"), ("169.254.77.19/24", "public")]
    assert ("route", "replace", "203.0.113.0/24", "dev", "public") in [
        each[3:] for each in commands
    ]


def test_the_private_cable_is_out_first_so_nobody_says_that_he_leaves() -> None:
    told = Told()
    edge = Machine(
        name="one",
        roles=EDGE,
        address=IPv4Address("10.77.0.19"),
        public=PUBLIC_ADDRESS,
        moves=True,
        reach=Reach(host="10.77.0.19"),
    )
    set_links(NAMES, edge, told, up=False)
    assert [each[-2:] for each in told.commands] == [("p-one", "down"), ("i-one", "down")]


FIXED, MOVED, UNMOVED = "203.0.113.19/24", "203.0.113.19/32", "169.254.77.19/24"


def over(has: str, *, moves: bool) -> list[tuple[str, str]]:
    """What is done to which address of a machine that has these."""
    edge = Machine(
        name="one",
        roles=EDGE,
        address=IPv4Address("10.77.0.19"),
        public=PUBLIC_ADDRESS,
        moves=moves,
        reach=Reach(host="10.77.0.19"),
    )
    return [(each.argv[4], each.argv[5]) for each in changed_over("n", edge, has)]


@pytest.mark.parametrize(
    ("has", "moves", "done"),
    [
        (FIXED, True, [("replace", MOVED), ("replace", UNMOVED), ("delete", FIXED)]),
        (f"{UNMOVED} {MOVED}", True, []),
        (UNMOVED, True, []),
        ("", True, [("replace", UNMOVED)]),
        (FIXED, False, []),
        (f"{UNMOVED} {MOVED}", False, [("replace", FIXED)]),
        (UNMOVED, False, [("replace", FIXED)]),
    ],
)
def test_a_machine_that_runs_goes_over_and_has_its_address_at_every_step(
    has: str, moves: bool, done: list[tuple[str, str]]
) -> None:
    assert over(f"public@if5 UP {has} \nprivate@if6 UP 10.77.0.19/24", moves=moves) == done


def test_one_that_was_interrupted_in_between_is_finished_by_the_next() -> None:
    assert over(f"{FIXED} {MOVED}", moves=True)[1:] == over(FIXED, moves=True)[1:]
    assert over(f"{FIXED} {MOVED} {UNMOVED}", moves=True) == [
        ("replace", MOVED),
        ("delete", FIXED),
    ]
