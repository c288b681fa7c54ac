"""A bundle reaches its machine, and a firewall stays only if somebody could come in anew."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from standfast.core.command import Command, Result
from standfast.core.errors import Refused, StandfastError
from standfast.mechanisms.hosts.bundle import Bundle
from standfast.mechanisms.hosts.connection import SSH_FAILED, Connection
from standfast.mechanisms.hosts.machine import Machine, Reach, Role
from standfast.mechanisms.rollout.carry import carry

BUNDLE = Bundle(machine="web-1", files=(), units=(), users=(), folders=(), packages=())
PROGRAM = ("python3", "-m", "on_machine")


@dataclass
class FastClock:
    passed: float = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += max(seconds, 1.0)


@dataclass
class Remote:
    """Answers `apply` with what is left to say, and `confirm` with one status after the other."""

    reports: list[dict[str, Any]]
    confirms: list[int] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    shared: list[bool] = field(default_factory=list)
    last: str = ""

    def run(self, command: Command, *, check: bool = True) -> Result:
        self.shared.append("ControlPath=none" not in command.argv)
        if command.argv[-1].endswith("confirm"):
            self.ran.append("confirm")
            return Result(status=self.confirms.pop(0), stdout=b"{}", stderr=b"no route to host")
        self.ran.append("apply")
        self.last = command.argv[-1]
        return Result(status=0, stdout=json.dumps(self.reports.pop(0)).encode(), stderr=b"")


def report(*files: str, unconfirmed: bool = False) -> dict[str, Any]:
    return {"files": list(files), "failed": [], "unconfirmed": unconfirmed}


def carried(remote: Remote, *turn: str) -> dict[str, Any]:
    machine = Machine(
        name="web-1",
        roles=frozenset({Role.WEB}),
        address=IPv4Address("10.0.0.11"),
        reach=Reach(host="a"),
    )
    connection = Connection(machine=machine, runner=remote, sockets=Path("/run/none"))
    return carry(connection, BUNDLE, PROGRAM, FastClock(), turn=turn)


def test_a_settled_firewall_needs_one_visit() -> None:
    remote = Remote(reports=[report("/etc/hosts")])
    assert carried(remote)["files"] == ["/etc/hosts"]
    assert remote.ran == ["apply"]


def test_a_changed_firewall_is_confirmed_by_a_connection_of_its_own() -> None:
    remote = Remote(reports=[report("a", unconfirmed=True), report("b")], confirms=[0])
    assert carried(remote)["files"] == ["a", "b"]
    assert remote.ran == ["apply", "confirm", "apply"]
    assert remote.shared == [True, False, True]


def test_units_whose_turn_it_is_are_named_also_after_the_firewall_was_confirmed() -> None:
    remote = Remote(reports=[report(unconfirmed=True), report()], confirms=[0])
    carried(remote, "service-web.service")
    assert remote.last.endswith("apply 60 service-web.service")


def test_one_lost_packet_locks_nobody_out() -> None:
    remote = Remote(reports=[report(unconfirmed=True), report()], confirms=[SSH_FAILED, 0])
    carried(remote)
    assert remote.ran == ["apply", "confirm", "confirm", "apply"]


def test_rules_that_let_nobody_in_are_not_confirmed() -> None:
    remote = Remote(reports=[report(unconfirmed=True)], confirms=[SSH_FAILED] * 100)
    with pytest.raises(Refused, match="let no new SSH connection in"):
        carried(remote)


def test_a_confirmation_that_came_too_late_is_not_tried_again() -> None:
    remote = Remote(reports=[report(unconfirmed=True)], confirms=[1, 0])
    with pytest.raises(Refused):
        carried(remote)
    assert remote.ran == ["apply", "confirm"]


def test_a_firewall_that_others_change_meanwhile_is_told_of() -> None:
    twice = [report(unconfirmed=True), report(unconfirmed=True)]
    with pytest.raises(StandfastError, match="changed while it was being confirmed"):
        carried(Remote(reports=twice, confirms=[0]))
