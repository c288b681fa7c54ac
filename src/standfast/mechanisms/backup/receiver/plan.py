"""Both sides of receiving: the backup machine that does, and the databases that let it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from standfast.core.templates import render
from standfast.mechanisms.backup import places
from standfast.mechanisms.backup.receiver.program import SETTINGS, Settings
from standfast.mechanisms.backup.settings import BackupSettings
from standfast.mechanisms.hosts.bundle import Contribution, File, Flow, Reader, Unit
from standfast.mechanisms.hosts.machine import Machine, Role, having
from standfast.mechanisms.hosts.names import (
    DATABASE_PORT,
    IDENTITY_FILES,
    KEYS_GROUP,
    RECEIVER_ROLE,
)

UNIT = "standfast-receiver.service"
MOUNT = "run-standfast-received.mount"
"""systemd.mount(5): the name says where."""

LIMIT_MIB = 256
"""Sixteen segments. Two or three lie there; the rest is for a repository that takes none for a
minute of usual writing, and for the end of a load."""

MAP = "receivers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What PostgreSQL has to be told, as `PostgresAsk` has it."""

    hba: tuple[str, ...]
    ident: tuple[str, ...]
    replicators: tuple[str, ...]
    slots: Mapping[str, Mapping[str, str]]


def receivers(machines: tuple[Machine, ...], settings: BackupSettings) -> tuple[Machine, ...]:
    """A machine that holds a database is lost with it, and has all of its WAL while it is not."""
    apart = (each for each in having(machines, Role.BACKUP) if not each.is_a(Role.DATABASE))
    return tuple(apart) if settings.receive else ()


def name(machine: Machine) -> str:
    """As PostgreSQL shows it: no member's name, or it could be taken for one that acknowledges."""
    return f"receiver-{machine.name}"


def slot(machine: Machine) -> str:
    """Small letters, digits and underscores (PostgreSQL's manual, 27.2.6.1)."""
    return re.sub(r"[^a-z0-9_]", "_", name(machine).lower())


def wanted(machines: tuple[Machine, ...], settings: BackupSettings) -> Wanted:
    found = receivers(machines, settings)
    return Wanted(
        hba=tuple(
            f"hostssl replication {RECEIVER_ROLE} {each.address}/32 cert map={MAP}"
            for each in found
        ),
        ident=tuple(f"{MAP} {each.name} {RECEIVER_ROLE}" for each in found),
        replicators=(RECEIVER_ROLE,) if found else (),
        slots={slot(each): {"type": "physical"} for each in found},
    )


def let_in(machines: tuple[Machine, ...], settings: BackupSettings) -> tuple[Flow, ...]:
    """Of a database machine."""
    found = receivers(machines, settings)
    if not found:
        return ()
    return (
        Flow(
            port=DATABASE_PORT,
            sources=tuple(str(each.address) for each in found),
            why="backup machines receive WAL as it is written",
        ),
    )


def plan(
    machine: Machine, machines: tuple[Machine, ...], *, programs: str, source: str
) -> Contribution:
    """Of a backup machine that receives."""
    settings = Settings(
        hosts=tuple(each.name for each in having(machines, Role.DATABASE)),
        name=name(machine),
        slot=slot(machine),
        programs=programs,
    )
    model: dict[str, Any] = {
        "user": places.USER,
        "keys_group": KEYS_GROUP,
        "home": places.HOME,
        "received": places.RECEIVED,
        "limit_mib": LIMIT_MIB,
        "mount": MOUNT,
        "source": source,
    }

    def unit(name: str, restarts: tuple[str, ...]) -> File:
        content = render(__package__, name, **model).encode()
        return File(path=f"/etc/systemd/system/{name}", content=content, restarts=restarts)

    return Contribution(
        files=(
            File(path=SETTINGS, content=settings.to_json(), restarts=(UNIT,)),
            unit(MOUNT, ()),
            unit(UNIT, (UNIT,)),
        ),
        units=(Unit(name=MOUNT), Unit(name=UNIT)),
        readers=tuple(Reader(path=path, unit=UNIT, restart=True) for path in IDENTITY_FILES),
    )
