"""A site that serves changes machine by machine, and stops at the first after which it does not."""

from collections.abc import Container
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from standfast.core.command import Command, Result
from standfast.core.errors import StandfastError
from standfast.mechanisms.hosts.bundle import Bundle
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Machine, Reach, Role
from standfast.mechanisms.rollout.gradual import Reports, one_after_the_other
from standfast.mechanisms.rollout.health import Health, newly_wrong, not_running

from .clock import Skipping

ROLES = {"edge-1": Role.EDGE, "web-1": Role.WEB, "web-2": Role.WEB, "monitor-1": Role.MONITOR}


@dataclass
class Site:
    """Machines that note what was applied, and a service that one of them may break."""

    breaks: str = ""
    starting: str = ""
    notes: dict[str, str] = field(default_factory=dict)
    turns: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, command: Command, *, check: bool = True) -> Result:
        name = command.argv[command.argv.index("--") - 1].removeprefix("root@")
        words = command.argv[-1].split()
        if words[0] == "cat" and words[1].endswith("applied"):
            noted = self.notes.get(name)
            return Result(status=int(noted is None), stdout=(noted or "").encode(), stderr=b"")
        if words[0] == "cat":
            return Result(status=int(name not in self.notes), stdout=b'["a.service"]', stderr=b"")
        if words[0] == "systemctl":
            state = b"inactive" if name == self.starting else b"active"
            return Result(status=0, stdout=state, stderr=b"")
        return Result(status=1, stdout=b"", stderr=b"")

    def apply(self, wave: tuple[str, ...]) -> Reports:
        self.turns.append(wave)
        self.notes |= {name: made(name).digest for name in wave}
        return {name: {"files": []} for name in wave}

    def troubles(self, known: Container[str]) -> tuple[str, ...]:
        assert self.breaks in known or not self.breaks
        broken = self.notes.get(self.breaks) == made(self.breaks).digest
        return ("the service does not answer",) if broken else ()

    def up(self) -> Reports:
        connections = {
            name: Connection(
                machine=Machine(
                    name=name,
                    roles=frozenset({role}),
                    address=IPv4Address("10.77.0.11"),
                    reach=Reach(host=name),
                ),
                runner=self,
                sockets=Path("/run/nowhere"),
            )
            for name, role in ROLES.items()
        }
        health = Health(connections=connections, asks=(self.troubles,), clock=Skipping())
        bundles = {name: made(name) for name in ROLES}
        return one_after_the_other(connections, bundles, self.apply, health)


def made(name: str) -> Bundle:
    return Bundle(machine=name, files=(), units=(), users=(), folders=(), packages=())


def test_a_first_bring_up_is_one_wave() -> None:
    site = Site()
    assert set(site.up()) == set(ROLES)
    assert len(site.turns) == 1


def test_a_changed_site_goes_one_by_one() -> None:
    site = Site(notes=dict.fromkeys(ROLES, "before"))
    site.up()
    assert site.turns == [("monitor-1",), ("web-1",), ("web-2",), ("edge-1",)]


def test_it_stops_at_the_first_machine_after_which_the_site_is_not_well() -> None:
    site = Site(notes=dict.fromkeys(ROLES, "before"), breaks="web-1")
    with pytest.raises(StandfastError, match="after web-1 the site is not well") as stopped:
        site.up()
    assert site.turns == [("monitor-1",), ("web-1",)]
    assert "not touched yet: web-2, edge-1" in stopped.value.problem


def test_what_was_wrong_before_does_not_keep_it_from_being_mended() -> None:
    site = Site(notes={**dict.fromkeys(ROLES, "before"), "web-1": made("web-1").digest})
    site.breaks = "web-1"
    site.up()
    assert len(site.turns) == len(ROLES)


def test_a_new_machine_is_not_looked_at_before_its_service_was_started() -> None:
    site = Site(notes={name: "before" for name in ROLES if name != "web-2"}, starting="web-2")
    site.up()
    assert site.turns == [("web-2",), ("monitor-1",), ("web-1",), ("edge-1",)]


def test_a_unit_that_does_not_run_is_named_with_its_machine() -> None:
    assert list(not_running("web-1", {"a.service": "active", "b.service": "failed"})) == [
        "b.service on web-1 is failed"
    ]


def test_what_was_wrong_already_is_not_new_when_it_shows_in_another_way() -> None:
    before = frozenset({"a is alone: b is starting"})
    assert not newly_wrong(frozenset({"a is alone: b is creating replica"}), before)
    assert newly_wrong(frozenset({"c is alone", "a is alone"}), before) == {"c is alone"}
