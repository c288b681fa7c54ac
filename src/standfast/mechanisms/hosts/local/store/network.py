"""The store's network, and the one way between it and the site.

    backup machines ─ private 10.77.0.0/24 ─ 10.77.0.2 [ store: 198.51.100.10 ]

The store's namespace is its own router: it has a cable in the site's private network, under an
address that leads to the backup machines and to nobody else. They have a route to the store's
network, other machines have none, and would get no answer.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network

from standfast.core.command import Command, Runner
from standfast.mechanisms.hosts.local.names import DOOR, ELSEWHERE, STORE, Names
from standfast.mechanisms.hosts.local.network import ensure_namespace, ip, plugged
from standfast.mechanisms.hosts.machine import Machine

CABLE = "p-store"
"""The bridge's end. No machine is called `store`."""

ALONE = 32
"""Length of a prefix that covers the address itself."""


def connect(names: Names, backups: Iterable[Machine], runner: Runner) -> None:
    """Nothing is done twice. The backup machines' namespaces have to be there."""
    if ensure_namespace(names.store, runner, last="private"):
        for command in wired(names):
            runner.run(command)
    for machine in backups:
        for command in routes(names, machine):
            runner.run(command)


def wired(names: Names) -> Iterator[Command]:
    """The address in the site's network last (`ensure_namespace`)."""
    where = f"{STORE}/{ELSEWHERE.prefixlen}"
    yield ip("address", "add", where, "dev", "lo", namespace=names.store)
    alone = IPv4Network(f"{DOOR}/{ALONE}")
    yield from plugged(names, names.store, "private", CABLE, DOOR, alone)


def routes(names: Names, machine: Machine) -> Iterator[Command]:
    there = ("route", "replace", f"{machine.address}/{ALONE}", "dev", "private")
    yield ip(*there, namespace=names.store)
    back = ("route", "replace", str(ELSEWHERE), "via", str(DOOR), "onlink", "dev", "private")
    yield ip(*back, namespace=names.machine_namespace(machine.name))
