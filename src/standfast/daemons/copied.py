"""A machine's part in a look at both copies, as the heartbeat does it for the machine's agent.

An observer draws a canary and asks every database machine at once (`hosts/agent/canary.py`). The
primary writes it, and says for whom its commits wait; a secondary says whether it has come, and
whether it receives. Each looks at its own PostgreSQL alone, and asks it first what it is: on a
server that is no primary any more nothing is written.
"""

import json
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any
from uuid import UUID

import psycopg

from standfast.core.clock import Clock
from standfast.daemons.at_socket import AtSocket

PATIENCE_S = 1.0
"""For the acknowledgement of a commit, and for a canary to come. What is promised is a second."""

POLL_S = 0.01
"""How exactly an arrival is dated; it comes within milliseconds, so few looks are needed."""

REQUEST_TIMEOUT_S = 1.0
REQUEST_LIMIT = 64
WAITING_LIMIT = 4
"""Askers that have given up leave their questions here; nobody answers more of them."""

IS_SECONDARY = "SELECT pg_is_in_recovery()"
WRITE = (
    "INSERT INTO standfast.canary (run) VALUES (%s)"
    " ON CONFLICT (one) DO UPDATE SET run = excluded.run"
)
LEVEL = "SHOW synchronous_commit"
SENDERS = "SELECT application_name, state, coalesce(sync_state, '') FROM pg_stat_replication"
HAS_COME = "SELECT EXISTS (SELECT FROM standfast.canary WHERE run = %s)"
RECEIVES = "SELECT EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming')"


@dataclass(slots=True, kw_only=True)
class Copy:
    """One of the copies. `session` is not the heartbeat's own: that one may be waiting."""

    session: AtSocket
    clock: Clock

    def part(self, run: UUID) -> Mapping[str, Any]:
        try:
            if self._fetched(IS_SECONDARY) == (True,):
                return self._awaited(run)
            return self._written(run)
        except psycopg.Error:
            self.session.drop()
            raise

    def _written(self, run: UUID) -> Mapping[str, Any]:
        """A commit that nobody acknowledges is given up, so that none piles up: it stands on this
        machine alone then, as PostgreSQL warns, and is not called acknowledged."""
        connection = self.session.connected()
        giving_up = Timer(PATIENCE_S, connection.cancel)
        began = self.clock.monotonic()
        giving_up.start()
        try:
            connection.execute(WRITE, (run,))
        finally:
            giving_up.cancel()
        took_s = self.clock.monotonic() - began
        return {
            "is_primary": True,
            "acknowledged": took_s < PATIENCE_S,
            "level": self._fetched(LEVEL)[0],
            "senders": connection.execute(SENDERS).fetchall(),
        }

    def _awaited(self, run: UUID) -> Mapping[str, Any]:
        end = self.clock.monotonic() + PATIENCE_S
        while not (has_come := self._fetched(HAS_COME, run)[0]) and self.clock.monotonic() < end:
            self.clock.sleep(POLL_S)
        return {
            "is_primary": False,
            "has_come": has_come,
            "receives": self._fetched(RECEIVES)[0],
        }

    def _fetched(self, statement: str, *values: UUID) -> tuple[Any, ...]:
        row = self.session.connected().execute(statement, values).fetchone()
        assert row is not None
        return row


def listening(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(WAITING_LIMIT)
    return listener


def serve(listener: socket.socket, copy: Copy) -> None:
    """One after the other: there is one observer."""
    while True:
        asked, _ = listener.accept()
        with asked, suppress(OSError):  # whoever asked is gone
            asked.settimeout(REQUEST_TIMEOUT_S)
            asked.sendall(json.dumps(answer(asked.recv(REQUEST_LIMIT), copy)).encode() + b"\n")


def answer(line: bytes, copy: Copy) -> Mapping[str, Any]:
    try:
        return copy.part(UUID(line.decode().strip()))
    except psycopg.Error as error:
        return {"problem": f"PostgreSQL does not answer: {str(error).partition(chr(10))[0]}"}
    except ValueError:
        return {"problem": "a canary is a UUID"}
