"""The guard of a database machine: kills a primary whose Patroni is silent (database/fence.py), and
has a secondary copied anew that can follow no more (database/astray.py).

Standard library only, as root, and without a connection to PostgreSQL: what it must notice is that
nothing answers. One loop a second: observe, decide, apply.
"""

import json
import os
import ssl
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from standfast.core.clock import Clock, SystemClock
from standfast.core.command import Command, Runner, SystemRunner
from standfast.core.errors import StandfastError
from standfast.mechanisms.database import astray, own
from standfast.mechanisms.database.fence import Seen, must_kill
from standfast.mechanisms.hosts.names import IDENTITY
from standfast.mechanisms.hosts.tls import Identity, client_context

SETTINGS = Path("/etc/standfast/guard.json")
PACE_S = 1.0
ANSWER_TIMEOUT_S = 2.0
"""Twice as long as a Patroni on a busy machine was seen to take."""

WATCHDOG = Path("/dev/watchdog")
PROC = Path("/proc")
GROUPS = Path("/sys/fs/cgroup")


@dataclass(slots=True, kw_only=True)
class Guard:
    """`group` is the control group of Patroni's unit, which holds PostgreSQL too. `received_at`:
    when a process was last there that receives WAL, or none had to be."""

    clock: Clock
    address: str
    port: int
    data: Path
    group: Path
    tls: ssl.SSLContext
    runner: Runner
    answered_at: float
    received_at: float = 0.0
    copied_at: float = 0.0

    def look_after_the_copy(self) -> bool:
        """Return whether it had to be made anew."""
        now, primary = self.clock.monotonic(), is_primary(self.data)
        if primary or receives(self.group):
            self.received_at = now
        if now - self.received_at < astray.ALONE_S:
            return False
        self.received_at = now  # the next look into the log is as far away
        seen = astray.Seen(
            now=self.clock.now().timestamp(),
            is_primary=primary,
            told_at=self._told(),
            copied_at=self.copied_at,
        )
        if not astray.must_copy_anew(seen):
            return False
        self.copied_at = seen.now
        return self._copied_anew()

    def _told(self) -> tuple[float, ...]:
        try:
            printed = self.runner.run(Command(argv=astray.log_of_it()), check=False).text
        except StandfastError:
            return ()
        return tuple(astray.moments(printed))

    def _copied_anew(self) -> bool:
        """Patroni refuses where there is no primary to copy from, or where this is it."""
        return self._asked("POST", "/reinitialize", {"force": True})

    def step(self) -> bool:
        """Return whether it had to kill."""
        if self._answers():
            self.answered_at = self.clock.monotonic()
        seen = Seen(
            now=self.clock.monotonic(),
            answered_at=self.answered_at,
            is_primary=is_primary(self.data),
            has_watchdog=WATCHDOG.exists(),
        )
        if not must_kill(seen):
            return False
        kill(self.group)
        self.answered_at = self.clock.monotonic()
        return True

    def _answers(self) -> bool:
        """Whether Patroni says that its loop runs (its REST API, `GET /liveness`)."""
        return self._asked("GET", "/liveness")

    def _asked(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> bool:
        try:
            status, _ = own.patroni(
                self.address,
                self.port,
                method,
                path,
                tls=self.tls,
                timeout_s=ANSWER_TIMEOUT_S,
                body=body,
            )
        except (OSError, HTTPException):
            return False
        return status == 200


def is_primary(data: Path) -> bool:
    """Whether a PostgreSQL runs on these data that takes writes: no file says that it follows
    another."""
    runs = own.postmaster(data, proc=PROC) is not None
    return runs and not any((data / f"{name}.signal").exists() for name in ("standby", "recovery"))


def receives(group: Path) -> bool:
    """Whether a process of that control group receives WAL: PostgreSQL names it so."""
    try:
        processes = (group / "cgroup.procs").read_text().split()
    except OSError:
        return False
    for process in processes:
        with suppress(OSError):
            if b"walreceiver" in (PROC / process / "cmdline").read_bytes():
                return True
    return False


def kill(group: Path) -> None:
    """SIGKILL to everything in the group at once (cgroups(7)). It may have ended meanwhile."""
    with suppress(FileNotFoundError):
        (group / "cgroup.kill").write_text("1")


def main() -> None:
    settings: Mapping[str, Any] = json.loads(SETTINGS.read_text())
    clock = SystemClock()
    identity = Identity.in_folder(Path(os.environ.get("CREDENTIALS_DIRECTORY", IDENTITY)))
    guard = Guard(
        clock=clock,
        address=settings["address"],
        port=settings["port"],
        data=Path(settings["data"]),
        group=GROUPS / settings["group"],
        tls=client_context(identity),
        runner=SystemRunner(),
        answered_at=clock.monotonic(),
        received_at=clock.monotonic(),
    )
    while True:
        if guard.step():
            print("killed a primary whose Patroni was silent", file=sys.stderr, flush=True)
        if guard.look_after_the_copy():
            print("copying anew: the primary has deleted what this copy needs", file=sys.stderr)
        clock.sleep(PACE_S)


if __name__ == "__main__":
    main()
