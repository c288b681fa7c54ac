"""Decide which sentences a set of machines can honestly promise, and with which limits.

A sentence whose failure could not even be survived on these machines is not made and then shown as
broken: it is listed as not promised, with the reason. Pure: machines come as names and roles.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from standfast.promises.allowance import host_outage_s, stall_s
from standfast.promises.model import Figures, Promise

Roles = Mapping[str, frozenset[str]]
"""Machine to its roles, in the words of the operator's file: `web`, `database`, …"""

Rule = Callable[[Roles], str | None]
"""Why these machines cannot promise it, in words that follow "because"; None when they can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPromised:
    promise: Promise
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    promises: tuple[Promise, ...]
    impossible: tuple[NotPromised, ...]


def possible(
    catalog: Iterable[Promise],
    machines: Roles,
    *,
    fast: bool = True,
    off_site: bool = True,
    moving: bool = True,
    stays: str = "",
    mirrored: bool = True,
    disks_here: bool = True,
) -> Possible:
    """Sorts the catalogue; its promises come back with the limits that fit these machines. `fast`:
    as in `allowance.host_outage_s`. `off_site`: there is a store off site. `moving`: a public
    address may go to another edge. `stays`: why nobody can try whether the site comes back
    elsewhere; empty where somebody can. `mirrored`: the disks of edges and databases are said to
    be; `disks_here`: they are made on this computer, so that a drill may break them."""
    given = Given(off_site=off_site, moving=moving, stays=stays, mirrored=mirrored)
    reasons = [(each, obstacle(each.id, machines, given)) for each in catalog]
    taken = () if disks_here else BREAKS_DISKS
    return Possible(
        promises=tuple(
            without(fitted(each, machines, fast=fast), taken)
            for each, why in reasons
            if why is None
        ),
        impossible=tuple(
            NotPromised(promise=each, why=why) for each, why in reasons if why is not None
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a site has besides machines with roles."""

    off_site: bool
    moving: bool
    stays: str
    mirrored: bool


def obstacle(promise_id: str, machines: Roles, given: Given) -> str | None:
    if promise_id in OFF_SITE and not given.off_site:
        return "no store off site is named"
    if promise_id in ELSEWHERE and given.stays:
        return given.stays
    if promise_id in MIRRORED and not given.mirrored:
        return "the disks of its machines are not said to be mirrored"
    why = RULES[promise_id](machines)
    if why is None and promise_id in MOVING and not given.moving:
        return "the address of an edge that fails stays with it"
    return why


def fitted(promise: Promise, machines: Roles, *, fast: bool) -> Promise:
    """With the limits of the drills that cut a database machine's power, for these machines."""
    limits: Mapping[str, Figures] = {
        "database-host": {"outage_s": host_outage_s(machines, fast=fast)},
        "secondary-host": {"stall_s": stall_s(machines)},
    }
    return replace(
        promise,
        parts=tuple(
            replace(each, objective={**each.objective, **limits.get(each.drill, {})})
            for each in promise.parts
        ),
    )


def without(promise: Promise, drills: Collection[str]) -> Promise:
    return replace(promise, parts=tuple(each for each in promise.parts if each.drill not in drills))


def having(machines: Roles, role: str) -> list[str]:
    return [name for name, roles in machines.items() if role in roles]


def at_least(count: int, role: str, words: str) -> Rule:
    def rule(machines: Roles) -> str | None:
        found = len(having(machines, role))
        return None if found >= count else f"{words}, and the site has {found or 'none'}"

    return rule


def all_of(*rules: Rule) -> Rule:
    def rule(machines: Roles) -> str | None:
        return next((why for each in rules if (why := each(machines)) is not None), None)

    return rule


def voters_outlive_any_database(machines: Roles) -> str | None:
    voters = set(having(machines, "monitor"))
    for name in having(machines, "database"):
        if 2 * len(voters - {name}) <= len(voters):
            return f"with {name} the monitors lose the majority that must choose its successor"
    return None


def voters_outlive_all_databases(machines: Roles) -> str | None:
    voters = set(having(machines, "monitor"))
    if 2 * len(voters - set(having(machines, "database"))) <= len(voters):
        return (
            "with its database machines the monitors lose the majority that must agree on what "
            "takes their place"
        )
    return None


def web_machines_take_nothing_along(machines: Roles) -> str | None:
    edges = set(having(machines, "edge"))
    for name in having(machines, "web"):
        if "database" in machines[name]:
            return f"with {name} a database fails too, and its successor takes seconds"
        if not edges - {name}:
            return f"with {name} the only edge fails too"
    return None


def edges_take_no_database_along(machines: Roles) -> str | None:
    for name in having(machines, "edge"):
        if "database" in machines[name]:
            return f"with {name} a database fails too, and its successor takes seconds"
    return None


def copies_without_database(count: int, words: str) -> Rule:
    def rule(machines: Roles) -> str | None:
        apart = set(having(machines, "backup")) - set(having(machines, "database"))
        if len(apart) >= count:
            return None
        return f"{words}, and the site has {len(apart) or 'none'}"

    return rule


OFF_SITE = frozenset({"offsite-snapshot", "secondary-facility"})
ELSEWHERE = frozenset({"secondary-facility"})
MOVING = frozenset({"redundant-edge"})
MIRRORED = frozenset({"mirrored-volumes"})
"""What takes more than machines."""

BREAKS_DISKS = frozenset({"mirrored-volumes"})
"""Drills that no machine of somebody's sees: whoever has one disk overwritten there, and is wrong
about the other, has lost the machine."""

TWO_DATABASES = at_least(2, "database", "it takes two database machines")

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "redundant-web": all_of(
            at_least(2, "web", "it takes two web machines"), web_machines_take_nothing_along
        ),
        "redundant-edge": all_of(
            at_least(2, "edge", "it takes two edges"), edges_take_no_database_along
        ),
        "any-machine": all_of(
            at_least(2, "edge", "it takes two edges"),
            at_least(2, "web", "it takes two web machines"),
            TWO_DATABASES,
            at_least(3, "monitor", "it takes three monitors"),
        ),
        "fastest-route": at_least(2, "web", "it takes two web machines"),
        "mirrored-database": TWO_DATABASES,
        "database-failover": all_of(TWO_DATABASES, voters_outlive_any_database),
        "onsite-backup": copies_without_database(
            2, "it takes two backup machines that hold no database"
        ),
        "restore-works": copies_without_database(
            1, "it takes a backup machine that holds no database"
        ),
        "both-databases-lost": all_of(
            TWO_DATABASES,
            copies_without_database(1, "it takes a backup machine that holds no database"),
            voters_outlive_all_databases,
        ),
        "closed-ports": at_least(1, "edge", "it takes an edge"),
        "offsite-snapshot": copies_without_database(
            1, "it takes a backup machine that holds no database"
        ),
        "secondary-facility": copies_without_database(
            1, "it takes a backup machine that holds no database"
        ),
        "encrypted-in-transit": lambda machines: (
            None if len(machines) > 1 else "there is no link between machines"
        ),
        "certificate-verifiable": at_least(1, "edge", "it takes an edge"),
        "mirrored-volumes": at_least(1, "edge", "it takes an edge"),
        "evidence-intact": at_least(3, "monitor", "it takes three monitors"),
    }
)
