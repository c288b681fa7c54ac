"""The process behind `guard.py`: wait for the drill to end, then restore unless told otherwise.

`python3 -m standfast.proofs.drills.sentinel NOTE LIMIT_S COMMAND…`; stdin is the pipe. It imports
next to nothing, because it must be there before the fault is.
"""

import os
import select
import sys
from pathlib import Path

from standfast.core.clock import Clock, SystemClock
from standfast.core.command import Command, Runner, SystemRunner
from standfast.core.errors import StandfastError

STAND_DOWN = b"restored"
"""All or nothing: a drill that dies while it says so has not said it."""

TRIES = 5
PAUSE_S = 1.0
"""The restoring command may meet a computer that is still busy with the end of the drill."""

TIMEOUT_S = 300.0
"""For machines that start, and databases that are put back and find out who leads."""


def main() -> int:
    note, limit_s, *restore = sys.argv[1:]
    clock = SystemClock()
    if said(0, float(limit_s), clock) == STAND_DOWN:
        return 0
    command = Command(argv=tuple(restore), timeout_s=TIMEOUT_S)
    if not restored(command, SystemRunner(), clock):
        return 1
    if note:
        Path(note).unlink(missing_ok=True)
    return 0


def said(handle: int, limit_s: float, clock: Clock) -> bytes:
    """Everything the drill says until its end of the pipe is closed or the time is up."""
    words, end = b"", clock.monotonic() + limit_s
    while select.select([handle], [], [], max(0.0, end - clock.monotonic()))[0]:
        part = os.read(handle, len(STAND_DOWN))
        if not part:
            break
        words += part
    return words


def restored(command: Command, runner: Runner, clock: Clock) -> bool:
    for attempt in range(TRIES):
        if attempt:
            clock.sleep(PAUSE_S)
        try:
            if runner.run(command, check=False).status == 0:
                return True
        except StandfastError:
            continue
    return False


if __name__ == "__main__":
    sys.exit(main())
