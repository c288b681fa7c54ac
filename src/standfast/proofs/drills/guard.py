"""Give a machine its power back even when the drill's own process dies, by SIGKILL too.

A small process in a session of its own waits for a pipe to close. The drill holds the other end:
when it ends, in whatever way, the kernel closes it, and the guard runs its command. The command is
safe to repeat, so it makes no difference that an orderly end has done the same already.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from standfast.core.command import NOTHING, Command, SystemRunner, start


@contextmanager
def guarded(restore: Sequence[str]) -> Iterator[None]:
    """While inside, `restore` will be run when this process is gone; afterwards it was run."""
    words = (sys.executable, "-m", "standfast.proofs.drills.guard", *restore)
    guard = start(Command(argv=words), stdout=NOTHING, stderr=NOTHING, own_session=True)
    assert guard.stdin is not None
    try:
        yield
    finally:
        guard.stdin.close()
        guard.wait()


def main() -> int:
    while os.read(0, 1):
        pass
    return SystemRunner().run(Command(argv=tuple(sys.argv[1:])), check=False).status


if __name__ == "__main__":
    sys.exit(main())
