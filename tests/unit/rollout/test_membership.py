"""Voters are changed through one that answers, and never behind the others' backs."""

import json
import shlex
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from standfast.core.command import Command, Result
from standfast.core.errors import StandfastError, Unreachable
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Machine, Reach, Role
from standfast.mechanisms.monitor.etcd import peer_url
from standfast.mechanisms.rollout.membership import Membership

from .clock import Skipping


def machine(number: int) -> Machine:
    return Machine(
        name=f"m{number}",
        roles=frozenset({Role.MONITOR}),
        address=IPv4Address(f"10.0.0.{number}"),
        reach=Reach(host=f"m{number}"),
    )


@dataclass
class Played:
    """An etcd that does as it is told, unless it does not answer or refuses."""

    members: dict[int, str] = field(default_factory=dict)
    silent: bool = False
    refuses: str = ""
    unhealthy_for: int = 0
    done: list[str] = field(default_factory=list)
    told: str = ""

    def run(self, command: Command, *, check: bool = True) -> Result:
        words = shlex.split(command.argv[-1])
        if self.silent:
            return Result(status=1, stdout=b"", stderr=b"context deadline exceeded")
        if words[-2:-1] == ["/dev/stdin"]:
            self.told = command.stdin.decode()
        elif {"add", "remove"} & {*words} and self.unhealthy_for > 0:
            self.unhealthy_for -= 1
            return Result(status=1, stdout=b"", stderr=b"etcdserver: unhealthy cluster")
        elif "remove" in words:
            if self.refuses:
                return Result(status=1, stdout=b"", stderr=self.refuses.encode())
            del self.members[int(words[-1], 16)]
            self.done.append(f"remove {int(words[-1], 16)}")
        elif "add" in words:
            name = words[words.index("add") + 1]
            self.members[int(name[1:])] = ""
            self.done.append(f"add {name}")
        return Result(status=0, stdout=self.listed().encode(), stderr=b"")

    def listed(self) -> str:
        members = [
            {"ID": number, "name": name, "peerURLs": [peer_url(machine(number))]}
            for number, name in self.members.items()
        ]
        return json.dumps({"members": members})

    def start(self, connection: Connection) -> None:
        name = connection.machine.name
        self.members[int(name[1:])] = name
        self.done.append(f"start {name}")


def change(played: Played, monitors: tuple[int, ...], voted: set[str]) -> None:
    Membership(
        machines={
            f"m{number}": Connection(
                machine=machine(number), runner=played, sockets=Path("/nowhere")
            )
            for number in monitors
        },
        clock=Skipping(),
        tell=lambda *_: None,
        start=played.start,
    ).change(voted)


def voting(*numbers: int, **more: Any) -> Played:
    return Played(members={number: f"m{number}" for number in numbers}, **more)


def test_one_voter_becomes_three_one_after_the_other() -> None:
    played = voting(1)
    change(played, (1, 2, 3), {"m1"})
    assert played.done == ["add m2", "start m2", "add m3", "start m3"]
    assert "m1=https://10.0.0.1:2380,m2=https://10.0.0.2:2380,m3=" in played.told


def test_who_left_the_file_leaves_the_vote() -> None:
    played = voting(1, 2, 3)
    change(played, (1,), {"m1"})
    assert played.done == ["remove 2", "remove 3"]


def test_a_new_site_and_one_that_was_without_power_are_left_to_begin_together() -> None:
    for voted in (set[str](), {"m1", "m2", "m3"}):
        played = voting(1, 2, 3, silent=True)
        change(played, (1, 2, 3), voted)
        assert played.done == []


def test_nobody_joins_a_vote_that_does_not_answer() -> None:
    with pytest.raises(Unreachable, match="none can join or leave"):
        change(voting(1, silent=True), (1, 2, 3), {"m1"})


def test_what_etcd_refuses_is_said_in_its_words() -> None:
    with pytest.raises(StandfastError, match="refused `member remove 2`: member not found"):
        change(voting(1, 2, refuses="member not found"), (1,), {"m1"})


def test_voters_that_do_not_know_each_other_for_long_are_given_time_but_not_for_ever() -> None:
    played = voting(1, 2, unhealthy_for=20)
    change(played, (1,), {"m1"})
    assert played.done == ["remove 2"]
    with pytest.raises(StandfastError, match="unhealthy cluster"):
        change(voting(1, 2, unhealthy_for=10_000), (1,), {"m1"})
