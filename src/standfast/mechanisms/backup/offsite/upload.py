"""Put what was restored and has passed into the store off site.

    python3 -m standfast.mechanisms.backup.offsite.upload

Started when such a restore has ended, and again by systemd after a failure: what is in the store
already is not uploaded a second time. Once it is there, what was restored is destroyed. Standard
library only.
"""

import json
import shutil
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from platform import node
from typing import Any

from standfast.core.clock import SystemClock
from standfast.core.command import SystemRunner
from standfast.core.errors import StandfastError
from standfast.core.files import write_atomically
from standfast.core.units import parse_stamp, size, stamp
from standfast.mechanisms.backup.offsite.machine import repository
from standfast.mechanisms.backup.offsite.places import LAST, PASSED, REPORT
from standfast.mechanisms.backup.offsite.snapshots import Source, Taken


def source(report: Mapping[str, Any]) -> Source:
    """Of the report of a restore that passed (`restore.Report`)."""
    found = {each["name"]: each["found"] for each in report["checks"]}
    return Source(
        copy=report["copy"], position=found["replayed"], data_at=parse_stamp(found["heartbeat"])
    )


def last(taken: Taken, now: datetime) -> bytes:
    document = {
        "snapshot": taken.id,
        "taken_at": stamp(now),
        "added_bytes": taken.added_bytes,
        "total_bytes": taken.total_bytes,
    }
    return json.dumps(document, sort_keys=True).encode()


def main() -> int:
    clock = SystemClock()
    try:
        store = repository(SystemRunner())
        store.prepare()
        what = source(json.loads(Path(REPORT).read_bytes()))
        now = clock.now()
        taken = store.snapshot(Path(PASSED), what, machine=node(), now=now)
    except StandfastError as error:
        print(error.words, file=sys.stderr)
        return error.exit_code
    write_atomically(Path(LAST), last(taken, now), mode=0o640)
    shutil.rmtree(PASSED)
    print(f"snapshot {taken.id}: {size(taken.added_bytes)} new of {size(taken.total_bytes)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
