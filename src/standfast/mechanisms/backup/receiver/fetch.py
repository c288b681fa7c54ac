"""Give a server that replays what no repository has: WAL that was received and not yet sent there.

    python3 -m standfast.mechanisms.backup.receiver.fetch FOLDER NAME TARGET

The end of a `restore_command` (PostgreSQL's manual, 26.3.4): FOLDER is where it lies, NAME what
PostgreSQL asks for, TARGET where it wants it. Fails where there is none. A segment that was being
received is given as it is, with zeros behind what has come: at a record that is not whole, replay
ends, as it does after a crash. Standard library only.
"""

import sys
from pathlib import Path

from standfast.mechanisms.backup.receiver.received import Received


def main(folder: str, name: str, target: str) -> int:
    content = Received(folder=Path(folder)).read(name)
    if content is None:
        return 1
    Path(target).write_bytes(content)
    print(f"{name} is as it was received from the primary", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
