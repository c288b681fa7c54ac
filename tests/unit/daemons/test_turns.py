"""What fails is said once, tried again, and ends the process if it lasts."""

import errno

import pytest
from tests.unit.clocks import HandClock

from standfast.daemons.turns import BACK_OFF_S, FAILURES_LIMIT, take_turns

FULL = OSError(errno.ENOSPC, "No space left on device")


def test_the_same_failure_is_said_once_until_a_turn_succeeds() -> None:
    said: list[str] = []
    came = iter((FULL, FULL, ValueError("bent"), FULL, None, FULL, KeyboardInterrupt()))

    def turn() -> float:
        failure = next(came)
        if failure is not None:
            raise failure
        return 0.1

    clock = HandClock()
    with pytest.raises(KeyboardInterrupt):
        take_turns(turn, clock, said.append)
    full = "the disk is full: nothing can be kept here until there is room again"
    assert said == [full, "ValueError: bent", full, full]
    assert clock.monotonic() == pytest.approx(5 * BACK_OFF_S + 0.1)


def test_what_lasts_ends_the_process_with_the_failure() -> None:
    said: list[str] = []
    clock = HandClock()

    def turn() -> float:
        raise FULL

    with pytest.raises(OSError, match="No space"):
        take_turns(turn, clock, said.append)
    assert len(said) == 1
    assert clock.monotonic() == FAILURES_LIMIT * BACK_OFF_S, "that often it is tried again"
