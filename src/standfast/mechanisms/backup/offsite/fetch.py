"""Bring a snapshot back from the store, with nothing but its words and its key.

    python3 -m standfast.mechanisms.backup.offsite.fetch

Started as a unit that sees neither this machine's repository nor its keys
(standfast-offsite-fetch.service). How it went lies in a note; what came back is started and checked
by the next unit, which has no network (`returned.py`). Standard library only.
"""

import sys
from pathlib import Path

from standfast.core.clock import SystemClock
from standfast.core.command import SystemRunner
from standfast.core.errors import StandfastError
from standfast.core.files import write_atomically
from standfast.mechanisms.backup.damage import cut_short
from standfast.mechanisms.backup.offsite.machine import Files, to_read
from standfast.mechanisms.backup.offsite.orders import Note, Return
from standfast.mechanisms.backup.offsite.places import FETCHED, NOTE, ORDER, RETURNED
from standfast.mechanisms.backup.offsite.spoil import CUT_SHORT


def largest(folder: Path) -> Path:
    found = (each for each in folder.rglob("*") if each.is_file() and not each.is_symlink())
    return max(found, key=lambda each: each.stat().st_size)


def main() -> int:
    clock, files, returned = SystemClock(), Files(), Path(RETURNED)
    order = Return.from_json(Path(ORDER).read_bytes())
    began, problem = clock.monotonic(), ""
    try:
        to_read(SystemRunner(), files, cache=None).fetch(order.snapshot, Path(FETCHED))
    except StandfastError as error:
        problem = error.problem
    else:
        (Path(FETCHED) / order.folder.lstrip("/")).rename(returned)
        if files.misled().get(CUT_SHORT):
            cut_short(largest(returned / "data" / "base"))
    note = Note(run=order.run, problem=problem, seconds=round(clock.monotonic() - began, 1))
    write_atomically(Path(NOTE), note.to_json(), mode=0o640)
    return 0


if __name__ == "__main__":
    sys.exit(main())
