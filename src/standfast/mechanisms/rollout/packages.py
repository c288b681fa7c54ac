"""What the distribution has newer than a machine has, by apt's own simulation. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

NEWER = re.compile(r"^Inst (?P<name>\S+) \[(?P<old>[^\]]+)\] \((?P<new>\S+) (?P<origin>[^\[]*)")
"""`Inst libssl3 [3.0.15-1] (3.0.16-1 Debian-Security:12/stable-security [amd64])`: apt-get(8), -s.
What is new, not newer, has no version in the first brackets, and comes along by itself."""

DISTRIBUTIONS = ("Debian", "Ubuntu")

QUIET = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120")
"""Waits two minutes for whoever else installs something."""

FINISH = ("env", "DEBIAN_FRONTEND=noninteractive", "dpkg", "--configure", "--pending")
"""What an update that was cut short had left half done; nothing, mostly."""

REFRESH = (*QUIET, "update")
SIMULATE = (*QUIET, "--simulate", "--with-new-pkgs", "upgrade")
CLEAN = (*QUIET, "clean")


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """`security`: it comes from the distribution's own security archive."""

    name: str
    old: str
    new: str
    security: bool


def parse(simulation: str, *, everything: bool = False) -> tuple[Package, ...]:
    """The distribution's own; with `everything` also those of other archives."""
    return tuple(found(simulation, everything=everything))


def found(simulation: str, *, everything: bool) -> Iterator[Package]:
    for line in simulation.splitlines():
        match = NEWER.match(line)
        if match and (everything or match["origin"].startswith(DISTRIBUTIONS)):
            yield Package(
                name=match["name"],
                old=match["old"],
                new=match["new"],
                security="security" in match["origin"].lower(),
            )


def upgrade(packages: tuple[Package, ...]) -> tuple[str, ...]:
    """Words that install exactly these, and keep what the plan has written into their files."""
    kept = ("-o", "Dpkg::Options::=--force-confold", "-o", "Dpkg::Options::=--force-confdef")
    named = (f"{each.name}={each.new}" for each in packages)
    return (*QUIET, "--yes", *kept, "--only-upgrade", "install", *named)
