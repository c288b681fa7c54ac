"""Snapshots for tests: what matters is given, the rest is as it often is."""

from datetime import UTC, datetime, timedelta

from standfast.mechanisms.backup.offsite.snapshots import Snapshot, Source

NOW = datetime(2026, 11, 29, 6, 0, tzinfo=UTC)


def snapshot(
    age: timedelta,
    *,
    data_age: timedelta | None = None,
    machine: str = "backup-1",
    is_part: bool = False,
    ours: bool = True,
) -> Snapshot:
    taken_at = NOW - age
    source = Source(
        copy="20261129-024420F",
        position="0/5000028",
        data_at=NOW - (age if data_age is None else data_age),
    )
    return Snapshot(
        id=f"{machine}-{taken_at:%Y%m%d%H%M%S}{'-part' if is_part else ''}",
        taken_at=taken_at,
        machine=machine,
        folder="/var/lib/standfast-backup/offsite/passed",
        source=source if ours else None,
        is_part=is_part,
    )
