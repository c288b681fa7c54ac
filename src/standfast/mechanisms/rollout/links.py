"""Which machine of a site speaks to which, on which port: from the flows that make its firewall.

Pure. What the firewall lets in from outside (visitors, operators) is no link between machines.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from standfast.mechanisms.hosts.bundle import Flow
from standfast.mechanisms.hosts.machine import Machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`source` and `target` are names of machines."""

    source: str
    target: str
    port: int
    why: str


def links(machines: tuple[Machine, ...], flows: Mapping[str, tuple[Flow, ...]]) -> tuple[Link, ...]:
    """`flows`: machine to what may open a connection to it. In the order of targets and ports."""
    at = {str(machine.address): machine.name for machine in machines}
    found = {
        Link(source=at[source], target=target, port=flow.port, why=flow.why)
        for target, into in flows.items()
        for flow in into
        if flow.protocol == "tcp"
        for source in flow.sources
        if at.get(source, target) != target
    }
    return tuple(sorted(found, key=lambda each: (each.target, each.port, each.source, each.why)))
