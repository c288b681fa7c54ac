"""pg_receivewal(1): how it is started, and what its last words mean. Standard library only.

Which of the database machines is primary, it finds by itself (libpq, `target_session_attrs`), and
its slot is the one that Patroni keeps on both. It ends at the first failure (`--no-loop`), because
by itself it would wait five seconds, and would try for ever what can never succeed.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from standfast.core.command import Command
from standfast.mechanisms.hosts.names import DATABASE_PORT, IDENTITY, RECEIVER_ROLE

SETTINGS = "/etc/standfast/receiver.json"

CONNECT_S = 2
"""The least that libpq takes: the next machine is asked after so long."""

SILENT_S = 5
"""A primary whose machine died says nothing more; what was sent to it is acknowledged by then, or
the connection is given up (tcp(7), TCP_USER_TIMEOUT)."""

STATUS_S = 1
"""How often it says how far it is, so that the primary shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`hosts`: the database machines; `programs`: the folder of PostgreSQL's."""

    hosts: tuple[str, ...]
    name: str
    slot: str
    programs: str

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), indent=2, sort_keys=True).encode() + b"\n"

    @classmethod
    def read(cls, path: Path = Path(SETTINGS)) -> "Settings":
        said: dict[str, Any] = json.loads(path.read_text())
        return cls(**{**said, "hosts": tuple(said["hosts"])})


class Ending(StrEnum):
    """Why it ended, and what helps."""

    LATER = "it cannot now, and is tried again"
    ELSEWHERE = "the log of the primary goes on from somewhere else"
    GONE = "the primary does not have what would come next"


ANOTHER_HISTORY = (
    "is not in this server's history",
    "is not present in the server",
    "is ahead of the WAL flush position of this server",
)
"""By PostgreSQL's own words: another timeline went on before what was received here (its source,
walsender.c; pg_receivewal, receivelog.c). A primary that is just being replaced says it too."""

REMOVED = "has already been removed"
"""The same of WAL that would come next (xlogutils.c). It says so, too, where the log went on twice
within one segment, as after a recovery in the site's place: of the timeline between there is no
file of that name (WalSndSegmentOpen)."""


def ending(said: str) -> Ending:
    if REMOVED in said:
        return Ending.GONE
    another = any(each in said for each in ANOTHER_HISTORY)
    return Ending.ELSEWHERE if another else Ending.LATER


def receive(settings: Settings, folder: Path) -> Command:
    argv = (
        str(Path(settings.programs) / "pg_receivewal"),
        f"--directory={folder}",
        f"--slot={settings.slot}",
        "--no-loop",
        f"--status-interval={STATUS_S}",
        f"--dbname={connection(settings)}",
    )
    return Command(argv=argv, environment={"LC_ALL": "C"})


def drop_slot(settings: Settings) -> Command:
    """Patroni makes another within seconds, which begins where the primary's log begins now."""
    argv = (
        str(Path(settings.programs) / "pg_receivewal"),
        f"--slot={settings.slot}",
        "--drop-slot",
        f"--dbname={connection(settings)}",
    )
    return Command(argv=argv, environment={"LC_ALL": "C"})


def connection(settings: Settings) -> str:
    """A libpq string; the primary's certificate must have the name that was asked for."""
    words: Mapping[str, str | int] = {
        "host": ",".join(settings.hosts),
        "port": DATABASE_PORT,
        "user": RECEIVER_ROLE,
        "application_name": settings.name,
        "target_session_attrs": "read-write",
        "sslmode": "verify-full",
        "sslrootcert": f"{IDENTITY}/ca.pem",
        "sslcert": f"{IDENTITY}/cert.pem",
        "sslkey": f"{IDENTITY}/key.pem",
        "connect_timeout": CONNECT_S,
        "tcp_user_timeout": SILENT_S * 1000,
        "keepalives_idle": SILENT_S,
        "keepalives_interval": 1,
        "keepalives_count": 3,
    }
    return " ".join(f"{name}={value}" for name, value in words.items())
