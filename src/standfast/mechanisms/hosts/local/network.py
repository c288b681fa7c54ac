"""The site's two networks, inside a network namespace of its own.

    this computer ─ nothing ─ [ site: bridge private 10.77.0.1 · bridge public ] ─ machines
                                                        └─ vantage 203.0.113.1 plays the internet

Each machine has a namespace, connected to the bridges by veth pairs. It survives the machine's
power cut (the kernel keeps it while it is named), so its firewall is flushed at power-on: a
machine that forgets to load its own must be seen without one.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from standfast.core.command import Command, Runner
from standfast.mechanisms.hosts.local.names import (
    ALONE,
    MANAGEMENT,
    PRIVATE,
    PUBLIC,
    VANTAGE,
    Names,
    inside,
    namespace_path,
)
from standfast.mechanisms.hosts.machine import Machine, Role


def ip(*words: str, namespace: str | None = None) -> Command:
    where = ("-n", namespace) if namespace else ()
    return Command(argv=("ip", *where, *words))


def make_site(names: Names, runner: Runner) -> None:
    """Namespace, bridges and vantage. Nothing is done twice."""
    if ensure_namespace(names.namespace, runner, last="private"):
        for bridge in ("private", "public"):
            runner.run(ip("link", "add", bridge, "type", "bridge", namespace=names.namespace))
            runner.run(ip("link", "set", bridge, "up", namespace=names.namespace))
        for command in addressed(names.namespace, "private", MANAGEMENT, PRIVATE):
            runner.run(command)
    if ensure_namespace(names.vantage, runner, last="public"):
        for command in plugged(names, names.vantage, "public", "vantage", VANTAGE, PUBLIC):
            runner.run(command)


def plug_in(names: Names, machine: Machine, runner: Runner) -> None:
    """Give a machine its namespace and cables, and switch the cables on."""
    namespace = names.machine_namespace(machine.name)
    wanted = tuple(cables(machine))
    if ensure_namespace(namespace, runner, last=wanted[-1][0]):
        for network, outer, address, subnet in wanted:
            for command in plugged(names, namespace, network, outer, address, subnet):
                runner.run(command)
    elif machine.public is not None:
        for command in changed_over(namespace, machine, shown(namespace, runner)):
            runner.run(command)
    if machine.moves:
        runner.run(to_the_internet(namespace))
    set_links(names, machine, runner, up=True)
    if machine.is_a(Role.MONITOR) and machine.public is None:
        runner.run(looking_again(namespace))
        runner.run(way_to_the_front(namespace))


def changed_over(namespace: str, machine: Machine, has: str) -> Iterator[Command]:
    """What was wired for an address that stays, where it moves from now on, and the other way
    round. It is there throughout, but for the second or two in which keepalived, as it starts, asks
    who else is there. `has`: as `shown`."""
    on_public = ("dev", "public")
    fixed = f"{machine.public}/{PUBLIC.prefixlen}"
    if not machine.moves:
        if fixed not in has.split():
            yield ip("address", "replace", fixed, *on_public, namespace=namespace)
        return
    unmoved = f"{alone(machine)}/{ALONE.prefixlen}"
    if fixed in has.split():  # as keepalived has it, who will find it there
        taken = f"{machine.public}/32"
        yield ip("address", "replace", taken, *on_public, namespace=namespace)
    if unmoved not in has.split():
        yield ip("address", "replace", unmoved, *on_public, namespace=namespace)
    if fixed in has.split():
        yield ip("address", "delete", fixed, *on_public, namespace=namespace)


def way_to_the_front(namespace: str) -> Command:
    """Monitors look at the edges' public addresses. Linux answers for all of its addresses on every
    cable, so they find them on the private one; how the internet gets there, they do not see."""
    return ip("route", "replace", str(PUBLIC), "dev", "private", namespace=namespace)


def looking_again(namespace: str) -> Command:
    """An address that moves is announced on the public cable alone, so a monitor finds out by
    itself where it is: it asks for what it has not heard of for a second or two, and soon asks
    everybody (arp(7))."""
    return ip(
        *("ntable", "change", "name", "arp_cache", "dev", "private", "base_reachable", "1500"),
        *("delay_probe", "250", "retrans", "250", "ucast_probes", "1"),
        namespace=namespace,
    )


def forget_moved(names: Names, machine: Machine, runner: Runner) -> None:
    """A machine that starts holds no address that moves, whatever it held when its power was cut.
    The namespace remembers, so this comes before its cables are plugged in."""
    namespace = names.machine_namespace(machine.name)
    if machine.moves and Path(namespace_path(namespace)).exists():
        flush = ("address", "flush", "dev", "public", "to", str(PUBLIC))
        runner.run(ip(*flush, namespace=namespace))


def to_the_internet(namespace: str) -> Command:
    """The way back to whoever asks at an address that came alone, without its network."""
    return ip("route", "replace", str(PUBLIC), "dev", "public", namespace=namespace)


def set_links(names: Names, machine: Machine, runner: Runner, *, up: bool) -> None:
    """Plug the machine's cables in or out, at the bridges' end: the machine cannot undo it. The
    private one first: over it an edge would still say that it gives its address away."""
    for _, outer, _, _ in cables(machine):
        runner.run(ip("link", "set", outer, "up" if up else "down", namespace=names.namespace))


def cables(machine: Machine) -> Iterator[tuple[str, str, IPv4Address, IPv4Network]]:
    """Network, name of the bridges' end, address, subnet. Where the public address moves, the cable
    has one that nobody is told of: Linux forgets all ways through a device whose last address
    goes."""
    yield "private", f"p-{machine.name}", machine.address, PRIVATE
    if machine.moves:
        yield "public", f"i-{machine.name}", alone(machine), ALONE
    elif machine.public is not None:
        yield "public", f"i-{machine.name}", machine.public, PUBLIC


def plugged(
    names: Names,
    namespace: str,
    network: str,
    outer: str,
    address: IPv4Address,
    subnet: IPv4Network,
) -> Iterator[Command]:
    yield ip(
        *("link", "add", network, "address", card(address), "netns", namespace),
        *("type", "veth", "peer", "name", outer, "netns", names.namespace),
    )
    yield ip("link", "set", outer, "master", network, "up", namespace=names.namespace)
    yield from addressed(namespace, network, address, subnet)


def alone(machine: Machine) -> IPv4Address:
    return ALONE[int(machine.address) - int(PRIVATE[0])]


def card(address: IPv4Address) -> str:
    """A network card keeps its address when the machine restarts: neighbours ask for another one
    only after half a minute. Locally administered, as whoever has no vendor's must (IEEE 802)."""
    return ":".join(("02", "53", *(f"{byte:02x}" for byte in address.packed)))


def addressed(
    namespace: str, device: str, address: IPv4Address, subnet: IPv4Network
) -> Iterator[Command]:
    where = f"{address}/{subnet.prefixlen}"
    yield ip("link", "set", device, "up", namespace=namespace)
    yield ip("address", "add", where, "dev", device, namespace=namespace)


def ensure_namespace(namespace: str, runner: Runner, *, last: str) -> bool:
    """Make it if it is not there; say whether the caller has to wire it.

    The address of the device `last` is what is wired last, so one without it was left by a run that
    was killed, and is made anew.
    """
    if Path(namespace_path(namespace)).exists():
        if last in addressed_in(namespace, runner):
            return False
        remove(namespace, runner)
    runner.run(ip("netns", "add", namespace))
    runner.run(ip("link", "set", "lo", "up", namespace=namespace))
    return True


def addressed_in(namespace: str, runner: Runner) -> set[str]:
    """The devices that have an IPv4 address."""
    lines = (line for line in shown(namespace, runner).splitlines() if "/" in line)
    return {line.split()[0].partition("@")[0] for line in lines}


def shown(namespace: str, runner: Runner) -> str:
    """A line for each device: its name, its state, its addresses."""
    return runner.run(ip("-brief", "-4", "address", namespace=namespace), check=False).text


def flush_firewall(namespace: str, runner: Runner) -> None:
    runner.run(Command(argv=(*inside(namespace), "nft", "flush", "ruleset")))


def remove(namespace: str, runner: Runner) -> None:
    """Links first: `ip netns del` returns before the kernel has removed them."""
    if not Path(namespace_path(namespace)).exists():
        return
    shown = runner.run(ip("-brief", "link", namespace=namespace), check=False).text
    for line in shown.splitlines():
        device = line.split()[0].split("@")[0]
        if device != "lo":
            runner.run(ip("link", "del", device, namespace=namespace), check=False)
    runner.run(ip("netns", "del", namespace))


def of_site(names: Names) -> tuple[str, ...]:
    """Every namespace of the site that exists, the machines' first."""
    found = {
        path.name
        for pattern in (f"{names.namespace}.*", names.namespace)
        for path in Path("/run/netns").glob(pattern)
    }
    return tuple(sorted(found, key=lambda name: (name.count("."), name), reverse=True))
