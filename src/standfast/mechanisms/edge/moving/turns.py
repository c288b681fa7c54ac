"""Who holds which public address while who is there. Pure.

Every edge has an address at home with it, and stands in for all others: the address of an edge that
is dark goes to the next one after it, in the order of the file, so two that die do not both burden
the same third.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address

from standfast.mechanisms.hosts.machine import Machine

HOME = 200
"""VRRP's priority (RFC 5798, section 5.2.4) of the edge where an address is at home. 255 would mean
that it owns the address: then nothing that it lacks could make it give the address away."""

NEXT = 150
"""Of the edge that stands in first; each further one has one less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one edge has to do with one address. `number` is the address's among the site's, from 1;
    `peers` are the other edges' private addresses."""

    name: str
    number: int
    address: IPv4Address
    priority: int
    peers: tuple[IPv4Address, ...]

    @property
    def at_home(self) -> bool:
        return self.priority == HOME


def turns(machine: Machine, edges: tuple[Machine, ...]) -> tuple[Turn, ...]:
    """Of `machine`, one for each edge's address. None where there is nobody to stand in."""
    if len(edges) < 2:
        return ()
    own = edges.index(machine)
    return tuple(
        Turn(
            name=home.name,
            number=place + 1,
            address=public(home),
            priority=HOME if place == own else NEXT - (own - place) % len(edges) + 1,
            peers=tuple(each.address for each in edges if each != machine),
        )
        for place, home in enumerate(edges)
    )


def public(edge: Machine) -> IPv4Address:
    assert edge.public is not None
    return edge.public


def holds(shown: str, address: IPv4Address) -> bool:
    """Whether a machine holds an address. `shown`: what `HELD` prints there, a line for a device:
    its name, its state, its addresses with their prefixes."""
    return any(str(address) == word.partition("/")[0] for word in shown.split())


HELD = ("ip", "-brief", "-4", "address")
