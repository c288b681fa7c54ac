"""Which systems a machine may run, and what tells them apart. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from standfast.mechanisms.hosts.machine import Role

OLDEST_UBUNTU = 24
"""24.04 is the first with the Python that our programs are written for (3.11 or newer)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """`id` and `name` as os-release(5) has them, `version` before its first dot; 0 if unknown."""

    id: str
    version: int
    name: str


DEFAULT_SUITE = "bookworm"

DEBIAN: Mapping[str, System] = {
    "bookworm": System(id="debian", version=12, name="Debian 12"),
    "trixie": System(id="debian", version=13, name="Debian 13"),
}
"""By suite. A site's releases are built on its suite, and so its web machines must run it."""


def parse(os_release: str) -> System:
    fields = dict(re.findall(r'^([A-Z_]+)="?([^"\n]*)"?$', os_release, re.MULTILINE))
    version = re.match(r"\d+", fields.get("VERSION_ID", ""))
    return System(
        id=fields.get("ID", ""),
        version=int(version[0]) if version else 0,
        name=fields.get("PRETTY_NAME", "an unknown system"),
    )


def is_supported(system: System) -> bool:
    if system.id == "ubuntu":
        return system.version >= OLDEST_UBUNTU
    return is_debian(system)


def is_debian(system: System) -> bool:
    return system.id == "debian" and system.version in (12, 13)


def debian_version(system: System) -> int:
    """0 where it is another system."""
    return system.version if system.id == "debian" else 0


def misfit(system: System, roles: frozenset[Role], *, suite: str = DEFAULT_SUITE) -> str:
    """What such a machine would have to run instead, in words; empty if it is well as it is."""
    if not is_supported(system):
        return f"Debian 12 or 13, or Ubuntu {OLDEST_UBUNTU}.04 or newer"
    if Role.WEB in roles and not runs_releases(system, suite):
        return f"{DEBIAN[suite].name} on a web machine, because releases are built on it"
    if Role.DATABASE in roles and not is_debian(system):
        return "Debian 12 or 13 on a database machine, because its PostgreSQL is known"
    return ""


def runs_releases(system: System, suite: str) -> bool:
    """A release holds compiled programs and a Python of one version."""
    return (system.id, system.version) == (DEBIAN[suite].id, DEBIAN[suite].version)
