"""From which copy a moment is brought back, and how much WAL is replayed on it. Pure.

The newest copy that ended before it, because that one has the least to replay. Which seconds there
are at all, `backup/window.py` says: PostgreSQL has to see a commit behind the moment, or refuses.
"""

from dataclasses import dataclass
from datetime import datetime

from standfast.core.units import stamp
from standfast.mechanisms.backup import wal
from standfast.mechanisms.backup.chain import Run
from standfast.mechanisms.backup.engine import Copy
from standfast.mechanisms.backup.shelf import Shelf
from standfast.mechanisms.backup.window import SECOND, reach, run_of
from standfast.mechanisms.recovery.point_in_time.orders import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """`segments`: of WAL that are kept from the copy's beginning on; no more can be replayed."""

    copy: Copy
    segments: int


def ordered(choice: Choice, folder: str, moment: datetime | None) -> Order:
    return Order(
        folder=folder,
        to=None if moment is None else stamp(moment),
        copy=choice.copy.name,
        copy_bytes=choice.copy.database_bytes,
        first_segment=choice.copy.first_segment,
        segments=choice.segments,
    )


def choose(shelf: Shelf, moment: datetime | None) -> Choice | None:
    """None where this repository cannot bring it back. Without a moment: all that is kept."""
    found = [
        (run, each)
        for each, run in whole(shelf)
        if moment is None or is_within(moment, each, shelf.commits[run])
    ]
    if not found:
        return None
    run, copy = max(found, key=lambda pair: (pair[0].last, pair[1].finished_at))
    return Choice(copy=copy, segments=run.last - wal.number(copy.first_segment) + 1)


def whole(shelf: Shelf) -> list[tuple[Copy, Run]]:
    """The copies that come back, each with the run of WAL that follows it."""
    names = reach(shelf.copies, shelf.legs, shelf.commits).whole
    pairs = (
        (each, run_of(each, shelf.legs, shelf.commits))
        for each in shelf.copies
        if each.name in names
    )
    return [(each, run) for each, run in pairs if run is not None]


def is_within(moment: datetime, copy: Copy, last_commit: datetime | None) -> bool:
    """Whether it is after the copy's end, which is known to the second, and before a commit."""
    if last_commit is None:
        return False
    return copy.finished_at.replace(microsecond=0) + SECOND <= moment < last_commit
