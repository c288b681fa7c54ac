"""Which machines a site has had, kept with its secrets: who left the file, and who must not go yet.

Pure.
"""

import json
from collections.abc import Iterable
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
    named = {each.name for each in now}
    return tuple(each for each in before if each.name not in named)


def refusal(
    before: tuple[Machine, ...], now: tuple[Machine, ...], cluster: Cluster | None
) -> Refused | None:
    """Why they cannot all go at once. `cluster`: as the databases that stay see it."""
    gone = {each.name for each in leaving(before, now)}
    databases = names(before, Role.DATABASE)
    if databases & gone:
        staying = databases - gone
        if not staying:
            return Refused(
                f"no database that holds the data is in the file any more: {listed(databases)}",
                remedy="Keep one of them in the file until `standfast up` has replaced the other.",
            )
        if cluster and cluster.primary and not staying & {cluster.primary, *cluster.synchronous}:
            return Refused(
                f"no database in the file holds all that was saved; {cluster.primary} does, which "
                "leaves",
                remedy="Keep it in the file until another one mirrors it: see `standfast status`.",
            )
    voters = names(before, Role.MONITOR)
    if voters & gone and 2 * len(voters - gone) <= len(voters):
        return Refused(
            f"too few of the monitors that vote would stay: {listed(voters - gone) or 'none'} of "
            f"{listed(voters)}",
            remedy="Replace one after the other, with `standfast up` in between. If they are lost "
            "for good: standfast recover monitors",
        )
    return None


def survived(before: Iterable[Machine], survivor: str) -> tuple[Machine, ...]:
    """After all other monitors were forgotten."""
    return tuple(each for each in before if not each.is_a(Role.MONITOR) or each.name == survivor)


def names(machines: Iterable[Machine], role: Role) -> set[str]:
    return {each.name for each in machines if each.is_a(role)}


def listed(found: Iterable[str]) -> str:
    return ", ".join(sorted(found))
