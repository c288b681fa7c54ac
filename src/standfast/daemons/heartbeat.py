"""A row a second from the primary: the newest one in a copy says how old the copy's data is.

Runs on every database machine as `postgres`, and writes on the one that is primary. An hour of rows
is kept. A second thread does the machine's part when somebody looks at both copies (`copied.py`).
"""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg

from standfast.core.clock import Clock, SystemClock
from standfast.daemons import copied
from standfast.daemons.at_socket import AtSocket
from standfast.mechanisms.hosts.names import HEARTBEAT_SOCKET

SETTINGS = Path("/etc/standfast/heartbeat.json")
PACE_S = 1.0

KEPT = "1 hour"
"""3,600 rows of some 40 bytes: nothing beside a service's data, and more than any promise asks."""

TRIM_EVERY = 60
"""Beats between two trims."""

BEAT = "INSERT INTO standfast.heartbeat (machine) VALUES (%s)"
TRIM = f"DELETE FROM standfast.heartbeat WHERE at < clock_timestamp() - interval '{KEPT}'"


@dataclass(slots=True, kw_only=True)
class Heart:
    session: AtSocket
    machine: str
    beats: int = 0

    def beat(self) -> None:
        """Write a row if this machine is primary. A failure ends the connection, not the beat."""
        try:
            connection = self.session.connected()
            found = connection.execute("SELECT pg_is_in_recovery()").fetchone()
            if found == (False,):
                connection.execute(BEAT, (self.machine,))
                self.beats += 1
                if self.beats % TRIM_EVERY == 1:
                    connection.execute(TRIM)
        except psycopg.Error:
            self.session.drop()
            raise


def run(heart: Heart, clock: Clock) -> None:
    """What is wrong is said once, until it is something else."""
    said = ""
    while True:
        begun = clock.monotonic()
        try:
            heart.beat()
            said = ""
        except psycopg.Error as error:
            words = str(error).partition("\n")[0]
            if words != said:
                print(f"no beat: {words}", file=sys.stderr, flush=True)
            said = words
        clock.sleep(max(0.0, PACE_S - (clock.monotonic() - begun)))


def answer(copy: copied.Copy) -> None:
    """Without it nobody knows whether there are two copies: start anew."""
    try:
        copied.serve(copied.listening(Path(HEARTBEAT_SOCKET)), copy)
    finally:
        os._exit(1)


def main() -> None:
    settings: Mapping[str, Any] = json.loads(SETTINGS.read_text())
    clock = SystemClock()

    def session(name: str) -> AtSocket:
        return AtSocket(socket=settings["socket"], database=settings["database"], name=name)

    copy = copied.Copy(session=session("standfast-copy"), clock=clock)
    Thread(target=answer, args=(copy,), daemon=True).start()
    run(Heart(session=session("standfast-heartbeat"), machine=settings["machine"]), clock)


if __name__ == "__main__":
    main()
