"""The engine's configuration on both sides: pure renderings."""

from dataclasses import dataclass, field
from typing import Any

from standfast.core.templates import render
from standfast.mechanisms.backup.pgbackrest.names import DATABASE_CONF, REPOSITORY_CONF, STANZA
from standfast.mechanisms.backup.places import (
    COPYING_INSIDE,
    LOCKS,
    REPOSITORY,
    REPOSITORY_INSIDE,
    SCRATCH,
    SPOOL,
    SPOOL_LOCKS,
    Places,
)
from standfast.mechanisms.backup.retention import KEEP_DIFFERENTIALS
from standfast.mechanisms.hosts.machine import Machine
from standfast.mechanisms.hosts.names import BACKUP_PORT, COPYING_PORT, IDENTITY

IO_TIMEOUT_S = 5
"""Twice this is how much later a backup begins while a database machine is down. Only to connect:
once connected, another limit holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """`number` of this repository among the site's, from 1."""

    number: int
    key: str = field(repr=False)
    keep_fulls: int


def repository_conf(
    machine: Machine, databases: tuple[Machine, ...], mine: Repository, places: Places
) -> str:
    return rendered(
        "repository.conf",
        mine=mine,
        machine=machine,
        others=databases,
        places=places,
        inside=REPOSITORY_INSIDE,
    )


def restore_conf(mine: Repository) -> str:
    return rendered("restore.conf", mine=mine)


def database_conf(machine: Machine, backups: tuple[Machine, ...], places: Places) -> str:
    return rendered(
        "database.conf",
        machine=machine,
        others=backups,
        places=places,
        inside=COPYING_INSIDE,
    )


def rendered(name: str, **model: Any) -> str:
    return render(
        __package__,
        name,
        identity=IDENTITY,
        stanza=STANZA,
        io_timeout_s=IO_TIMEOUT_S,
        keep_differentials=KEEP_DIFFERENTIALS,
        repository=REPOSITORY,
        repository_locks=LOCKS,
        repository_port=BACKUP_PORT,
        repository_conf=REPOSITORY_CONF,
        database_port=COPYING_PORT,
        database_conf=DATABASE_CONF,
        scratch=SCRATCH,
        spool=SPOOL,
        spool_locks=SPOOL_LOCKS,
        **model,
    )
