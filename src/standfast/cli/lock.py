"""One command at a time changes a site: the second is refused, and told who is at work.

The kernel lets go when the process is gone, in whatever way, so nothing is ever left locked.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from standfast.core.errors import Refused


@contextmanager
def locked(path: Path, doing: str) -> Iterator[None]:
    """`doing` is what the second one reads: `standfast up`."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(
                f"{os.read(handle, 200).decode() or 'another command'} is at work on this site",
                remedy="Wait for it to end, then run this again.",
            ) from None
        os.truncate(handle, 0)
        os.pwrite(handle, f"{doing} (process {os.getpid()})".encode(), 0)
        yield
    finally:
        os.close(handle)
