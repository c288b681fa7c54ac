"""A machine: a Debian host reached by SSH, with addresses and roles.

Where it stands, made on this computer or listed by the operator, shows only in `Reach`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address
from pathlib import Path

from standfast.mechanisms.hosts.memory import in_memory


class Role(StrEnum):
    EDGE = "edge"
    WEB = "web"
    DATABASE = "database"
    BACKUP = "backup"
    MONITOR = "monitor"


DEFAULT_ROLES: Mapping[str, Role] = {
    "edge-1": Role.EDGE,
    "edge-2": Role.EDGE,
    "web-1": Role.WEB,
    "web-2": Role.WEB,
    "db-1": Role.DATABASE,
    "db-2": Role.DATABASE,
    "backup-1": Role.BACKUP,
    "backup-2": Role.BACKUP,
    "monitor-1": Role.MONITOR,
    "monitor-2": Role.MONITOR,
    "monitor-3": Role.MONITOR,
}
"""What a site has that names no machines: the smallest on which any of them can fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How the system's OpenSSH gets to a machine.

    `through` is put before `ssh` (a made machine is reached from inside its site's network
    namespace); `options` are `-o` settings beyond the operator's own configuration. What is None,
    that configuration says.
    """

    host: str
    user: str | None = "root"
    port: int | None = 22
    through: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """The operator's own programs that take a machine's power and give it back."""

    cut: tuple[str, ...]
    restore: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """`address` is on the private network; `public` only where the internet may knock. On
    `ssh_port` its own sshd listens, whatever port this computer dials."""

    name: str
    roles: frozenset[Role]
    address: IPv4Address
    public: IPv4Address | None = None
    moves: bool = False
    """Its public address may be with another machine."""
    ssh_port: int = 22
    adopt: bool = False
    """The operator gave up what of theirs stands there where ours would."""
    power: Power | None = None
    reach: Reach = field(repr=False)

    def is_a(self, role: Role) -> bool:
        return role in self.roles


def having(machines: tuple[Machine, ...], role: Role) -> tuple[Machine, ...]:
    return tuple(machine for machine in machines if machine.is_a(role))


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Where a site's state rests on the operator's computer."""

    site: str
    state: Path
    cache: Path
    run: Path

    @property
    def home(self) -> Path:
        return self.state / "sites" / self.site

    @property
    def secrets(self) -> Path:
        """Where secrets lie that a program must read as files: in memory, while a command runs."""
        return in_memory(self.run) / self.site / "unsealed"

    @property
    def sockets(self) -> Path:
        return self.run / self.site


def resting(environment: Mapping[str, str]) -> Mapping[str, Path]:
    """The folders that all sites of this computer share, as the environment moves them."""
    return {
        "state": Path(environment.get("STANDFAST_STATE", "/var/lib/standfast")),
        "cache": Path(environment.get("STANDFAST_CACHE", "/var/cache/standfast")),
        "run": Path(environment.get("STANDFAST_RUN", "/run/standfast")),
    }
