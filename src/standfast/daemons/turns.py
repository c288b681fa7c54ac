"""One turn after the other, for as long as a process lives: what fails is said, and tried again
after a while; what fails again and again ends the process, which systemd starts anew."""

from collections.abc import Callable
from typing import NoReturn

from standfast.core.clock import Clock

FAILURES_LIMIT = 20
BACK_OFF_S = 3.0


def take_turns(turn: Callable[[], float], clock: Clock, say: Callable[[str], None]) -> NoReturn:
    """`turn` returns how long to wait for the next one, in seconds."""
    failures = 0
    while True:
        try:
            pause = turn()
            failures = 0
        except Exception as error:
            failures += 1
            say(f"{type(error).__name__}: {error}")
            if failures > FAILURES_LIMIT:
                raise
            pause = BACK_OFF_S
        clock.sleep(pause)
