"""One turn after the other, for as long as a process lives: what fails is said once, and tried
again after a while; what fails again and again ends the process, which systemd starts anew."""

import errno
import os
from collections.abc import Callable
from typing import NoReturn

from standfast.core.clock import Clock

FAILURES_LIMIT = 20
BACK_OFF_S = 3.0


def take_turns(turn: Callable[[], float], clock: Clock, say: Callable[[str], None]) -> NoReturn:
    """`turn` returns how long to wait for the next one, in seconds."""
    failures, last = 0, ""
    while True:
        try:
            pause = turn()
            failures, last = 0, ""
        except Exception as error:
            failures += 1
            said, last = last, trouble(error)
            if last != said:
                say(last)
            if failures > FAILURES_LIMIT:
                raise
            pause = BACK_OFF_S
        clock.sleep(pause)


def trouble(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "the disk is full: nothing can be kept here until there is room again"
    return f"{type(error).__name__}: {error}"


def take_turns_in_a_thread(
    turn: Callable[[], float], clock: Clock, say: Callable[[str], None]
) -> NoReturn:
    """The same beside the main thread: the process ends with it, too, else nobody would do this
    any more, and nobody would know."""
    try:
        take_turns(turn, clock, say)
    finally:
        os._exit(1)
