"""Take one copy, of the kind that is due. Started by a timer on each backup machine:

    python3 -m standfast.mechanisms.backup.take

What fails here (no database is primary, another machine is copying) is tried again by systemd.
"""

import sys
from collections.abc import Iterable

from standfast.core.clock import Clock, SystemClock
from standfast.core.command import SystemRunner
from standfast.core.errors import StandfastError
from standfast.mechanisms.backup import chain, wal
from standfast.mechanisms.backup.engine import Copy, Engine, Kind
from standfast.mechanisms.backup.orders import Settings
from standfast.mechanisms.backup.pgbackrest.machine import PgBackRest
from standfast.mechanisms.backup.schedule import due


def take(engine: Engine, settings: Settings, clock: Clock) -> Kind:
    engine.prepare()
    copies = engine.copies()
    kind = due(copies, clock.now(), day=settings.full_day, at=settings.full_at)
    if is_behind_a_gap(copies, engine):
        kind = Kind.FULL
    engine.take(kind)
    return kind


def is_behind_a_gap(copies: Iterable[Copy], engine: Engine) -> bool:
    """Whether the newest WAL has no full copy before it, because something is missing between: this
    machine was away for so long that no WAL was kept for it (`absence.py`)."""
    segments = engine.segments()
    if not segments:
        return False
    newest = max(map(wal.timeline, segments))
    legs = chain.way(newest, engine.history(newest) if newest > 1 else "")
    runs = chain.runs(segments, legs)
    return len(runs) > 1 and not any(
        each.kind is Kind.FULL and runs[-1].first <= wal.number(each.first_segment)
        for each in copies
    )


def main() -> int:
    try:
        kind = take(PgBackRest(runner=SystemRunner()), Settings.read(), SystemClock())
    except StandfastError as error:
        print(error.words, file=sys.stderr)
        return error.exit_code
    print(f"took a copy: {kind}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
