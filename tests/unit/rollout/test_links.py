"""Every flow between two machines is a link, and nothing else is."""

from ipaddress import IPv4Address

from standfast.mechanisms.hosts.bundle import Flow
from standfast.mechanisms.hosts.machine import Machine, Reach, Role
from standfast.mechanisms.rollout.links import Link, links


def machine(name: str, last: int) -> Machine:
    address = IPv4Address(f"10.77.0.{last}")
    return Machine(
        name=name, roles=frozenset({Role.WEB}), address=address, reach=Reach(host=str(address))
    )


EDGE, WEB = machine("edge-1", 11), machine("web-1", 12)


def found(*flows: Flow) -> tuple[Link, ...]:
    return links((EDGE, WEB), {"web-1": flows})


def test_a_flow_from_a_machine_is_a_link() -> None:
    flow = Flow(port=8443, sources=("10.77.0.11",), why="edges")
    assert found(flow) == (Link(source="edge-1", target="web-1", port=8443, why="edges"),)


def test_visitors_operators_and_a_machine_itself_are_no_link() -> None:
    assert (
        found(
            Flow(port=443, sources=(), why="the service"),
            Flow(port=22, sources=("10.77.0.1",), why="operators"),
            Flow(port=8008, sources=("10.77.0.12",), why="itself"),
            Flow(port=123, sources=("10.77.0.11",), why="time", protocol="udp"),
        )
        == ()
    )


def test_each_source_has_a_link_of_its_own_in_the_order_of_ports() -> None:
    both = ("10.77.0.11", "10.77.0.12")
    flows = {
        "web-1": (Flow(port=9, sources=both, why="b"), Flow(port=8, sources=both, why="a")),
        "edge-1": (Flow(port=7, sources=both, why="c"),),
    }
    assert [(each.source, each.target, each.port) for each in links((EDGE, WEB), flows)] == [
        ("web-1", "edge-1", 7),
        ("edge-1", "web-1", 8),
        ("edge-1", "web-1", 9),
    ]
