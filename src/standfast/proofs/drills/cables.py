"""What the machines of a site have heard on their cables, and on which ways. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from standfast.mechanisms.hosts.machine import Machine, Role
from standfast.mechanisms.hosts.names import BACKUP_PORT, DATABASE_PORT, WEB_PORT
from standfast.mechanisms.rollout.links import Link
from standfast.proofs.drills.program import unreadable

WAYS: Sequence[tuple[str, Role, Role, int]] = (
    ("front ends to web servers", Role.EDGE, Role.WEB, WEB_PORT),
    ("web servers to the database", Role.WEB, Role.DATABASE, DATABASE_PORT),
    ("the database to its copy", Role.DATABASE, Role.DATABASE, DATABASE_PORT),
    ("the database to backups", Role.DATABASE, Role.BACKUP, BACKUP_PORT),
)
"""Between the machines: which the sentence takes, the roles at its ends, the port that is asked."""

CUSTOMERS = "customers to front ends"

Way = frozenset[tuple[str, str, int]]
"""Links: from which address (empty for anybody) to which, and to which port."""


@dataclass(frozen=True, slots=True)
class Passed:
    """One direction of one connection, as one machine heard it."""

    source: str
    source_port: int
    target: str
    target_port: int
    bytes: int
    found: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ear:
    """What one machine heard. `missed`: packets for which it had no room."""

    machine: str
    packets: int
    missed: int
    flows: tuple[Passed, ...]


def from_outside(contract: Mapping[str, Any]) -> Way:
    return frozenset(("", address, contract["port"]) for address in contract["addresses"])


def between(machines: Iterable[Machine], links: Iterable[Link]) -> dict[str, Way]:
    """By its words each way that this site has: where all roles are on one machine, none of it is
    on a cable."""
    by_name = {each.name: each for each in machines}
    known = [(each, by_name[each.source], by_name[each.target]) for each in links]
    found = {
        words: frozenset(
            (str(source.address), str(target.address), link.port)
            for link, source, target in known
            if link.port == port and source.is_a(from_role) and target.is_a(to_role)
        )
        for words, from_role, to_role, port in WAYS
    }
    return {words: way for words, way in found.items() if way}


def on(way: Way, passed: Passed) -> bool:
    """In either direction."""
    there = (passed.source, passed.target, passed.target_port)
    back = (passed.target, passed.source, passed.source_port)
    return any(each in way or ("", *each[1:]) in way for each in (there, back))


def heard(way: Way, ears: Iterable[Ear]) -> int:
    """Bytes on it, as the machines at both ends count them."""
    return sum(each.bytes for one in ears for each in one.flows if on(way, each))


def carried(flows: Iterable[Passed]) -> int:
    return sum(each.bytes for each in flows)


def readable(machines: Iterable[Machine], ears: Iterable[Ear]) -> list[str]:
    names = {str(each.address): each.name for each in machines}

    def named(address: str) -> str:
        return names.get(address, address)

    return [
        f"{named(flow.source)}:{flow.source_port} to {named(flow.target)}:{flow.target_port}, "
        f"{flow.found} times, heard by {each.machine}"
        for each in ears
        for flow in each.flows
        if flow.found
    ]


def ear(machine: str, said: Mapping[str, Any]) -> Ear:
    try:
        return Ear(
            machine=machine,
            packets=said["packets"],
            missed=said["missed"],
            flows=tuple(Passed(*each) for each in said["flows"]),
        )
    except (KeyError, TypeError) as error:
        raise unreadable(machine, "on its cables") from error
