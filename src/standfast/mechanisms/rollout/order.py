"""In which order the machines of a site change, so that somebody always serves. Pure.

Monitors first, one by one: they carry nobody's request, two of three are a quorum, and whoever
watches should know the newest before what is watched changes. Then the databases, secondaries
before the primary, so that it can hand over to one that has already changed; one that joins is let
in by them before anybody is sent there. Then backups, then web machines behind edges that check
them, and the edges last: whom they lead to is ready by then. An edge that is new comes after those
that are to know it: one that stands in for others would take the address of an edge that does not
speak to it yet.
"""

from collections.abc import Container, Iterable, Iterator, Mapping

from standfast.mechanisms.hosts.machine import Machine, Role

ORDER = ("monitor", "database", "backup", "web", "edge")

MISSED = frozenset({Role.MONITOR, Role.DATABASE})


def in_order(machines: Iterable[Machine], primary: str | None) -> tuple[Machine, ...]:
    """A machine of several roles comes when the last of them is due, and the primary not before
    its secondaries."""
    site = tuple(machines)
    last_database = max((due(each) for each in site if each.is_a(Role.DATABASE)), default=0)

    def turn(machine: Machine) -> tuple[int, bool]:
        if machine.name == primary:
            return last_database, True
        return due(machine), False

    return tuple(sorted(site, key=turn))


def due(machine: Machine) -> int:
    return max(ORDER.index(role) for role in machine.roles)


def waves(
    machines: Iterable[Machine],
    *,
    wanted: Mapping[str, str],
    applied: Mapping[str, str | None],
    primary: str | None,
) -> Iterator[tuple[str, ...]]:
    """Groups of machines to which bundles are applied at the same time, one group after the other.

    `wanted` and `applied` are digests of bundles by machine; None where none was applied whole.

    First, at once, all that lose nobody anything: new machines, and those that are as planned
    already. Then each that would change, alone, and new edges when the others know them. On a site
    that is brought up for the first time that is one group. Stopping after any group and asking
    anew gives what is left: a machine that had its turn has the digest that is wanted.
    """
    ordered = in_order(machines, primary)
    changed = {each.name for each in ordered if applied[each.name] not in (None, wanted[each.name])}
    strangers = unknown(ordered, changed, applied)
    at_once = tuple(each.name for each in ordered if each.name not in changed | strangers)
    if at_once:
        yield at_once
    for each in ordered:
        if each.name in changed:
            yield (each.name,)
    if strangers:
        yield tuple(each.name for each in ordered if each.name in strangers)


def unknown(
    machines: Iterable[Machine], changed: Container[str], applied: Mapping[str, str | None]
) -> frozenset[str]:
    """New edges that would stand in for others which have yet to hear of them. One that also votes
    or holds a database is missed more than that."""
    edges = [each for each in machines if each.is_a(Role.EDGE) and each.moves]
    if not any(each.name in changed for each in edges):
        return frozenset()
    return frozenset(
        each.name for each in edges if applied[each.name] is None and not each.roles & MISSED
    )
