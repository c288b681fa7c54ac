"""Names of the files that pg_receivewal(1) writes. Pure.

`000000010000000000000005` is a whole segment, `000000010000000000000006.partial` the one that is
being received (padded with zeros to its full size from the beginning), `00000002.history` says how
a timeline began.
"""

from collections.abc import Iterable

from standfast.mechanisms.backup import wal

PARTIAL = ".partial"
HISTORY = ".history"


def is_partial(name: str) -> bool:
    return name.endswith(PARTIAL) and wal.is_segment(name.removesuffix(PARTIAL))


def is_history(name: str) -> bool:
    return name.endswith(HISTORY) and len(name) == 8 + len(HISTORY)


def is_finished(name: str) -> bool:
    """Whether it is never written to again."""
    return wal.is_segment(name) or is_history(name)


def segment(name: str) -> str | None:
    """Which one a file holds, whole or in part."""
    return name.removesuffix(PARTIAL) if wal.is_segment(name) or is_partial(name) else None


def place(segment: str) -> tuple[int, int]:
    """By which the program itself finds where to go on: by the place in the log first, by the
    timeline second (its source, FindStreamingStart)."""
    return wal.number(segment), wal.timeline(segment)


def newest(names: Iterable[str]) -> str | None:
    """The segment that is furthest in the log."""
    found = (each for name in names if (each := segment(name)) is not None)
    return max(found, key=place, default=None)
