"""To which second a database can be brought back from one repository. Pure.

A copy is whole once all WAL from its beginning to its end is there; from its end on any later
moment is reached as long as WAL goes on without a gap. The moment must lie before the last commit
that is kept: PostgreSQL stops at the first commit behind it, and refuses a moment that it never
sees passed ("recovery ended before configured recovery target was reached").
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from standfast.mechanisms.backup import wal
from standfast.mechanisms.backup.chain import Leg, Run, is_on_the_way
from standfast.mechanisms.backup.engine import Copy

SECOND = timedelta(seconds=1)
"""A copy's end is known to the second, and lies within it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Every whole second from `since` to `until`, both of them too."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """`windows`: oldest first, without a common second. `whole`: names of the copies that come
    back; the others lack WAL, or a copy that they need."""

    windows: tuple[Window, ...]
    whole: frozenset[str]

    @property
    def gaps(self) -> tuple[tuple[datetime, datetime], ...]:
        """The last second before each, and the first one after it."""
        return tuple((before.until, after.since) for before, after in pairwise(self.windows))


def reach(
    copies: Iterable[Copy], legs: tuple[Leg, ...], commits: Mapping[Run, datetime | None]
) -> Reach:
    """`commits`: of each run of WAL the time of its last commit; None where none was found."""
    known = {each.name: each for each in copies}
    whole = {
        name: run
        for name, each in known.items()
        if (run := run_of(each, legs, commits)) and all(need in known for need in each.needs)
    }
    windows = (
        window([known[name] for name, its in whole.items() if its == run], last)
        for run, last in commits.items()
    )
    found = sorted((each for each in windows if each is not None), key=lambda each: each.since)
    return Reach(windows=tuple(found), whole=frozenset(whole))


def run_of(copy: Copy, legs: tuple[Leg, ...], runs: Iterable[Run]) -> Run | None:
    """The run of WAL that makes it whole."""
    ends = (copy.first_segment, copy.last_segment)
    if not all(is_on_the_way(each, legs) for each in ends):
        return None
    first, last = map(wal.number, ends)
    return next((run for run in runs if run.first <= first and last <= run.last), None)


def window(copies: list[Copy], last_commit: datetime | None) -> Window | None:
    """By the first of them that ended. None while nothing was committed since."""
    if not copies or last_commit is None:
        return None
    since = min(each.finished_at for each in copies).replace(microsecond=0) + SECOND
    until = last_commit.replace(microsecond=0)
    return Window(since=since, until=until) if since <= until else None
