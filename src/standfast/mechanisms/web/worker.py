"""Run a worker of the service on as many web machines as it shall have. Standard library only.

python3 -m standfast.mechanisms.web.worker NAME COPIES -- COMMAND…

Every web machine starts this. Each copy is a lock in the service's database: who has one runs the
command, the others wait for one that becomes free, as it does when a machine dies. When the session
is over, so is the lock, and the command is ended before another machine's may begin to overlap it
for long.
"""

import signal
import sys
from collections.abc import Sequence

from standfast.core.clock import Clock, SystemClock
from standfast.core.command import Command, start
from standfast.core.errors import StandfastError, Unreachable
from standfast.mechanisms.web.session import Session, lock_taken, of_this_service

WAIT_S = 2.0
LOOK_S = 1.0
SESSION_OVER = 75
"""sysexits(3), EX_TEMPFAIL: systemd starts us anew."""


def wait_for_copy(session: Session, name: str, copies: int, clock: Clock) -> int:
    """Which copy this machine may run, from 1."""
    print(f"{name}: waiting until a copy of it is free", flush=True)
    while True:
        for copy in range(1, copies + 1):
            if lock_taken(session, "worker", f"{name} {copy}"):
                return copy
        clock.sleep(WAIT_S)


def watch(session: Session, argv: Sequence[str], clock: Clock) -> int:
    """Until the command ends, or the session does, or systemd stops us, which is no failure."""
    running = start(Command(argv=tuple(argv)), stdin=None, stdout=None, stderr=None)
    stopped: list[int] = []

    def stop(number: int, _: object) -> None:
        stopped.append(number)
        running.terminate()

    signal.signal(signal.SIGTERM, stop)
    while running.poll() is None:
        try:
            session.ask("SELECT 1;")
        except Unreachable:
            if not stopped:
                print("the lock is lost with the session: ending the command", flush=True)
                stop(SESSION_OVER, None)
            running.wait()
        else:
            clock.sleep(LOOK_S)
    return 0 if signal.SIGTERM in stopped else (stopped or [running.returncode])[0]


def main() -> int:
    name, copies, _, *argv = sys.argv[1:]
    clock = SystemClock()
    try:
        session = of_this_service()
        copy = wait_for_copy(session, name, int(copies), clock)
        print(f"{name}: running copy {copy} of {copies}", flush=True)
        return watch(session, argv, clock)
    except StandfastError as error:
        print(error.words, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
