"""Which machines a site has had, kept with its secrets: who left the file, and who must not go yet.

Pure.
"""

import json
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address
from typing import Any

from standfast.core.errors import Refused
from standfast.mechanisms.database.observe import Cluster
from standfast.mechanisms.hosts.machine import Machine, Reach, Role

NAME = "machines"
"""Among what is kept with the secrets."""


def written(machines: Iterable[Machine]) -> str:
    return json.dumps([document(each) for each in machines])


def document(machine: Machine) -> dict[str, Any]:
    reach = machine.reach
    return {
        "name": machine.name,
        "roles": sorted(machine.roles),
        "address": str(machine.address),
        "public": str(machine.public) if machine.public else None,
        "ssh": {"host": reach.host, "user": reach.user, "port": reach.port},
    }


def read(text: str | None) -> tuple[Machine, ...]:
    """Of a machine made here, how it was reached is not said."""
    return tuple(
        Machine(
            name=each["name"],
            roles=frozenset(map(Role, each["roles"])),
            address=IPv4Address(each["address"]),
            public=IPv4Address(each["public"]) if each["public"] else None,
            reach=Reach(**each["ssh"]),
        )
        for each in json.loads(text or "[]")
    )


def leaving(before: Iterable[Machine], now: Iterable[Machine]) -> tuple[Machine, ...]:
    """Who is in the file under another name stays: it would be itself that is taken away."""
    site = tuple(now)
    named = {each.name for each in site}
    addresses = {each.address for each in site}
    return tuple(
        each for each in before if each.name not in named and each.address not in addresses
    )


def losing(before: Iterable[Machine], now: Iterable[Machine], role: Role) -> set[str]:
    """Who had the role and has it no longer."""
    return names(before, role) - names(now, role)


def without_databases(
    before: Iterable[Machine], now: Iterable[Machine], cluster: Cluster | None
) -> Refused | None:
    """Why the data would be gone. `cluster`: as the databases that stay see it."""
    had, gone = names(before, Role.DATABASE), losing(before, now, Role.DATABASE)
    staying = had - gone
    if not staying:
        return Refused(
            f"no database that holds the data is in the file any more: {listed(had)}",
            remedy="Keep one of them in the file until `standfast up` has replaced the other.",
        )
    if cluster is None or cluster.primary is None:
        return Refused(
            f"{listed(gone)} cannot leave now: {listed(staying)} does not say who holds all that "
            "was saved",
            remedy="Run `standfast up` with the file as it was, and see `standfast status`.",
        )
    if not staying & {cluster.primary, *cluster.synchronous}:
        return Refused(
            f"no database in the file holds all that was saved; {cluster.primary} does, which "
            "leaves",
            remedy="Keep it in the file until another one mirrors it: see `standfast status`.",
        )
    return None


def without_majority(
    before: Iterable[Machine], now: Iterable[Machine], votes: Mapping[str, bool] | None
) -> Refused | None:
    """Why nothing could be decided any more. `votes`: those on etcd's own list, and whether they
    answer, as one that stays says; None where none does."""
    known = votes or dict.fromkeys(names(before, Role.MONITOR), True)
    staying = {name for name in names(now, Role.MONITOR) if known.get(name)}
    if 2 * len(staying) > len(known):
        return None
    return Refused(
        f"too few of the monitors that vote would stay: {listed(staying) or 'none'} of "
        f"{listed(known)}",
        remedy="Replace one after the other, with `standfast up` in between. If they are lost "
        "for good: standfast recover monitors",
    )


def names(machines: Iterable[Machine], role: Role) -> set[str]:
    return {each.name for each in machines if each.is_a(role)}


def listed(found: Iterable[str]) -> str:
    return ", ".join(sorted(found))
