"""What a site's things on this computer are called: all begin alike, so `destroy` can find them.

Standard library only; shared by everything in this room.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

PREFIX = "standfast"

PRIVATE = IPv4Network("10.77.0.0/24")
PUBLIC = IPv4Network("203.0.113.0/24")
"""RFC 5737 documentation addresses play the internet. Both networks exist only inside the site's
own network namespace, so they collide with nothing and every site may use the same ones."""

ALONE = IPv4Network("169.254.77.0/24")
"""Of a public cable whose address moves: no router passes these on (RFC 3927)."""

ELSEWHERE = IPv4Network("198.51.100.0/24")
"""Of the store off site, in a namespace of its own (RFC 5737)."""

MANAGEMENT = PRIVATE[1]
DOOR = PRIVATE[2]
"""Where the way to the store begins."""

STORE = ELSEWHERE[10]
VANTAGE = PUBLIC[1]
FIRST_MACHINE = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    site: str
    home: Path

    @property
    def namespace(self) -> str:
        return f"{PREFIX}.{self.site}"

    @property
    def vantage(self) -> str:
        return f"{PREFIX}.{self.site}.vantage"

    @property
    def store(self) -> str:
        return f"{PREFIX}.{self.site}.store"

    def machine_namespace(self, machine: str) -> str:
        return f"{PREFIX}.{self.site}.{machine}"

    def container(self, machine: str) -> str:
        return f"{PREFIX}-{self.site}-{machine}"

    def folder(self, machine: str) -> Path:
        return self.home / "machines" / machine

    def root(self, machine: str) -> Path:
        return self.folder(machine) / "root"


def namespace_path(namespace: str) -> str:
    return f"/run/netns/{namespace}"


def inside(namespace: str) -> tuple[str, ...]:
    """Words to put before a command that shall run in a network namespace.

    `nsenter` rather than `ip netns exec`: the latter makes a mount namespace of its own, and a
    long-lived process in it (a shared SSH connection) would keep machines' disks mounted after
    `destroy`.
    """
    return ("nsenter", f"--net={namespace_path(namespace)}", "--")
