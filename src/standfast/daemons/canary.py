"""The canary of a database machine: gives up a primary that answers and cannot write.

Runs as `postgres`. One thread writes, once a second, and may wait for ever; the other looks at how
long that takes, decides (mechanisms/database/sick.py) and, where it must, kills PostgreSQL.
"""

import json
import os
import signal
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from threading import Lock, Thread
from typing import Any, Protocol

import psycopg

from standfast.core.clock import Clock, SystemClock
from standfast.daemons.at_socket import AtSocket
from standfast.mechanisms.database import own
from standfast.mechanisms.database.sick import LEAST_ROOM, Seen, may_be_sick, why_give_up
from standfast.mechanisms.hosts.names import IDENTITY
from standfast.mechanisms.hosts.tls import Identity, client_context

SETTINGS = Path("/etc/standfast/canary.json")
PACE_S = 1.0
ANSWER_TIMEOUT_S = 2.0
PROC = Path("/proc")

WRITE = "SELECT pg_logical_emit_message(true, 'standfast canary', '')"
"""A commit without a table: WAL that is flushed, and that no replay looks at."""

LOOK = (
    "SELECT NOT pg_is_in_recovery(), (SELECT count(*) FROM pg_stat_replication"
    " WHERE state = 'streaming' AND sync_state = 'sync')"
)
"""From shared memory: answered though the disk does nothing."""

DISK_ERRORS = frozenset({"53100", "58030"})
"""disk_full, io_error (PostgreSQL, appendix A)."""


class DiskError(Exception):
    """PostgreSQL says that its disk refused."""


class Database(Protocol):
    """`OSError` where it does not answer."""

    def write(self) -> None:
        """Return when the commit is on this machine's disk; `DiskError` when that refuses."""

    def look(self) -> tuple[bool, int]:
        """Whether it is primary, and how many secondaries its commits wait for."""


@dataclass(slots=True, kw_only=True)
class Written:
    """What the writing thread does, as the other one may see it at any moment."""

    clock: Clock
    _since: float | None = None
    _lock: Lock = field(default_factory=Lock)

    def began(self) -> None:
        with self._lock:
            if self._since is None:
                self._since = self.clock.monotonic()

    def ended(self) -> None:
        """Done, or nothing that the disk is to blame for."""
        with self._lock:
            self._since = None

    @property
    def unwritten_s(self) -> float:
        with self._lock:
            return 0.0 if self._since is None else self.clock.monotonic() - self._since


def write_once(database: Database, written: Written) -> None:
    """After a refusal of the disk the time goes on running; after any other error it does not."""
    try:
        is_primary, _ = database.look()
        if is_primary:
            written.began()
            database.write()
        written.ended()
    except DiskError:
        pass
    except OSError:
        written.ended()


@dataclass(slots=True, kw_only=True)
class Canary:
    """`database` is looked at through a connection of its own: the other one may be waiting."""

    clock: Clock
    data: Path
    address: str
    port: int
    tls: ssl.SSLContext
    database: Database
    written: Written
    room_at: float
    gave_up_at: float = float("-inf")

    def step(self) -> str:
        """Return why it gave the primary up; empty where it did not."""
        now = self.clock.monotonic()
        if room(self.data) >= LEAST_ROOM:
            self.room_at = now
        unwritten_s, cramped_s = self.written.unwritten_s, now - self.room_at
        if not may_be_sick(unwritten_s, cramped_s):
            return ""
        try:
            is_primary, secondaries = self.database.look()
        except OSError:
            return ""
        why = why_give_up(
            Seen(
                is_primary=is_primary,
                unwritten_s=unwritten_s,
                cramped_s=cramped_s,
                secondaries=secondaries,
                is_paused=self._is_paused(),
                since_s=now - self.gave_up_at,
            )
        )
        if why and kill_postmaster(self.data):
            self.gave_up_at = now
            return why
        return ""

    def _is_paused(self) -> bool:
        """A Patroni that does not answer counts as paused: it would not hand over either."""
        try:
            _, said = own.patroni(
                self.address,
                self.port,
                "GET",
                "/patroni",
                tls=self.tls,
                timeout_s=ANSWER_TIMEOUT_S,
            )
            return bool(json.loads(said).get("pause"))
        except (OSError, HTTPException, ValueError):
            return True


def room(data: Path) -> int:
    """Bytes that PostgreSQL could still write. What cannot be asked is not called full."""
    try:
        disk = os.statvfs(data)
    except OSError:
        return LEAST_ROOM
    return disk.f_bavail * disk.f_frsize


def kill_postmaster(data: Path) -> bool:
    """Return whether it was there. Its children end when they notice."""
    pid = own.postmaster(data, proc=PROC)
    if pid is None:
        return False
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        return False
    return True


@dataclass(slots=True, kw_only=True)
class PostgreSQL:
    """A failure ends the connection."""

    session: AtSocket

    def write(self) -> None:
        try:
            self.session.connected().execute(WRITE)
        except psycopg.Error as error:
            self.session.drop()
            if error.sqlstate in DISK_ERRORS:
                raise DiskError from error
            raise OSError(str(error)) from error

    def look(self) -> tuple[bool, int]:
        try:
            found = self.session.connected().execute(LOOK).fetchone()
        except psycopg.Error as error:
            self.session.drop()
            raise OSError(str(error)) from error
        assert found is not None
        return bool(found[0]), int(found[1])


def session(settings: Mapping[str, Any]) -> AtSocket:
    return AtSocket(
        socket=settings["socket"],
        database="postgres",
        name="standfast-canary",
        options="-c synchronous_commit=local",
    )


def keep_writing(database: Database, written: Written, clock: Clock) -> None:
    """Whatever else happens, the process ends with its writer and is started anew."""
    try:
        while True:
            write_once(database, written)
            clock.sleep(PACE_S)
    finally:
        os._exit(1)


def main() -> None:
    settings: Mapping[str, Any] = json.loads(SETTINGS.read_text())
    clock = SystemClock()
    identity = Identity.in_folder(Path(os.environ.get("CREDENTIALS_DIRECTORY", IDENTITY)))
    written = Written(clock=clock)
    writer = PostgreSQL(session=session(settings))
    Thread(target=keep_writing, args=(writer, written, clock), daemon=True).start()
    canary = Canary(
        clock=clock,
        data=Path(settings["data"]),
        address=settings["address"],
        port=settings["port"],
        tls=client_context(identity),
        database=PostgreSQL(session=session(settings)),
        written=written,
        room_at=clock.monotonic(),
    )
    while True:
        if why := canary.step():
            print(f"gave this primary up: {why}", file=sys.stderr, flush=True)
        clock.sleep(PACE_S)


if __name__ == "__main__":
    main()
