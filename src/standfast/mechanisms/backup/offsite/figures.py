"""Figures of a proof of `offsite-snapshot`, from what was seen of the store. Pure.

A snapshot's time is the word of whoever took it: one of the future counts for nothing, and a
snapshot is no newer than the data that is in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from standfast.mechanisms.backup.offsite.keeping import CLOCKS_APART
from standfast.mechanisms.backup.offsite.location import Stands
from standfast.mechanisms.backup.offsite.snapshots import Snapshot

LOOK_BACK = timedelta(days=7)
"""For gaps: retention keeps every day for longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`snapshots` are the whole ones. `opens_without_key`: another key was tried, and opened it."""

    snapshots: Sequence[Snapshot]
    opens_without_key: bool
    stands: Stands


def figures(seen: Seen, now: datetime) -> dict[str, float]:
    """Each is an upper limit's: `snapshot_age_s` (left out where there is none, and then
    `missing_snapshots` is 1), `longest_gap_s` of the last days, `readable_without_key` and
    `same_place`, 0 or 1."""
    times = sorted(
        min(each.taken_at, each.source.data_at)
        for each in seen.snapshots
        if each.source is not None and each.taken_at <= now + CLOCKS_APART
    )
    return {
        "missing_snapshots": 0 if times else 1,
        "readable_without_key": int(seen.opens_without_key),
        "same_place": int(not seen.stands.elsewhere),
        **({"snapshot_age_s": seconds(now - times[-1])} if times else {}),
        **gaps(times, now),
    }


def gaps(times: Sequence[datetime], now: datetime) -> dict[str, float]:
    """Between one and the next, with the last before the days that count."""
    lately = [(one, two) for one, two in pairwise(times) if two > now - LOOK_BACK]
    return {"longest_gap_s": seconds(max(two - one for one, two in lately))} if lately else {}


def seconds(span: timedelta) -> float:
    return round(max(0.0, span.total_seconds()), 1)
