"""When a primary that answers, and cannot write, is given up. Pure.

A disk that is full or does not answer leaves PostgreSQL accepting connections and nothing else:
nobody who only knocks sees it. So a canary writes once a second, and its commit waits for this
machine alone (`synchronous_commit = local`): what the secondary does or does not do cannot stop
it, and so never moves the primary. What is given up is PostgreSQL, which is killed: Patroni hands
the lead over within a second of that, as after any crash, and no acknowledged write is lost.
"""

from dataclasses import dataclass

SICK_S = 5.0
"""Far longer than a commit takes with both cores of a small machine busy."""

LEAST_ROOM = 16 * 2**20
"""A segment of WAL: with less, the next one is what kills PostgreSQL, at a moment of its own."""

APART_S = 600.0
"""Where the secondary is sick in the same way, handing over to and fro would help nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`unwritten_s`: for how long a write has been under way or refused by the disk; 0 while it is
    not. `cramped_s`: for how long the disk has had no room. `secondaries` stream and are waited
    for. `since_s`: since this was done last."""

    is_primary: bool
    unwritten_s: float
    cramped_s: float
    secondaries: int
    is_paused: bool
    since_s: float


def why_give_up(seen: Seen) -> str:
    """Empty while it must not be."""
    if not seen.is_primary or not seen.secondaries or seen.is_paused or seen.since_s < APART_S:
        return ""
    if seen.unwritten_s >= SICK_S:
        return f"nothing could be written for {seen.unwritten_s:.0f} s"
    if seen.cramped_s >= SICK_S:
        return f"the disk has been full for {seen.cramped_s:.0f} s"
    return ""


def may_be_sick(unwritten_s: float, cramped_s: float) -> bool:
    """Whether anybody else need be asked."""
    return max(unwritten_s, cramped_s) >= SICK_S
