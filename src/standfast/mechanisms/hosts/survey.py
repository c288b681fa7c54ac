"""Look at a machine that belongs to somebody, before anything on it is touched.

`look` reads; `refusal` decides, and is pure. The firewall that we load lets SSH in from
`management_from` alone, so the connection in use must come from there: else the operator would
lock the door behind themselves. The machine knows where it comes from better than this computer,
which may sit behind address translation or a jump host.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address

from standfast.core.errors import Refused
from standfast.mechanisms.hosts import system
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Machine
from standfast.mechanisms.hosts.system import System


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


def look(connection: Connection) -> Seen:
    """Changes nothing. An unreachable machine is `Unreachable`, at once."""
    release = connection.run(("cat", "/etc/os-release"), check=False)
    user = connection.run(("id", "-u"))
    arrival = connection.run(("printenv", "SSH_CONNECTION"), check=False)
    return Seen(
        system=system.parse(release.text),
        user_id=int(user.text),
        arrival=arrived(arrival.text),
    )


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
    return None
