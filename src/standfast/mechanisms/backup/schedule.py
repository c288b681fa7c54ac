"""When a backup machine takes its copies, and which kind. Pure.

Two that begin in the same minute collide, because the engine lets one at a time read a database:
machines take turns, each as far from the next as can be.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from standfast.mechanisms.backup.engine import Copy, Kind

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

FIRST_S = 1
FIRST_APART_S = 20
"""When the machine at a position takes its first copy after a start."""

AGAIN_S = 10
AGAIN_APART_S = 4
"""When it begins again what has failed."""


def calendar(position: int, of: int, *, every_min: int) -> str:
    """systemd.time(7). `position` of this machine among `of` backup machines, from 0."""
    return f"*:{position * every_min // of:02d}/{every_min}:00"


def due(copies: Iterable[Copy], now: datetime, *, day: str, at: str) -> Kind:
    """Full once a week, differential once a day, else incremental. A machine that was off at the
    moment takes that copy later."""
    kept = tuple(copies)
    began = {kind: [each.began_at for each in kept if each.kind is kind] for kind in Kind}
    week, today = last_moment(now, day=day, at=at), last_time(now, at=at)
    fulls, larger = began[Kind.FULL], began[Kind.FULL] + began[Kind.DIFFERENTIAL]
    if not fulls or max(fulls) < week:
        return Kind.FULL
    return Kind.DIFFERENTIAL if max(larger) < today else Kind.INCREMENTAL


def last_moment(now: datetime, *, day: str, at: str) -> datetime:
    time = last_time(now, at=at)
    return time - timedelta(days=(time.weekday() - DAYS.index(day)) % 7)


def last_time(now: datetime, *, at: str) -> datetime:
    """Of the day, in UTC."""
    hour, minute = map(int, at.split(":"))
    today = now.astimezone(UTC).replace(hour=hour, minute=minute, second=0, microsecond=0)
    return today if today <= now else today - timedelta(days=1)
