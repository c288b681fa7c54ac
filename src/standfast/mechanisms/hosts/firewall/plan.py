"""The firewall of every machine: closed, but for the flows that the plan names.

What is dropped is counted, not logged: the kernel's log is not readable inside made machines.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address

from standfast.core.templates import render
from standfast.mechanisms.hosts.bundle import Contribution, File, Flow, Unit
from standfast.mechanisms.hosts.firewall.guard import Places

UNIT = "standfast-firewall.service"


def plan(flows: tuple[Flow, ...]) -> Contribution:
    ordered = sorted(flows, key=lambda flow: (flow.protocol, flow.port, flow.sources))
    places = Places()
    return Contribution(
        files=(
            File(
                path=str(places.wanted),
                content=render(__package__, "nftables.conf", flows=ordered).encode(),
            ),
            File(
                path=f"/etc/systemd/system/{UNIT}",
                content=render(__package__, UNIT, confirmed=places.confirmed).encode(),
            ),
        ),
        units=(Unit(name=UNIT),),
        packages=("nftables",),
    )


def admits(flows: Iterable[Flow], source: IPv4Address | IPv6Address, port: int) -> bool:
    """Whether these flows let a TCP connection from there in, as the template writes them. What
    comes over the machine's own loopback is always let in."""
    return source.is_loopback or any(
        flow.protocol == "tcp"
        and flow.port == port
        and (not flow.sources or any(holds(network, source) for network in flow.sources))
        for flow in flows
    )


def holds(network: str, source: IPv4Address | IPv6Address) -> bool:
    return source.version == 4 and source in IPv4Network(network)
