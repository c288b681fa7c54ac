"""When Patroni and PostgreSQL are killed together: a primary whose Patroni is silent.

A Patroni that is frozen cannot give up a lead that has run out, and its PostgreSQL would go on
taking writes beside the next primary. A kernel watchdog resets such a machine. Where there is
none, the guard asks Patroni every second whether its loop runs, and kills both when it has had
no answer for longer than the limit.

Pure, and standard library only: the guard runs with the distribution's own Python.
"""

from dataclasses import dataclass

SILENCE_LIMIT_S = 5.0
"""Longer than Patroni waits for etcd in one loop (`retry_timeout`, 3 s) and much shorter than its
lease (20 s), so that the old primary is dead before another one can be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`answered_at` is when Patroni said last that its loop runs, on the clock of `now`, both in
    seconds; `is_primary` is whether a PostgreSQL runs here that is no secondary."""

    now: float
    answered_at: float
    is_primary: bool
    has_watchdog: bool


def must_kill(seen: Seen) -> bool:
    silent_s = seen.now - seen.answered_at
    return seen.is_primary and not seen.has_watchdog and silent_s > SILENCE_LIMIT_S
