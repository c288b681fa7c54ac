"""Take one copy, of the kind that is due. Started by a timer on each backup machine:

    python3 -m standfast.mechanisms.backup.take

What fails here (no database is primary, another machine is copying) is tried again by systemd.
"""

import sys

from standfast.core.clock import Clock, SystemClock
from standfast.core.command import SystemRunner
from standfast.core.errors import StandfastError
from standfast.mechanisms.backup.engine import Engine, Kind
from standfast.mechanisms.backup.orders import Settings
from standfast.mechanisms.backup.pgbackrest.machine import PgBackRest
from standfast.mechanisms.backup.schedule import due


def take(engine: Engine, settings: Settings, clock: Clock) -> Kind:
    engine.prepare()
    kind = due(engine.copies(), clock.now(), day=settings.full_day, at=settings.full_at)
    engine.take(kind)
    return kind


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
