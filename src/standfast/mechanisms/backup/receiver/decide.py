"""What of the WAL that was received need no longer be kept here, and what is to be saved. Pure.

In memory there is room for little, and the repository is where WAL lies: the primary sends each
segment there once it is full. So a segment is held until the repository has it. One that it still
lacks after a while is one that nobody will send, because the primary died before it had: then this
machine puts it in itself. It is the same file, byte for byte.

*Invariant.* No whole segment is let go of before the repository has it, and the one that is being
received never, as long as the log of the primary goes on from it. Stopped after any step, the next
turn sees the same and does the rest.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from standfast.mechanisms.backup import wal
from standfast.mechanisms.backup.receiver import files

LATE_S = 120.0
"""A finished segment is sent by the primary within seconds, after a load within a minute or two."""

LEAST_SEGMENTS = 2
"""Whoever has room for fewer stops receiving: a segment takes its full size as it begins."""

ENOUGH_SEGMENTS = 6
"""Whoever has stopped waits for so many, and not for each one that goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`files`: name to the seconds since it was written to. `kept`: those of them that the
    repository has. `newest_kept` is the newest segment there."""

    files: Mapping[str, float]
    kept: frozenset[str]
    newest_kept: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Save:
    """Put it into the repository."""

    name: str


Step = Release | Save


def decide(seen: Seen) -> Iterator[Step]:
    current = files.newest(seen.files)
    for name in sorted(seen.files):
        if files.is_finished(name):
            if name in seen.kept:
                yield Release(name=name)
            elif seen.files[name] > LATE_S:
                yield Save(name=name)
        elif files.is_partial(name):
            segment = name.removesuffix(files.PARTIAL)
            if segment != current and is_passed(segment, seen.newest_kept):
                yield Release(name=name)


def is_passed(segment: str, newest_kept: str | None) -> bool:
    """Whether the log went on behind a segment that was left before its end, and the repository
    has what it went on with."""
    if newest_kept is None:
        return False
    return wal.number(newest_kept) >= wal.number(segment) and wal.timeline(
        newest_kept
    ) >= wal.timeline(segment)


def may_receive(free_bytes: int, *, receives: bool) -> bool:
    """`receives`: whether it does now."""
    wanted = LEAST_SEGMENTS if receives else ENOUGH_SEGMENTS
    return free_bytes >= wanted * wal.SEGMENT_BYTES
