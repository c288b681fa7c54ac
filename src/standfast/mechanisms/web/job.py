"""Run a job of the service if it is due and nobody else does. Standard library only.

python3 -m standfast.mechanisms.web.job NAME SCHEDULE -- COMMAND…

Every web machine starts this when the job is due, and so a dead one is not missed. In the service's
database a run is a row, and its key is the job and the time for which it was due: the machine that
writes the row runs the job, once. While it runs, the session holds a lock, so a run that takes
longer than the pause between two is not joined by the next. A run that was cut off is not begun
again; the next is begun when it is due.
"""

import os
import socket
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from standfast.core.clock import SystemClock
from standfast.core.command import Command, Runner, SystemRunner, call
from standfast.core.errors import StandfastError, Unreachable
from standfast.mechanisms.web.due import due
from standfast.mechanisms.web.session import Session, lock_taken, of_this_service

KEPT_DAYS = 35
"""How long the rows of runs stay: a month's, and some days to look at them."""

PREPARE = f"""
CREATE SCHEMA IF NOT EXISTS standfast_jobs;
CREATE TABLE IF NOT EXISTS standfast_jobs.run (
    job text, due timestamptz, machine text NOT NULL, began timestamptz NOT NULL DEFAULT now(),
    ended timestamptz, status integer, PRIMARY KEY (job, due));
DELETE FROM standfast_jobs.run WHERE began < now() - interval '{KEPT_DAYS} days';
"""


def claim(session: Session, name: str, schedule: str, now: datetime) -> datetime | None:
    """Write the row of the run that is due; None if there is none, or it is somebody else's."""
    if not lock_taken(session, "job", name):
        print(f"{name}: another machine runs it, or a run of it goes on; nothing is begun here")
        return None
    session.ask(
        "SET client_min_messages = warning; SELECT pg_advisory_lock(hashtext('standfast'));"
    )
    session.ask(PREPARE)
    newest = session.ask(
        f"SELECT extract(epoch FROM max(due)) FROM standfast_jobs.run WHERE job = '{name}';"
    )
    last = datetime.fromtimestamp(float(newest[0]), UTC) if newest and newest[0] else None
    runner = SystemRunner()
    found = due(now, last, lambda moment: next_time(schedule, moment, runner))
    if found is not None:
        session.ask(
            "INSERT INTO standfast_jobs.run (job, due, machine) VALUES "
            f"('{name}', to_timestamp({found.timestamp()}), '{socket.gethostname()}');"
        )
    session.ask("SELECT pg_advisory_unlock(hashtext('standfast'));")
    return found


def next_time(schedule: str, after: datetime, runner: Runner) -> datetime | None:
    """As systemd reckons, which also started us."""
    base = f"--base-time=@{after.timestamp():.6f}"
    argv = ("systemd-analyze", "calendar", "--iterations=1", base, schedule)
    asked = runner.run(Command(argv=argv, environment={"LC_ALL": "C", "TZ": "UTC"}))
    return parse_next(asked.text)


def parse_next(printed: str) -> datetime | None:
    """`    Next elapse: Wed 2026-11-25 03:20:00 UTC`; `never` where there is none."""
    for line in printed.splitlines():
        key, _, value = line.strip().partition(": ")
        if key == "Next elapse" and value.strip() != "never":
            words = value.split()
            return datetime.fromisoformat(f"{words[1]}T{words[2]}+00:00")
    return None


def note_end(session: Session, name: str, found: datetime, status: int) -> None:
    """By another session if the first one is over: the database may have moved meanwhile."""
    ended = (
        f"UPDATE standfast_jobs.run SET ended = now(), status = {status} "
        f"WHERE job = '{name}' AND due = to_timestamp({found.timestamp()});"
    )
    try:
        session.ask(ended)
    except Unreachable:
        of_this_service().ask(ended)


def run(name: str, schedule: str, argv: Sequence[str]) -> int:
    session = of_this_service()
    found = claim(session, name, schedule, SystemClock().now())
    if found is None:
        return 0
    print(f"{name} of {found.isoformat()}", flush=True)
    status = call(Command(argv=tuple(argv)))
    note_end(session, name, found, status)
    return status


def main() -> int:
    name, schedule, _, *argv = sys.argv[1:]
    try:
        return run(name, schedule, argv)
    except StandfastError as error:
        print(error.words, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main())
