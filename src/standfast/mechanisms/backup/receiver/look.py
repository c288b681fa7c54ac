"""Say when a word that the primary has just written is in the WAL that was received here:

    python3 -m standfast.mechanisms.backup.receiver.look WORD SECONDS

Looks into the files themselves, for so many seconds at most. Prints one line of JSON:
`{"received": true, "found": true}`; `received` is false where this machine receives none. Standard
library only.
"""

import json
import sys
from pathlib import Path

from standfast.core.clock import Clock, SystemClock
from standfast.mechanisms.backup.places import RECEIVED
from standfast.mechanisms.backup.receiver import files
from standfast.mechanisms.backup.receiver.program import SETTINGS
from standfast.mechanisms.backup.receiver.received import Received

POLL_S = 0.1
NEWEST = 2
"""Segments that are looked into: the word may be in the one before, which has just ended."""


def found(received: Received, word: bytes) -> bool:
    newest = sorted(received.segments(), key=files.place)[-NEWEST:]
    return any(word in (received.read(each) or b"") for each in newest)


def wait(received: Received, word: bytes, limit_s: float, clock: Clock) -> bool:
    end = clock.monotonic() + limit_s
    while not (there := found(received, word)) and clock.monotonic() < end:
        clock.sleep(POLL_S)
    return there


def main(word: str, limit_s: str) -> int:
    receives = Path(SETTINGS).exists()
    received = Received(folder=Path(RECEIVED))
    there = receives and wait(received, word.encode(), float(limit_s), SystemClock())
    print(json.dumps({"received": receives, "found": there}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
