"""From applied bundles to a pair that is whole, with a Patroni that is played."""

import json
import shlex
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from standfast.core.command import Command, Result
from standfast.core.errors import StandfastError
from standfast.mechanisms.database import dynamic
from standfast.mechanisms.database.plan import DYNAMIC, PATRONI, SETUP
from standfast.mechanisms.hosts.bundle import Bundle, File
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Machine, Reach, Role
from standfast.mechanisms.rollout.databases import Databases

from .clock import Skipping

PLANNED = dynamic.configuration(slots={})
ADDRESSES = {"db-1": "10.0.0.1", "db-2": "10.0.0.2"}
NOTHING: dict[str, Any] = {"reloaded": [], "waiting": []}
WAITS: dict[str, Any] = {"reloaded": [], "waiting": [PATRONI]}


@dataclass
class Played:
    """Two machines as seen through SSH: what is asked of Patroni and psql changes them. Nothing is
    answered before `silent_for` questions were asked; PostgreSQL is not there for the first
    `starting` that it is asked, whatever Patroni says."""

    primary: str = "db-1"
    configuration: dict[str, Any] = field(default_factory=lambda: dict(PLANNED))
    setup: str = ""
    done: list[str] = field(default_factory=list)
    silent_for: int = 0
    starting: int = 0
    mirrored: bool = True
    restart_wanted: set[str] = field(default_factory=set)

    def run(self, command: Command, *, check: bool = True) -> Result:
        words = shlex.split(command.argv[-1])
        if self.silent_for > 0:
            self.silent_for -= 1
            return Result(status=7, stdout=b"", stderr=b"curl: (7) connection refused")
        status, said = self.answered(words, command.stdin)
        return Result(status=status, stdout=said.encode(), stderr=b"")

    def answered(self, words: list[str], stdin: bytes) -> tuple[int, str]:
        url = words[-1]
        if url.endswith("/cluster"):
            return 0, json.dumps({"members": [self.member(name) for name in ("db-1", "db-2")]})
        if url.endswith("/switchover"):
            self.primary = json.loads(stdin)["candidate"]
            self.done.append(f"{self.primary} takes over")
            return 0, "Successfully switched over"
        if url.endswith("/restart"):
            name = next(name for name, address in ADDRESSES.items() if address in url)
            self.restart_wanted -= {name}
            self.done.append(f"restart {name} in place")
            return 0, "restarted successfully"
        if url.endswith("/config"):
            if "PATCH" in words:
                self.done.append(f"configured {sorted(json.loads(stdin))}")
                self.configuration = dict(PLANNED)
            return 0, json.dumps(self.configuration)
        if "pg_is_in_recovery" in url:
            self.starting = max(0, self.starting - 1)
            return (2, "") if self.starting else (0, "f\n")
        if "SELECT" in url:
            return (0, f"{self.setup}\n") if self.setup else (1, "")
        if "INSERT" in url:
            self.setup = url.split("'")[1]
        self.done.append("note" if "INSERT" in url else "setup.sql")
        return 0, ""

    def member(self, name: str) -> dict[str, Any]:
        wanted = {"pending_restart": True} if name in self.restart_wanted else {}
        if name == self.primary:
            return {"name": name, "role": "leader", "state": "running", **wanted}
        role = "sync_standby" if self.mirrored else "replica"
        return {"name": name, "role": role, "state": "streaming", **wanted}


def machine(name: str) -> Machine:
    return Machine(
        name=name,
        roles=frozenset({Role.DATABASE}),
        address=IPv4Address(ADDRESSES[name]),
        reach=Reach(host=name),
    )


def bundle(name: str) -> Bundle:
    files = (
        File(path=DYNAMIC, content=json.dumps(PLANNED).encode()),
        File(path=SETUP, content=b"SELECT 1;"),
    )
    return Bundle(machine=name, files=files, units=(), users=(), folders=(), packages=())


def settle(
    played: Played, db1: dict[str, Any] | None = None, db2: dict[str, Any] | None = None
) -> None:
    def restart(connection: Connection, unit: str) -> None:
        assert unit == PATRONI
        played.restart_wanted -= {connection.machine.name}
        played.done.append(f"restart {connection.machine.name}")

    names = ("db-1", "db-2")
    Databases(
        machines={
            name: Connection(machine=machine(name), runner=played, sockets=Path("/nowhere"))
            for name in names
        },
        clock=Skipping(),
        tell=lambda *_: None,
        restart=restart,
        database="shop",
    ).settle(
        {name: bundle(name) for name in names}, {"db-1": db1 or NOTHING, "db-2": db2 or NOTHING}
    )


def test_a_new_pair_is_waited_for_and_set_up_once() -> None:
    played = Played(silent_for=20, starting=3)
    settle(played)
    assert played.done == ["setup.sql", "note"]
    settle(played)
    assert played.done == ["setup.sql", "note"], "a second run changes nothing"


def test_what_differs_in_etcd_is_changed_to_what_is_planned() -> None:
    played = Played(setup="x", configuration={**PLANNED, "ttl": 30, "pause": True})
    settle(played)
    assert played.done[0] == "configured ['pause', 'ttl']"


def test_units_that_wait_have_their_turn_the_primary_last_and_after_it_handed_over() -> None:
    played = Played()
    settle(played, WAITS, WAITS)
    assert played.done[2:] == ["restart db-2", "db-2 takes over", "restart db-1"]


def test_a_setting_that_waits_for_a_restart_gets_one() -> None:
    played = Played(restart_wanted={"db-1", "db-2"})
    settle(played)
    assert played.done[2:] == ["restart db-2 in place", "restart db-1 in place"]


def test_a_pair_without_a_copy_is_not_taken_for_a_whole_one() -> None:
    played = Played(mirrored=False)
    with pytest.raises(StandfastError, match="db-2 is replica, streaming") as refused:
        settle(played, WAITS, WAITS)
    assert "standfast logs db-1" in refused.value.remedy
    assert not any("restart" in each for each in played.done)


def test_machines_that_never_answer_are_given_up() -> None:
    with pytest.raises(StandfastError, match="Patroni says: nothing"):
        settle(Played(silent_for=10_000))
