"""A primary hands over only to a secondary that has all that was acknowledged."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from standfast.core.command import Command, Result
from standfast.core.errors import StandfastError
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Machine, Reach, Role
from standfast.mechanisms.monitor.voters import parse
from standfast.mechanisms.rollout.switchover import Switchover, seen, troubles

from .clock import Skipping


@dataclass
class Patroni:
    """Two database machines; `obeys` or only says so."""

    primary: str = "db-1"
    copy: str = "streaming"
    obeys: bool = True
    orders: list[Mapping[str, str]] = field(default_factory=list)

    def run(self, command: Command, *, check: bool = True) -> Result:
        if command.argv[-1].endswith("/switchover"):
            order = json.loads(command.stdin)
            self.orders.append(order)
            if self.obeys:
                self.primary = order["candidate"]
            return Result(status=28, stdout=b"", stderr=b"timed out: nobody waited")
        other = "db-2" if self.primary == "db-1" else "db-1"
        members = [
            {"name": self.primary, "role": "leader", "state": "running"},
            {"name": other, "role": "sync_standby", "state": self.copy},
        ]
        return Result(status=0, stdout=json.dumps({"members": members}).encode(), stderr=b"")

    @property
    def connections(self) -> dict[str, Connection]:
        return {
            name: Connection(
                machine=Machine(
                    name=name,
                    roles=frozenset({Role.DATABASE}),
                    address=IPv4Address("10.77.0.15"),
                    reach=Reach(host=name),
                ),
                runner=self,
                sockets=Path("/run/nowhere"),
            )
            for name in ("db-1", "db-2")
        }

    def switched(self, to: str | None = None) -> str:
        return Switchover(connections=self.connections, clock=Skipping()).away_from("db-1", to)


def test_the_secondary_takes_over_however_the_order_was_answered() -> None:
    patroni = Patroni()
    assert patroni.switched() == "db-2"
    assert patroni.orders == [{"leader": "db-1", "candidate": "db-2"}]


def test_a_machine_that_is_no_longer_primary_has_nothing_to_hand_over() -> None:
    patroni = Patroni(primary="db-2")
    assert patroni.switched() == "db-2"
    assert not patroni.orders


def test_nobody_is_asked_while_the_copy_is_not_whole() -> None:
    patroni = Patroni(copy="starting")
    with pytest.raises(StandfastError, match="db-1 cannot hand over: db-1 has no secondary with"):
        patroni.switched()
    assert not patroni.orders


def test_a_switchover_that_does_not_happen_is_said() -> None:
    with pytest.raises(StandfastError, match="db-2 did not take over from db-1 within 60 s"):
        Patroni(obeys=False).switched()


def test_a_database_that_nobody_speaks_for_is_in_trouble() -> None:
    assert troubles(None) == ("no database takes writes",)
    assert troubles(seen(Patroni().connections)) == ()


def test_a_secondary_that_is_new_is_not_missed_before_it_could_be_let_in() -> None:
    cluster = seen(Patroni(copy="creating replica").connections)
    (missed,) = troubles(cluster, {"db-1", "db-2"})
    assert missed.endswith("db-2 is creating replica")
    assert troubles(cluster, {"db-1"}) == ()


@pytest.mark.parametrize(
    ("said", "healthy"),
    [
        ('{"health":"true","reason":""}', True),
        ('{"health":"false","reason":"RAFT NO LEADER"}', False),
        ("", False),
        ("[]", False),
    ],
)
def test_a_voter_says_itself_whether_a_majority_agrees(said: str, healthy: bool) -> None:
    assert parse(said) is healthy


def test_only_a_machine_that_holds_everything_may_be_named() -> None:
    patroni = Patroni()
    with pytest.raises(StandfastError, match="db-3 does not hold every saved change now; db-2"):
        patroni.switched("db-3")
    assert not patroni.orders
    assert patroni.switched("db-2") == "db-2"
