"""One command at a time changes a site: the second is refused, and told who is at work.

On this computer by a lock on a file; where machines are listed also on each monitor that answers,
because another operator may sit at another computer. The kernels let go when the process is gone,
in whatever way, so nothing is ever left locked. Two operators who reach no monitor in common are
not kept apart: with none that answers, `up` has worse to say.
"""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from standfast.cli.app import App
from standfast.core.errors import Refused
from standfast.mechanisms.hosts.claim import claim
from standfast.mechanisms.hosts.machine import Role


@contextmanager
def working_on(app: App, doing: str) -> Iterator[None]:
    """`doing` is what the second one reads: `standfast up`."""
    with locked(app.lock_file, doing), ExitStack() as held:
        if not app.site.made_here:
            claim_monitors(app, doing, held)
        yield


def claim_monitors(app: App, doing: str, held: ExitStack) -> None:
    """In the same order for everybody, so that of two operators one gets through."""
    who = f"{doing} of {operator()} at {socket.gethostname()}, since {app.clock.now():%H:%M:%S} UTC"
    for monitor in app.site.having(Role.MONITOR):
        claimed = claim(app.connection(monitor.name), who)
        held.callback(claimed.release)
        if claimed.holder:
            raise Refused(
                f"{claimed.holder}, is at work on this site (seen on {monitor.name})",
                remedy="Wait for it to end, then run this again.",
            )


def operator() -> str:
    return os.environ.get("SUDO_USER") or os.environ.get("USER") or "somebody"


@contextmanager
def in_turn(path: Path) -> Iterator[None]:
    """Wait for whoever else has this file's lock; the kernel takes it from whoever is gone."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


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
