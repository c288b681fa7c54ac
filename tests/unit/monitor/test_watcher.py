"""What the daemon is told that watches over the primary, and who may speak to whom for it."""

import json
from ipaddress import IPv4Address

from standfast.mechanisms.hosts.machine import Machine, Reach, Role
from standfast.mechanisms.hosts.names import AGENT_PORT, MONITOR_PORT
from standfast.mechanisms.monitor import watcher


def machine(number: int, role: Role) -> Machine:
    name = f"{role}-{number}"
    return Machine(
        name=name,
        roles=frozenset({role}),
        address=IPv4Address(f"10.0.0.{number}"),
        reach=Reach(host=name),
    )


MONITORS = tuple(machine(number, Role.MONITOR) for number in (1, 2, 3))
SITE = (*MONITORS, machine(8, Role.DATABASE), machine(9, Role.DATABASE))


def test_each_monitor_knows_the_databases_and_is_asked_by_the_others_alone() -> None:
    made = watcher.plan(MONITORS[0], SITE, site="shop", source="/s", python="/p")
    files = {each.path: each.content for each in made.files}
    told = json.loads(files["/etc/standfast/monitor.json"])
    assert told["databases"] == {"database-8": "10.0.0.8", "database-9": "10.0.0.9"}
    assert [(each.port, each.sources) for each in made.flows] == [
        (MONITOR_PORT, ("10.0.0.2", "10.0.0.3"))
    ]
    assert watcher.UNIT in {each.name for each in made.units}


def test_a_single_monitor_is_asked_by_nobody() -> None:
    alone = (MONITORS[0], *SITE[3:])
    assert watcher.plan(MONITORS[0], alone, site="shop", source="/s", python="/p").flows == ()


def test_a_database_machine_lets_monitors_reach_its_agent() -> None:
    (flow,) = watcher.on_database(SITE).flows
    assert (flow.port, flow.sources) == (AGENT_PORT, ("10.0.0.1", "10.0.0.2", "10.0.0.3"))
