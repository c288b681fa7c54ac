"""When a copy that can follow no more is made anew. Pure, and standard library only.

A secondary that was away may need a piece of WAL that the primary has deleted since. It asks every
five seconds for ever, and the primary says each time that it is gone: this copy will never catch
up, and while it is there the site has one copy alone. Nothing else is reason enough: a secondary
that merely receives nothing may be cut off, and its copy is the only one beside the primary's.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

UNIT = "standfast-patroni.service"
SAID = "could not receive data .* requested WAL segment .* has already been removed"
"""What PostgreSQL logs on the secondary; on the primary the first part is missing."""

ALONE_S = 15.0
"""Receives nothing for so long before anybody looks into its log."""

TIMES = 3
WITHIN_S = 60.0
FRESH_S = 10.0
"""It asks every five seconds (wal_retrieve_retry_interval)."""

APART_S = 600.0
"""Copying takes long where there is much, and says nothing of the kind meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`told_at`: when PostgreSQL here was told that its next piece is gone; `copied_at`: when this
    was last done about it. Seconds since 1970, as `now`."""

    now: float
    is_primary: bool
    told_at: Sequence[float]
    copied_at: float


def must_copy_anew(seen: Seen) -> bool:
    recent = [at for at in seen.told_at if 0 <= seen.now - at <= WITHIN_S]
    return (
        not seen.is_primary
        and len(recent) >= TIMES
        and seen.now - max(recent) <= FRESH_S
        and seen.now - seen.copied_at >= APART_S
    )


def log_of_it() -> tuple[str, ...]:
    """The words that ask the journal of this machine."""
    return (
        *("journalctl", "--quiet", f"--unit={UNIT}", f"--since=-{WITHIN_S:.0f}s"),
        *(f"--grep={SAID}", "--output=json", "--output-fields=PRIORITY"),
    )


def moments(printed: str) -> Iterator[float]:
    """Lines of `journalctl --output=json`: microseconds since 1970."""
    for line in printed.splitlines():
        yield int(json.loads(line)["__REALTIME_TIMESTAMP"]) / 1e6
