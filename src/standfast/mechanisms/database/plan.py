"""The database machine: PostgreSQL from the distribution, TLS only, one role for the service."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from standfast.core.templates import render
from standfast.mechanisms.hosts.bundle import Contribution, File, Flow, Folder, Reader, Unit
from standfast.mechanisms.hosts.machine import Machine, Role, having
from standfast.mechanisms.hosts.names import AUTHORITY, DATABASE_PORT, IDENTITY, IDENTITY_FILES

HOME = "/var/lib/postgresql"
SERVER = "standfast-postgresql.service"
SETUP = "standfast-database-setup.service"
INIT = "standfast-database-init.service"

VERSIONS: Mapping[int, int] = MappingProxyType({12: 15, 13: 17})
"""Debian's release to its PostgreSQL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseAsk:
    """What the service needs: a database and a role of this name. `verifier` is what PostgreSQL
    keeps instead of the password (RFC 5803)."""

    name: str
    verifier: str


def plan(
    machine: Machine, machines: tuple[Machine, ...], ask: DatabaseAsk, *, debian: int
) -> Contribution:
    version = VERSIONS[debian]
    webs = tuple(str(web.address) for web in having(machines, Role.WEB))
    model: dict[str, Any] = {
        "machine": machine,
        "version": version,
        "home": HOME,
        "ask": ask,
        "webs": webs,
        "identity": IDENTITY,
    }

    def file(path: str, template: str, restarts: tuple[str, ...], mode: int = 0o644) -> File:
        content = render(__package__, template, **model).encode()
        group = "postgres" if mode == 0o640 else "root"
        return File(path=path, content=content, restarts=restarts, mode=mode, group=group)

    return Contribution(
        files=(
            no_cluster_of_the_package(),
            file("/etc/standfast/database/postgresql.conf", "postgresql.conf", (SERVER,)),
            file("/etc/standfast/database/pg_hba.conf", "pg_hba.conf", (SERVER,), 0o640),
            file("/etc/standfast/database/setup.sql", "setup.sql", (SETUP,), 0o640),
            file(f"/etc/systemd/system/{INIT}", INIT, ()),
            file(f"/etc/systemd/system/{SERVER}", SERVER, (SERVER,)),
            file(f"/etc/systemd/system/{SETUP}", SETUP, (SETUP,)),
        ),
        units=(Unit(name=SERVER), Unit(name=SETUP)),
        folders=(
            Folder(path=HOME, owner="postgres", group="postgres"),
            Folder(path="/etc/standfast/database"),
        ),
        flows=(Flow(port=DATABASE_PORT, sources=webs, why="the service"),),
        packages=(f"postgresql-{version}",),
        readers=tuple(Reader(path=path, unit=SERVER) for path in IDENTITY_FILES),
    )


def no_cluster_of_the_package() -> File:
    """Debian's package makes a cluster as it is installed, and starts it on our port."""
    return File(
        path="/etc/postgresql-common/createcluster.conf",
        content=b"# Written by Standfast from the plan.\ncreate_main_cluster = false\n",
        early=True,
    )


def url(database: Machine, name: str, password: str) -> str:
    return (
        f"postgresql://{name}:{password}@{database.name}:{DATABASE_PORT}/{name}"
        f"?sslmode=verify-full&sslrootcert={AUTHORITY}"
    )
