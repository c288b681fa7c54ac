"""No two machines of a kind are changed at once."""

from ipaddress import IPv4Address

from standfast.mechanisms.hosts.machine import Machine, Reach, Role
from standfast.mechanisms.rollout.waves import waves


def machine(name: str, *roles: Role) -> Machine:
    return Machine(
        name=name,
        roles=frozenset(roles),
        address=IPv4Address("10.0.0.1"),
        reach=Reach(host=name),
    )


def test_databases_come_first_and_a_role_stands_once_in_a_wave() -> None:
    site = (
        machine("edge-1", Role.EDGE),
        machine("web-1", Role.WEB),
        machine("web-2", Role.WEB),
        machine("db-1", Role.DATABASE),
        machine("all", Role.EDGE, Role.WEB, Role.MONITOR),
        machine("monitor-1", Role.MONITOR),
    )
    assert waves(site) == (
        ("db-1",),
        ("edge-1", "web-1", "monitor-1"),
        ("web-2",),
        ("all",),
    )
