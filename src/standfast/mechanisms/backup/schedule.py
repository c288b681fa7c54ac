"""When a backup machine takes its copies, and which kind. Pure.

Two that begin in the same minute collide, because the engine lets one at a time read a database:
machines take turns, each as far from the next as can be.
"""

from datetime import UTC, datetime, timedelta

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


def is_full_due(newest_full: datetime | None, now: datetime, *, day: str, at: str) -> bool:
    """Whether the weekly moment has passed since the newest full copy began; a machine that was
    off at that moment takes it later."""
    return newest_full is None or newest_full < last_moment(now, day=day, at=at)


def last_moment(now: datetime, *, day: str, at: str) -> datetime:
    hour, minute = map(int, at.split(":"))
    today = now.astimezone(UTC).replace(hour=hour, minute=minute, second=0, microsecond=0)
    moment = today - timedelta(days=(today.weekday() - DAYS.index(day)) % 7)
    return moment if moment <= now else moment - timedelta(days=7)
