"""What a backup machine needs to take snapshots off site, where there is such a store."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from standfast.core.templates import render
from standfast.mechanisms.backup.offsite import places, spoil
from standfast.mechanisms.backup.offsite.commands import PASSWORD, known_host
from standfast.mechanisms.backup.offsite.page.turn import PERIOD
from standfast.mechanisms.backup.offsite.settings import OffsiteSettings
from standfast.mechanisms.backup.offsite.store import AUTHORITY, SSH_KEY, Kind, Store, opening
from standfast.mechanisms.backup.pgbackrest.names import CONFIGURATION
from standfast.mechanisms.backup.places import HOME, REPOSITORY, USER
from standfast.mechanisms.hosts.bundle import Contribution, File, Folder, Unit
from standfast.mechanisms.hosts.machine import Machine
from standfast.mechanisms.hosts.names import FAULTS, KEYS_GROUP, PAGES_PORT

PACKAGE = "restic"
DAY_MIN = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsiteAsk:
    """`words` open the store, with its first key; `password` is the repository's own."""

    settings: OffsiteSettings
    words: Mapping[str, str] = field(repr=False)
    password: str = field(repr=False)


def plan(
    position: int, of: int, ask: OffsiteAsk, *, source: str, monitors: tuple[Machine, ...] = ()
) -> Contribution:
    """`position` of this machine among `of` backup machines, from 0. `monitors` show the page."""
    settings = ask.settings
    model = {
        "user": USER,
        "home": HOME,
        "repository": REPOSITORY,
        "engine": CONFIGURATION,
        "cache": places.CACHE,
        "passed": places.PASSED,
        "fetched": places.FETCHED,
        "returned": places.RETURNED,
        "upload": places.UPLOAD_UNIT,
        "source": source,
        "calendar": calendar(position, of, settings.at),
        "page_calendar": page_calendar(position),
        "keys_group": KEYS_GROUP,
        "offsite": places.OFFSITE,
        "folder": settings.store.parts["folder"] if settings.kind is Kind.FOLDER else "",
    }
    page = settings.page
    mine: dict[str, Any] = {"owner": USER, "group": USER, "mode": 0o750}
    return Contribution(
        files=(
            File(path=places.STORE, content=store(ask).to_json()),
            File(path=places.KEYS, content=keys(ask), mode=0o640, group=USER),
            *authority(ask),
            *sftp(ask),
            unit(places.RESTORE_UNIT, (), model),
            unit(places.UPLOAD_UNIT, (), model),
            unit(places.TIMER, (places.TIMER,), model),
            unit(places.FETCH_UNIT, (), model),
            unit(places.CHECK_UNIT, (), model),
            *spoil.files_of(source),
            *(page_files(position, monitors, model) if page else ()),
        ),
        units=(Unit(name=places.TIMER), *((Unit(name=places.PAGE_TIMER),) if page else ())),
        folders=(
            Folder(path=places.OFFSITE, **mine),
            Folder(path=places.CACHE, **mine),
            Folder(path=FAULTS),
        ),
        packages=(PACKAGE, *(("openssh-client",) if settings.kind is Kind.SFTP else ())),
    )


def keys(ask: OffsiteAsk) -> bytes:
    words = {**opening(ask.settings.kind, ask.words), PASSWORD: ask.password}
    return json.dumps(words, sort_keys=True).encode()


def store(ask: OffsiteAsk) -> Store:
    """As the machine knows it."""
    known = places.AUTHORITY_FILE if ask.words.get(AUTHORITY) else ""
    return replace(ask.settings.store, authority=known)


def authority(ask: OffsiteAsk) -> tuple[File, ...]:
    """Where the store is known by certificates that the system does not trust."""
    pem = ask.words.get(AUTHORITY)
    return (File(path=places.AUTHORITY_FILE, content=pem.encode()),) if pem else ()


def sftp(ask: OffsiteAsk) -> tuple[File, ...]:
    if ask.settings.kind is not Kind.SFTP:
        return ()
    key = opening(Kind.SFTP, ask.words)[SSH_KEY].strip() + "\n"
    host = known_host(ask.settings.store, ask.settings.host_key)
    return (
        File(path=places.SSH_KEY_FILE, content=key.encode(), mode=0o600, owner=USER, group=USER),
        File(path=places.KNOWN_HOSTS, content=host.encode()),
    )


def calendar(position: int, of: int, at: str) -> str:
    """systemd.time(7). Machines take turns over the day, from `at` on, in UTC."""
    hour, minute = map(int, at.split(":"))
    start = (hour * 60 + minute + position * DAY_MIN // of) % DAY_MIN
    return f"*-*-* {start // 60:02d}:{start % 60:02d}:00 UTC"


def page_files(
    position: int, monitors: tuple[Machine, ...], model: Mapping[str, Any]
) -> tuple[File, ...]:
    """What publishes the trust page in the store (`publish.py`)."""
    said = {
        "position": position,
        "monitors": [
            {"name": each.name, "address": str(each.address), "port": PAGES_PORT}
            for each in monitors
        ],
    }
    text = json.dumps(said, indent=2, sort_keys=True).encode() + b"\n"
    return (
        File(path=places.PAGE_SETTINGS, content=text),
        unit(places.PAGE_UNIT, (), model),
        unit(places.PAGE_TIMER, (places.PAGE_TIMER,), model),
    )


def page_calendar(position: int) -> str:
    """Every period, each machine at a minute of its own."""
    every = int(PERIOD.total_seconds()) // 60
    return f"*-*-* *:{position % every:02d}/{every}:00"


def unit(name: str, restarts: tuple[str, ...], model: Mapping[str, Any]) -> File:
    return File(
        path=f"/etc/systemd/system/{name}",
        content=render(__package__, name, **model).encode(),
        restarts=restarts,
    )
