"""A database machine: PostgreSQL from the distribution under Patroni, mutual TLS only."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from standfast.core.templates import render
from standfast.mechanisms.database import dynamic, patience, plain, planted
from standfast.mechanisms.database.psql import RUN
from standfast.mechanisms.database.roles import REPLICATOR, REWINDER
from standfast.mechanisms.hosts.bundle import Contribution, File, Flow, Folder, Reader, Unit
from standfast.mechanisms.hosts.machine import Machine, Role, having
from standfast.mechanisms.hosts.names import (
    DATABASE_PORT,
    ETCD_CLIENT_PORT,
    FAULTS,
    IDENTITY,
    IDENTITY_FILES,
    PATRONI_PORT,
)
from standfast.mechanisms.hosts.postgresql import no_cluster_of_the_package

HOME = "/var/lib/postgresql"
DATA = f"{HOME}/data"
FOLDER = "/etc/standfast/database"
START = f"{FOLDER}/patroni-start"
STARTS = Path(__file__).with_name("patroni_start.py")
DYNAMIC = f"{FOLDER}/dynamic.json"
SETUP = f"{FOLDER}/setup.sql"
PATRONI = plain.UNIT
GUARD = "standfast-guard.service"
HEARTBEAT = "standfast-heartbeat.service"
CANARY = "standfast-canary.service"

VERSIONS: Mapping[int, int] = MappingProxyType({12: 15, 13: 17})
"""Debian's release to its PostgreSQL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresAsk:
    """What others need of PostgreSQL. A database and a role of this `name` for the service;
    `verifier` is what PostgreSQL keeps instead of the password (RFC 5803). `archive_command` takes
    finished WAL to the backups; None where there are none. After `archive_timeout_s` a segment
    counts as finished, however little is in it; 0 for when it is full. `hba` are further lines of
    pg_hba.conf. `slots` are replication slots for receivers that are no members, as Patroni wants
    them. While the `password_changes` the service's certificate alone lets it in, because
    PostgreSQL knows one password, and web machines learn the new one after each other."""

    name: str
    verifier: str
    password_changes: bool = False
    archive_command: str | None = None
    archive_timeout_s: int = 0
    hba: tuple[str, ...] = ()
    slots: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def plan(
    machine: Machine,
    machines: tuple[Machine, ...],
    ask: PostgresAsk,
    *,
    site: str,
    debian: int,
    source: str,
    python: str,
) -> Contribution:
    databases = having(machines, Role.DATABASE)
    webs = having(machines, Role.WEB)
    voters = having(machines, Role.MONITOR)
    version = VERSIONS[debian]
    wanted = dynamic.configuration(slots=ask.slots)
    model: dict[str, Any] = {
        "scope": site,
        "machine": machine,
        "databases": databases,
        "webs": webs,
        "voters": voters,
        "version": version,
        "home": HOME,
        "run": RUN,
        "ask": ask,
        "identity": IDENTITY,
        "replicator": REPLICATOR,
        "rewinder": REWINDER,
        "patroni_port": PATRONI_PORT,
        "etcd_port": ETCD_CLIENT_PORT,
        "database_port": DATABASE_PORT,
        "dynamic": wanted,
        "parameters": parameters(ask),
        "source": source,
        "python": python,
    }

    def file(path: str, template: str, **asked: Any) -> File:
        return File(path=path, content=render(__package__, template, **model).encode(), **asked)

    def unit(name: str) -> File:
        return file(f"/etc/systemd/system/{name}", name, restarts=(name,))

    return Contribution(
        files=(
            no_cluster_of_the_package(),
            file(
                str(plain.FILE),
                "patroni.yml",
                reloads=(PATRONI,),
                mode=0o640,
                group="postgres",
            ),
            File(path=START, content=STARTS.read_bytes(), restarts=(PATRONI,)),
            File(path=DYNAMIC, content=json.dumps(wanted, indent=2, sort_keys=True).encode()),
            file(SETUP, "setup.sql", mode=0o640, group="postgres"),
            unit(PATRONI),
            settings(
                "guard",
                GUARD,
                address=str(machine.address),
                port=PATRONI_PORT,
                data=f"{HOME}/data",
                group=f"system.slice/{PATRONI}",
            ),
            unit(GUARD),
            settings("heartbeat", HEARTBEAT, socket=RUN, database=ask.name, machine=machine.name),
            unit(HEARTBEAT),
            settings(
                "canary",
                CANARY,
                address=str(machine.address),
                port=PATRONI_PORT,
                data=DATA,
                socket=RUN,
            ),
            unit(CANARY),
            *(
                File(path=f"{FAULTS}/{each.name}.json", content=each.declaration())
                for each in (*planted.faults(source), patience.fault(source), plain.fault(source))
            ),
        ),
        units=(
            Unit(name=PATRONI, in_turn=True),
            Unit(name=GUARD),
            Unit(name=HEARTBEAT),
            Unit(name=CANARY),
        ),
        folders=(
            Folder(path=HOME, owner="postgres", group="postgres"),
            Folder(path=FOLDER),
        ),
        flows=(
            Flow(
                port=DATABASE_PORT,
                sources=addresses(having_any(machines, Role.WEB, Role.DATABASE)),
                why="the service, and the other database machine",
            ),
            Flow(
                port=PATRONI_PORT,
                sources=addresses(having_any(machines, Role.WEB, Role.DATABASE, Role.MONITOR)),
                why="who asks which machine is primary",
            ),
        ),
        packages=(f"postgresql-{version}",),
        readers=(
            *(Reader(path=path, unit=PATRONI) for path in IDENTITY_FILES),
            *(Reader(path=path, unit=GUARD, restart=True) for path in IDENTITY_FILES),
            *(Reader(path=path, unit=CANARY, restart=True) for path in IDENTITY_FILES),
        ),
    )


def settings(daemon: str, unit: str, **said: str | int) -> File:
    """What one of our daemons reads as it starts."""
    content = json.dumps(said, indent=2, sort_keys=True).encode() + b"\n"
    return File(path=f"/etc/standfast/{daemon}.json", content=content, restarts=(unit,))


def parameters(ask: PostgresAsk) -> dict[str, str]:
    """Those that differ by machine or that the site's file decides; the rest is in `dynamic`."""
    return {
        "unix_socket_directories": RUN,
        "password_encryption": "scram-sha-256",
        "ssl": "on",
        "ssl_cert_file": f"{IDENTITY}/cert.pem",
        "ssl_key_file": f"{IDENTITY}/key.pem",
        "ssl_ca_file": f"{IDENTITY}/ca.pem",
        "ssl_min_protocol_version": "TLSv1.2",
        "ssl_ciphers": "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384",
        "log_destination": "stderr",
        "logging_collector": "off",
        "log_line_prefix": "%q%u@%d ",
        "log_timezone": "UTC",
        "timezone": "UTC",
        "shared_buffers": "128MB",
        "synchronous_commit": "on",
        # Changing whether WAL is archived restarts PostgreSQL; changing how does not.
        "archive_mode": "on",
        "archive_command": ask.archive_command or "/bin/true",
        "archive_timeout": f"{ask.archive_timeout_s}s",
        "wal_receiver_timeout": "2500ms",
        "wal_sender_timeout": "2s",
        "wal_receiver_status_interval": "1s",
    }


def having_any(machines: tuple[Machine, ...], *roles: Role) -> tuple[Machine, ...]:
    return tuple(machine for machine in machines if machine.roles & {*roles})


def addresses(machines: tuple[Machine, ...]) -> tuple[str, ...]:
    return tuple(str(machine.address) for machine in machines)
