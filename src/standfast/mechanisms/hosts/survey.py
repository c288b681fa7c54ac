"""Look at a machine that belongs to somebody, before anything on it is touched.

`look` reads; `refusal` decides, and is pure. The firewall that we load lets SSH in from
`management_from` alone, so the connection in use must come from there: else the operator would
lock the door behind themselves. The machine knows where it comes from better than this computer,
which may sit behind address translation or a jump host.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address

from standfast.core.clock import Clock
from standfast.core.errors import Refused
from standfast.core.units import duration, size
from standfast.mechanisms.hosts import system
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.foreign import Found as Foreign
from standfast.mechanisms.hosts.machine import Machine
from standfast.mechanisms.hosts.system import System

CLOCK_TOLERANCE_S = 5.0
"""Certificates, leases and the times of proofs bear this; more means that nobody sets the clock."""

FREE_NEEDED = 600_000_000
"""Bytes: packages, our programs in two versions, and some room to work in."""

WRITTEN = ("/", "/etc", "/opt", "/srv", "/usr", "/var/lib")
"""Folders in which a rollout writes; each may be a disk of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """From which address SSH reaches the machine, and on which of its ports (ssh(1),
    SSH_CONNECTION): not what this computer dialled, if something in between translates."""

    source: IPv4Address | IPv6Address
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    system: System
    user_id: int
    arrival: Arrival | None
    ahead_s: float = 0.0
    """How much the machine's clock is ahead of this computer's."""
    free: Mapping[str, int] = field(default_factory=dict)
    """Free bytes, by mount point."""
    has_python: bool = True


def look(connection: Connection, clock: Clock) -> Seen:
    """Changes nothing. An unreachable machine is `Unreachable`, at once."""
    release = connection.run(("cat", "/etc/os-release"), check=False)
    user = connection.run(("id", "-u"))
    disks = connection.run(("df", "--block-size=1", "--output=avail,target", *WRITTEN), check=False)
    python = connection.run(("python3", "--version"), check=False)
    return Seen(
        ahead_s=ahead(connection, clock),
        free=free_bytes(disks.text),
        has_python=python.status == 0,
        system=system.parse(release.text),
        user_id=int(user.text),
        arrival=arrival_at(connection),
    )


def ahead(connection: Connection, clock: Clock) -> float:
    """The answer came at some moment between the question and now: what that leaves open is no
    fault of the machine's."""
    asked = clock.now().timestamp()
    said = connection.run(("date", "+%s.%N")).text
    return beyond(float(said), earliest=asked, latest=clock.now().timestamp())


def beyond(moment: float, *, earliest: float, latest: float) -> float:
    """0 if it lies between, else how far after or before."""
    return max(moment - latest, 0.0) + min(moment - earliest, 0.0)


def free_bytes(said: str) -> dict[str, int]:
    """Of `df --output=avail,target`: a line of headings, then `12345 /var`."""
    found = (line.split(maxsplit=1) for line in said.splitlines())
    return {words[1]: int(words[0]) for words in found if len(words) == 2 and words[0].isdigit()}


def arrival_at(connection: Connection) -> Arrival | None:
    return arrived(connection.run(("printenv", "SSH_CONNECTION"), check=False).text)


def arrived(said: str) -> Arrival | None:
    """`203.0.113.1 51834 10.0.0.11 22` of ssh(1), or nothing."""
    words = said.split()
    if len(words) != 4:
        return None
    return Arrival(source=ip_address(words[0]), port=int(words[3]))


def refusal(
    machine: Machine,
    seen: Seen,
    management_from: tuple[IPv4Network, ...],
    *,
    suite: str = system.DEFAULT_SUITE,
) -> Refused | None:
    """`suite`: of Debian, for which the service is built."""
    name = machine.name
    if seen.user_id != 0:
        return Refused(
            f"SSH enters {name} as a user who is not root, and only root can set a machine up",
            remedy='Set `ssh = { user = "root" }` for it, or let your ssh_config say so.',
        )
    if wanted := system.misfit(seen.system, machine.roles, suite=suite):
        return Refused(
            f"{name} runs {seen.system.name}; nothing was touched",
            remedy=f"Take {wanted}.",
        )
    if seen.arrival is None:
        return Refused(
            f"{name} does not say from which address SSH reaches it",
            remedy=f"Does `printenv SSH_CONNECTION` answer when you are on {name} by SSH?",
        )
    source = seen.arrival.source
    if not any(source in network for network in management_from):
        return Refused(
            f"this SSH connection reaches {name} from {source}, which network.management_from "
            "does not hold: the firewall would lock you out; nothing was touched",
            remedy=f"Add {source} to it, or come from one of: "
            f"{', '.join(map(str, management_from))}.",
        )
    return unfit(name, seen)


def unfit(name: str, seen: Seen) -> Refused | None:
    """What can be mended on the machine itself."""
    if abs(seen.ahead_s) > CLOCK_TOLERANCE_S:
        way = "ahead of" if seen.ahead_s > 0 else "behind"
        return Refused(
            f"the clock of {name} is {duration(abs(seen.ahead_s))} {way} this computer's, and "
            "proofs and certificates are worth nothing without the time; nothing was touched",
            remedy=f"Which one is right? Set the other, for instance by `apt-get install chrony` "
            f"on {name}.",
        )
    for mount, free in sorted(seen.free.items()):
        if free < FREE_NEEDED:
            return Refused(
                f"the disk of {name} at {mount} has {size(free)} free, and {size(FREE_NEEDED)} "
                "are needed; nothing was touched",
                remedy="Make room there, or give it a larger disk.",
            )
    if not seen.has_python:
        return Refused(
            f"{name} has no python3, without which nobody can look at it closely",
            remedy=f"Run `apt-get install python3` on {name}.",
        )
    return None


def occupied(name: str, found: Iterable[Foreign], *, adopted: bool) -> Refused | None:
    """Whether something of somebody's stands where ours would, and nobody gave it up."""
    stuck = [each.what for each in found if not (adopted and each.is_adoptable)]
    if not stuck:
        return None
    listed = "\n".join(f"  {what}" for what in stuck)
    remedy = (
        "Take that away yourself: it is nothing that could be put back later."
        if adopted
        else f"See `standfast plan`, then `standfast up --adopt {name}` takes its place, keeps it "
        "aside, and `destroy` puts it back."
    )
    return Refused(
        f"{name} already runs what would be replaced; nothing was touched:\n{listed}",
        remedy=remedy,
    )
