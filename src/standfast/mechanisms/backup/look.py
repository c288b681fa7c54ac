"""Say what lies in this machine's repository, by its files alone:

    python3 -m standfast.mechanisms.backup.look [SEGMENT SECONDS]

With a segment of WAL, wait until it is there, for so many seconds at most. Prints one line of JSON:
`{"copy_age_s": 72.4, "segment": "000000010000000000000005"}`, null for what there is none of.
Standard library only.
"""

import json
import sys
from pathlib import Path

from standfast.core.clock import Clock, SystemClock
from standfast.mechanisms.backup import wal
from standfast.mechanisms.backup.pgbackrest import repository
from standfast.mechanisms.backup.places import REPOSITORY

POLL_S = 0.1


def look(folder: Path, clock: Clock) -> dict[str, float | str | None]:
    newest = repository.newest_copy(folder)
    return {
        "copy_age_s": None if newest is None else (clock.now() - newest).total_seconds(),
        "segment": repository.newest_segment(folder),
    }


def wait(folder: Path, segment: str, limit_s: float, clock: Clock) -> None:
    """Until the segment is there, or the time is over."""
    end = clock.monotonic() + limit_s
    while clock.monotonic() < end:
        newest = repository.newest_segment(folder)
        if newest is not None and wal.covers(newest, segment):
            return
        clock.sleep(POLL_S)


def main(words: list[str]) -> int:
    folder, clock = Path(REPOSITORY), SystemClock()
    if words:
        wait(folder, words[0], float(words[1]), clock)
    print(json.dumps(look(folder, clock)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
