"""A primary whose Patroni is silent is killed, and nothing else is."""

from dataclasses import replace

import pytest

from standfast.daemons.guard import ANSWER_TIMEOUT_S, PACE_S
from standfast.mechanisms.database import dynamic
from standfast.mechanisms.database.fence import SILENCE_LIMIT_S, Seen, must_kill

SILENT = Seen(now=100.0, answered_at=94.9, is_primary=True, has_watchdog=False)


def test_a_primary_whose_patroni_is_silent_for_longer_than_the_limit_is_killed() -> None:
    assert must_kill(SILENT)


@pytest.mark.parametrize(
    "spared",
    [
        replace(SILENT, answered_at=95.0),
        replace(SILENT, is_primary=False),
        replace(SILENT, has_watchdog=True),
    ],
)
def test_nothing_else_is(spared: Seen) -> None:
    assert not must_kill(spared)


def test_the_old_primary_is_dead_before_its_lease_can_have_ended() -> None:
    """It renewed the lease in its last loop, at the earliest just before it fell silent; noticing
    takes the limit, a loop of the guard and the patience of one question."""
    noticed_s = dynamic.LOOP_WAIT_S + SILENCE_LIMIT_S + 2 * (PACE_S + ANSWER_TIMEOUT_S)
    assert noticed_s < dynamic.TTL_S


def test_a_patroni_that_only_waits_for_etcd_is_not_silent() -> None:
    assert SILENCE_LIMIT_S > dynamic.RETRY_TIMEOUT_S + dynamic.LOOP_WAIT_S
