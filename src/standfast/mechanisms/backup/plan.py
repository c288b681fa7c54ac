"""Both sides of a backup: the machine that keeps a repository, and the one whose data it is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from standfast.core.errors import ConfigError
from standfast.core.templates import render
from standfast.mechanisms.backup import door, places, schedule
from standfast.mechanisms.backup.door import Door
from standfast.mechanisms.backup.faults import files_of
from standfast.mechanisms.backup.offsite import plan as offsite
from standfast.mechanisms.backup.offsite.plan import OffsiteAsk
from standfast.mechanisms.backup.orders import Settings
from standfast.mechanisms.backup.pgbackrest import files as engine
from standfast.mechanisms.backup.pgbackrest import names
from standfast.mechanisms.backup.places import Places
from standfast.mechanisms.backup.receiver import plan as receiver
from standfast.mechanisms.backup.settings import BackupSettings
from standfast.mechanisms.hosts.bundle import Contribution, File, Folder, Reader, Unit, User
from standfast.mechanisms.hosts.machine import Machine, Role, having
from standfast.mechanisms.hosts.names import (
    BACKUP_PORT,
    COPYING_PORT,
    FAULTS,
    IDENTITY_FILES,
    KEYS_GROUP,
)
from standfast.mechanisms.hosts.postgresql import no_cluster_of_the_package

HOME = places.HOME
ARCHIVE_COMMAND = names.ARCHIVE_COMMAND
"""What PostgreSQL calls for each finished segment of WAL: it goes to every repository."""

ARCHIVE_TIMEOUT_S = 5
"""After this a segment counts as finished however little is in it, so that WAL is in the copies
within the ten seconds that are promised. It costs a segment's 16 MiB of writing each time."""

REPOSITORY = "standfast-repository.service"
COPYING = "standfast-copying.service"
TIMER = "standfast-backup.timer"
ARCHIVE = "standfast-archive.service"
ARCHIVE_TIMER = "standfast-archive.timer"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupAsk:
    """`places` is where a database machine has its data; `keys` are the repositories', by the
    name of the machine. Without `offsite` no snapshot leaves the site."""

    settings: BackupSettings
    places: Places
    offsite: OffsiteAsk | None = None
    keys: Mapping[str, str] = field(repr=False)


def repository(
    machine: Machine,
    machines: tuple[Machine, ...],
    ask: BackupAsk,
    *,
    postgresql: int,
    source: str,
) -> Contribution:
    """A backup machine. `postgresql` is the version that is copied and, to be checked, started."""
    backups, databases = having(machines, Role.BACKUP), having(machines, Role.DATABASE)
    position = backups.index(machine)
    own = engine.Repository(
        number=position + 1,
        key=ask.keys[machine.name],
        keep_fulls=ask.settings.keep_fulls,
    )
    settings = Settings(
        full_day=ask.settings.full_day,
        full_at=ask.settings.full_at,
        programs=f"/usr/lib/postgresql/{postgresql}/bin",
    )
    model: dict[str, Any] = {
        "user": places.USER,
        "keys_group": KEYS_GROUP,
        "home": HOME,
        "scratch": places.SCRATCH,
        "override": places.OVERRIDE,
        "serve": names.SERVE_REPOSITORY,
        "source": source,
        "first_s": schedule.FIRST_S + schedule.FIRST_APART_S * position,
        "again_s": schedule.AGAIN_S + schedule.AGAIN_APART_S * position,
        "calendar": schedule.calendar(position, len(backups), every_min=ask.settings.every_min),
    }
    mine = {"owner": places.USER, "group": places.USER}
    secret: dict[str, Any] = {"mode": 0o640, "group": places.USER}
    return Contribution(
        files=(
            no_cluster_of_the_package(),
            File(
                path=names.REPOSITORY_CONF,
                content=engine.repository_conf(machine, databases, own, ask.places).encode(),
                reloads=(REPOSITORY,),
                **secret,
            ),
            File(path=names.RESTORE_CONF, content=engine.restore_conf(own).encode(), **secret),
            File(path=places.SETTINGS, content=settings.to_json()),
            unit(REPOSITORY, (REPOSITORY,), **model),
            unit(places.TAKE_UNIT, (), **model),
            unit(TIMER, (TIMER,), **model),
            unit(places.RESTORE_UNIT, (), **model),
            *files_of(position + 1, REPOSITORY, source),
        ),
        units=(Unit(name=REPOSITORY), Unit(name=TIMER)),
        users=(User(name=places.USER, home=HOME, groups=(KEYS_GROUP,)),),
        folders=(
            Folder(path=HOME, mode=0o750, **mine),
            Folder(path=places.REPOSITORY, mode=0o750, **mine),
            Folder(path=places.LOCKS, mode=0o750, **mine),
            Folder(path=places.RESTORE, mode=0o750, **mine),
            Folder(path=FAULTS),
        ),
        packages=(names.PACKAGE, f"postgresql-{postgresql}"),
        readers=tuple(Reader(path=path, unit=REPOSITORY) for path in IDENTITY_FILES),
    )


def database(
    machine: Machine, machines: tuple[Machine, ...], ask: BackupAsk, *, source: str
) -> Contribution:
    """A database machine: it sends its WAL, and lets its data be read."""
    backups = having(machines, Role.BACKUP)
    conf = engine.database_conf(machine, backups, ask.places)
    mine = {"owner": "postgres", "group": "postgres"}
    model = {"keys_group": KEYS_GROUP, "spool": places.SPOOL}
    return Contribution(
        files=(
            File(
                path=names.DATABASE_CONF,
                content=conf.encode(),
                mode=0o640,
                group="postgres",
                reloads=(COPYING,),
            ),
            unit(COPYING, (COPYING,), serve=names.SERVE_DATABASE, **model),
            unit(ARCHIVE, (), source=source, data=ask.places.data, **model),
            unit(ARCHIVE_TIMER, (ARCHIVE_TIMER,)),
        ),
        units=(Unit(name=COPYING), Unit(name=ARCHIVE_TIMER)),
        folders=(
            Folder(path=places.SPOOL, mode=0o750, **mine),
            Folder(path=places.SPOOL_LOCKS, mode=0o750, **mine),
        ),
        flows=receiver.let_in(machines, ask.settings),
        packages=(names.PACKAGE,),
        readers=tuple(Reader(path=path, unit=COPYING) for path in IDENTITY_FILES),
    )


def receiving(
    machine: Machine,
    machines: tuple[Machine, ...],
    ask: BackupAsk,
    *,
    postgresql: int,
    source: str,
) -> Iterator[Contribution]:
    """A backup machine without a database has the primary's newest WAL within a second."""
    if machine in receiver.receivers(machines, ask.settings):
        programs = f"/usr/lib/postgresql/{postgresql}/bin"
        yield receiver.plan(machine, machines, programs=programs, source=source)


def off_site(
    machine: Machine, machines: tuple[Machine, ...], ask: BackupAsk, *, source: str
) -> Iterator[Contribution]:
    """A backup machine takes snapshots off site, where the operator named a store."""
    backups = having(machines, Role.BACKUP)
    if ask.offsite is not None:
        yield offsite.plan(
            backups.index(machine),
            len(backups),
            ask.offsite,
            source=source,
            monitors=having(machines, Role.MONITOR),
        )


def publishing(machines: tuple[Machine, ...], ask: BackupAsk) -> tuple[Machine, ...]:
    """Those that put the trust page into the store off site."""
    publishes = ask.offsite is not None and ask.offsite.settings.page
    return having(machines, Role.BACKUP) if publishes else ()


def doors(machine: Machine, machines: tuple[Machine, ...]) -> Iterator[Contribution]:
    """Before the servers of either side; a machine may be both."""
    if machine.is_a(Role.BACKUP):
        yield door.plan(
            machine,
            Door(
                name="repository-door",
                port=BACKUP_PORT,
                inside=places.REPOSITORY_INSIDE,
                known=having(machines, Role.DATABASE),
                to="this machine's repository",
                why="WAL from database machines",
            ),
        )
    if machine.is_a(Role.DATABASE):
        yield door.plan(
            machine,
            Door(
                name="copying-door",
                port=COPYING_PORT,
                inside=places.COPYING_INSIDE,
                known=having(machines, Role.BACKUP),
                to="the database's files",
                why="backup machines read the database's files",
            ),
        )


def unit(name: str, restarts: tuple[str, ...], **model: Any) -> File:
    return File(
        path=f"/etc/systemd/system/{name}",
        content=render(__package__, name, **model).encode(),
        restarts=restarts,
    )


def refuse_mixed_systems(machines: tuple[Machine, ...], debian: Mapping[str, int]) -> None:
    """Both sides of a backup run the same version of the engine, and a copy only starts under the
    PostgreSQL that made it: they need one release of the distribution."""
    mixed = {
        debian[machine.name]: machine.name
        for machine in machines
        if machine.is_a(Role.DATABASE) or machine.is_a(Role.BACKUP)
    }
    if len(mixed) > 1:
        found = " and ".join(f"{name} runs Debian {release}" for release, name in mixed.items())
        raise ConfigError(
            f"database and backup machines need the same release, and {found}",
            remedy="Give them one release of Debian; copies of one cannot be read on another.",
        )
