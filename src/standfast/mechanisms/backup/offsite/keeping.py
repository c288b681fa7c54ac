"""Which snapshots stay off site. Pure; carried out with the second key, elsewhere.

The newest of each of so many days, weeks and months stays, and the newest of all. Whoever holds the
first key can add snapshots under any time, to make good ones look superfluous. So one of the future
counts for nothing, all of the last days stay whatever else there is, and no run lets more go than
time has made superfluous since the last: more is somebody's doing, and a person looks first.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from standfast.core.errors import Refused
from standfast.mechanisms.backup.offsite.snapshots import Snapshot

ALL_OF = timedelta(days=3)
"""Long enough for a person to hear of it and look, over a weekend."""

PARTS_FOR = timedelta(days=2)
"""A part serves an upload that goes on; by then it is done or begun anew."""

CLOCKS_APART = timedelta(minutes=5)

MOST_AT_ONCE = 14
"""Whole ones: two machines' for a week, should retention have been away so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    days: int
    weeks: int
    months: int


def day(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d")


def week(moment: datetime) -> str:
    return moment.strftime("%G-%V")


def month(moment: datetime) -> str:
    return moment.strftime("%Y-%m")


def kept(snapshots: Iterable[Snapshot], keep: Keep, now: datetime) -> tuple[Snapshot, ...]:
    """Of whole ones, oldest first."""
    ordered = sorted((each for each in snapshots if not each.is_part), key=taken_at)
    past = [each for each in ordered if each.taken_at <= now + CLOCKS_APART]
    chosen = {
        *(each.id for each in ordered if each.taken_at > now - ALL_OF),
        *(each.id for each in past[-1:]),
        *newest_of_each(past, day, keep.days),
        *newest_of_each(past, week, keep.weeks),
        *newest_of_each(past, month, keep.months),
    }
    return tuple(each for each in ordered if each.id in chosen)


def newest_of_each(
    ordered: Iterable[Snapshot], span: Callable[[datetime], str], count: int
) -> set[str]:
    newest = {span(each.taken_at): each.id for each in ordered}
    return set(list(newest.values())[-count:]) if count else set()


def going(snapshots: Iterable[Snapshot], keep: Keep, now: datetime) -> tuple[Snapshot, ...]:
    """Oldest first. Raises `Refused` for more than time can have made superfluous."""
    found = tuple(snapshots)
    stay = {each.id for each in kept(found, keep, now)}
    whole = [each for each in found if not each.is_part and each.id not in stay]
    if len(whole) > MOST_AT_ONCE:
        raise Refused(
            f"retention would take {len(whole)} snapshots at once, and {MOST_AT_ONCE} are the most "
            "that a week makes superfluous",
            remedy="Did somebody add snapshots, or has nobody run retention for long? Look at "
            "`standfast backup offsite list`, then forget them by restic with the second key.",
        )
    parts = [each for each in found if each.is_part and each.taken_at < now - PARTS_FOR]
    return tuple(sorted([*whole, *parts], key=taken_at))


def taken_at(snapshot: Snapshot) -> datetime:
    return snapshot.taken_at
