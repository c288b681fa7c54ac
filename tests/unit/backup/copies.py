"""Copies and WAL for tests: what matters is given, the rest is as it often is."""

from datetime import UTC, datetime, timedelta
from typing import Any

from standfast.mechanisms.backup import wal
from standfast.mechanisms.backup.engine import Copy, Kind

START = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def copy(
    name: str = "1F",
    kind: Kind = Kind.FULL,
    began_at: datetime = START,
    finished_at: datetime | None = None,
    *,
    first: int = 1,
    last: int | None = None,
    timeline: int = 1,
    needs: tuple[str, ...] = (),
) -> Copy:
    """`first` and `last` are numbers of segments."""
    return Copy(
        name=name,
        kind=kind,
        began_at=began_at,
        finished_at=finished_at or began_at,
        first_segment=wal.name(timeline, first),
        last_segment=wal.name(timeline, first if last is None else last),
        needs=needs,
        database_bytes=23_000_000,
        stored_bytes=2_800_000,
    )


def backup(label: str, kind: str, start: int, stop: int, **more: Any) -> dict[str, Any]:
    """As `pgbackrest info --output=json` of 2.45 prints one, shortened to what is read."""
    return {
        "label": label,
        "type": kind,
        "timestamp": {"start": start, "stop": stop},
        "archive": {"start": "000000010000000000000002", "stop": "000000010000000000000002"},
        "info": {"size": 23033604, "repository": {"delta": 2837792, "size": 2837792}},
        "prior": None,
        "reference": None,
        "error": False,
        **more,
    }
