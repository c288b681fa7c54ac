"""Give a machine its power back even when the drill's own process dies, by SIGKILL too.

Three things stand between a drill and a machine that stays off, each for when the one before it is
gone:
1. the drill's own `finally`;
2. the sentinel (`sentinel.py`): a process in a session of its own that holds the other end of a
   pipe. When the drill ends in whatever way, the kernel closes the pipe, and the sentinel runs the
   restoring command;
3. the note: a file that says what is to be restored. When even the sentinel was killed, the next
   command of the operator finds the note and heals.

The restoring command must be safe to repeat, because two of them may run it.
"""

import fcntl
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from standfast.core.command import NOTHING, Command, start
from standfast.core.errors import CommandFailed, Refused
from standfast.proofs.drills import sentinel

LIMIT_S = 900.0
"""Longer than any drill. One that is stopped, not dead, must not hold a machine off for ever."""


SOURCE = Path(sentinel.__file__).parents[3]


@contextmanager
def guarded(
    restore: Sequence[str], *, note: Path | None = None, limit_s: float = LIMIT_S
) -> Iterator[None]:
    """Leaving in order, with the machine back, stands the guard down; leaving by an exception, or
    by the end of this process, has `restore` run. `note` is removed once either has happened.

    Only one drill holds a note; a second one is `Refused`.
    """
    handle = None if note is None else written(note, restore)
    watching = sentinel_command(restore, note=note, limit_s=limit_s)
    guard = start(watching, stdout=NOTHING, stderr=NOTHING, own_session=True)
    assert guard.stdin is not None
    try:
        yield
    except BaseException as error:
        guard.stdin.close()
        if guard.wait() != 0:
            raise not_restored(restore) from error
        raise
    else:
        with suppress(BrokenPipeError):
            guard.stdin.write(sentinel.STAND_DOWN)
            guard.stdin.close()
        guard.wait()
        if note is not None:
            note.unlink(missing_ok=True)
    finally:
        if handle is not None:
            os.close(handle)


def sentinel_command(restore: Sequence[str], *, note: Path | None, limit_s: float) -> Command:
    """Our own source is named, so that it starts whatever the folder and the environment are."""
    return Command(
        argv=(
            *(sys.executable, "-P", "-m", sentinel.__name__),
            *(str(note or ""), f"{limit_s:g}"),
            *restore,
        ),
        environment={"PYTHONPATH": str(SOURCE)},
    )


def left_over(note: Path) -> tuple[str, ...]:
    """The command that restores what a dead drill left behind; nothing while the drill lives.

    Whoever runs it removes the note afterwards.
    """
    try:
        handle = os.open(note, os.O_RDONLY)
    except FileNotFoundError:
        return ()
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return tuple(json.loads(note.read_bytes())["restore"])
    except BlockingIOError:
        return ()
    except (ValueError, KeyError, FileNotFoundError):
        note.unlink(missing_ok=True)  # it was cut off while it was written: before any fault
        return ()
    finally:
        os.close(handle)


def written(note: Path, restore: Sequence[str]) -> int:
    """Make the note and hold its lock, which the kernel gives up when this process is gone."""
    try:
        handle = os.open(note, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Refused(
            "another drill of this site is under way, or one was interrupted",
            remedy="Wait for it to end; if there is none, `standfast up` restores what it left.",
        ) from error
    fcntl.flock(handle, fcntl.LOCK_EX)
    os.write(handle, json.dumps({"restore": list(restore)}).encode())
    os.fsync(handle)
    return handle


def not_restored(restore: Sequence[str]) -> CommandFailed:
    return CommandFailed(
        f"the drill was interrupted, and {' '.join(restore)} failed",
        remedy="Run it by hand: the machine may still be off.",
    )
