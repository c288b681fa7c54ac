"""What the plan puts on a machine is what the agent there reads."""

import json
from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from standfast.mechanisms.edge import plan as edge
from standfast.mechanisms.edge.plan import EdgeAsk
from standfast.mechanisms.edge.settings import EdgeSettings
from standfast.mechanisms.hosts import plan as hosts
from standfast.mechanisms.hosts.agent.permission import AgentSettings
from standfast.mechanisms.hosts.bundle import Contribution
from standfast.mechanisms.hosts.machine import Machine, Reach, Role
from standfast.proofs.register import REGISTER


def machine(role: Role) -> Machine:
    return Machine(
        name=f"{role}-1",
        roles=frozenset({role}),
        address=IPv4Address("10.77.0.11"),
        public=IPv4Address("203.0.113.11"),
        reach=Reach(host="10.77.0.11"),
    )


def planned(role: Role) -> Contribution:
    here = machine(role)
    return hosts.plan(
        here,
        (here,),
        certificate=b"",
        authority=b"",
        source="/opt/source",
        management=(),
        ssh_port=22,
        fast_failover=True,
    )


@pytest.mark.parametrize(("role", "resident"), [(Role.DATABASE, True), (Role.WEB, False)])
def test_the_agent_is_resident_on_database_machines_alone(role: Role, resident: bool) -> None:
    made = planned(role)
    files = {file.path: file.content.decode() for file in made.files}
    assert AgentSettings.from_json(files["/etc/standfast/agent.json"]).resident is resident
    assert (hosts.AGENT in {unit.name for unit in made.units}) is resident
    unit = files[f"/etc/systemd/system/{hosts.AGENT}"]
    assert ("WantedBy=" in unit, "Restart=always" in unit) == (resident, resident)


@pytest.mark.parametrize(
    "role", sorted({each.planted_on for each in REGISTER.values() if each.planted_on})
)
def test_the_operator_may_plant_where_a_fault_belongs(role: Role) -> None:
    settings = AgentSettings.from_json(settings_of(machine(role), ()))
    assert settings.verbs.keys() == {"operator"}
    assert {"plant", "planted", "remove"} <= set(settings.verbs["operator"])


def settings_of(here: Machine, machines: tuple[Machine, ...], *, fast: bool = True) -> str:
    return hosts.agent_settings(here, machines, fast_failover=fast).decode()


def test_monitors_may_ask_a_database_machine_a_few_things_and_others_nothing() -> None:
    all_machines = (machine(Role.DATABASE), replace(machine(Role.MONITOR), name="m"))
    address = IPv4Address("10.77.0.99")
    other_database = replace(machine(Role.DATABASE), name="db-2", address=address)
    database, other = (
        AgentSettings.from_json(settings_of(each, all_machines)) for each in all_machines
    )
    assert database.verbs["m"] == {"severed", "canary", "kernel"}
    told = json.loads(settings_of(all_machines[0], (*all_machines, other_database)))
    assert told["databases"] == {"db-2": "10.77.0.99"}
    assert other.verbs.keys() == {"operator"}


def test_without_the_fast_failover_they_still_look_at_both_copies() -> None:
    both = (machine(Role.DATABASE), machine(Role.MONITOR))
    told = AgentSettings.from_json(settings_of(both[0], both, fast=False))
    assert told.verbs["monitor-1"] == {"canary", "kernel"}


def test_monitors_may_ask_an_edge_what_was_issued_where_something_is_and_nothing_else() -> None:
    edge_1, monitor = machine(Role.EDGE), replace(machine(Role.MONITOR), name="m")
    everybody = (edge_1, monitor)
    told = hosts.issued_to(edge_1, everybody, True)
    said = hosts.agent_settings(edge_1, everybody, fast_failover=True, told=told)
    assert AgentSettings.from_json(said.decode()).verbs["m"] == {"issued"}
    assert hosts.issued_to(edge_1, everybody, False) == ()
    assert hosts.issued_to(monitor, everybody, True) == ()


def test_no_port_is_opened_for_the_agent() -> None:
    assert [flow.port for flow in planned(Role.MONITOR).flows] == [22]


def test_the_edge_declares_a_fault_and_brings_the_file_that_it_needs() -> None:
    here = machine(Role.EDGE)
    ask = EdgeAsk(
        health="/health",
        security_txt=False,
        trusted=(),
        slow=(),
        slow_limit_s=60,
        limits=EdgeSettings(),
    )
    made = edge.plan(here, (here,), ask, certificate=b"", ending=b"", source="/opt/src")
    files = {file.path: file.content for file in made.files}
    declared = json.loads(files["/etc/standfast/faults/blind-edge.json"])
    assert declared["unit"] in {unit.name for unit in made.units}
    assert b"The planted fault" in files[declared["environment"]["CONFIG"]]
