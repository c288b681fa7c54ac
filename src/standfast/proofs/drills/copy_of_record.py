"""Look at a monitor's own copy of the record: is it whole, and would it be noticed if it were not?

Run on the monitor, by the interpreter of its daemons. Reads what is asked as JSON from standard
input and prints what was found as JSON:

    {"folder": …, "log": VKEY, "policy": TEXT, "at": SIZE, "rounds": N, "seed": N}
    {"size" (at most `at`), "root" (hex, of so many entries; null if they do not give any),
     "complaints", "cosigned": [names], "enough": bool, "tried": N, "unseen": [words]}

Nothing of the copy is changed: what is altered, dropped or swapped is laid over it in memory.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from standfast.core.clock import Clock, SystemClock
from standfast.core.errors import CannotVerify, StandfastError
from standfast.evidence import merkle
from standfast.evidence.policy import parse
from standfast.evidence.read import Record, read_log
from standfast.evidence.tampering import Bent, bent, drawn
from standfast.evidence.tiles import CHECKPOINT
from standfast.evidence.transport import FolderTransport, Transport

ARRIVES_WITHIN_S = 5.0
POLL_S = 0.2


def looked(asked: Mapping[str, Any], clock: Clock) -> Mapping[str, Any]:
    """Raises `CannotVerify` or `Unreachable` when there is no copy to look at."""
    log, vkey = FolderTransport(Path(asked["folder"])), str(asked["log"])
    record = arrived(log, vkey, asked["at"], clock)
    size, policy = record.checkpoint.size, parse(asked["policy"].encode())
    at = min(size, asked["at"])
    cosigned = policy.cosigned_by(record.checkpoint_bytes)
    # The log grows meanwhile, and what is bent must be what is read.
    still = Bent(under=log, files={CHECKPOINT: record.checkpoint_bytes})
    changes = drawn(size, asked["rounds"], asked["seed"])
    return {
        "size": at,
        "root": merkle.root(record.leaves[:at]).hex() if record.leaves else None,
        "complaints": list(record.complaints),
        "cosigned": sorted(cosigned),
        "enough": policy.satisfied(cosigned),
        "tried": len(changes),
        "unseen": [
            str(change) for change in changes if not is_noticed(bent(still, size, change), vkey)
        ],
    }


def arrived(log: Transport, vkey: str, size: int, clock: Clock) -> Record:
    """What others were shown a moment ago may still be on its way here."""
    end = clock.monotonic() + ARRIVES_WITHIN_S
    while (record := read_log(log, vkey)).checkpoint.size < size and clock.monotonic() < end:
        clock.sleep(POLL_S)
    return record


def is_noticed(log: Transport, vkey: str) -> bool:
    """By whoever reads it as a customer does."""
    try:
        return bool(read_log(log, vkey).complaints)
    except CannotVerify:
        return True


def main() -> int:
    try:
        print(json.dumps(looked(json.load(sys.stdin), SystemClock())))
    except StandfastError as error:
        print(json.dumps({"problem": error.problem}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
