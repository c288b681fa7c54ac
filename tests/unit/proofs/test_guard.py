"""Real processes, really killed: does the machine get its power back?"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from standfast.core.errors import CommandFailed, Refused
from standfast.proofs.drills.guard import guarded, left_over

SOURCE = Path(__file__).resolve().parents[3] / "src"

DRILL = """
import sys, time
from pathlib import Path
from standfast.proofs.drills.guard import guarded
ready, note, *restore = sys.argv[1:]
with guarded(restore, note=Path(note)):
    Path(ready).touch()
    time.sleep({seconds})
"""


@pytest.fixture
def restored(tmp_path: Path) -> Path:
    return tmp_path / "restored"


@pytest.fixture
def note(tmp_path: Path) -> Path:
    return tmp_path / "in_flight.json"


def restore(restored: Path) -> tuple[str, ...]:
    """Writes a line, so that twice is seen as twice."""
    return ("/bin/sh", "-c", f"echo on >> {restored}")


def drill(tmp_path: Path, seconds: float) -> "subprocess.Popen[bytes]":
    """A drill in a process group of its own, whose machine is off once this returns."""
    ready = tmp_path / "ready"
    words = (str(ready), str(tmp_path / "in_flight.json"), *restore(tmp_path / "restored"))
    process = subprocess.Popen(
        (sys.executable, "-c", DRILL.format(seconds=seconds), *words),
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_for(ready.exists)
    return process


def wait_for(happened: Callable[[], bool], limit_s: float = 10) -> None:
    end = time.monotonic() + limit_s
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def test_a_drill_that_ends_in_order_restores_by_itself(
    tmp_path: Path, restored: Path, note: Path
) -> None:
    assert drill(tmp_path, 0).wait(10) == 0
    time.sleep(0.3)
    assert not restored.exists()
    assert not note.exists()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_drill_whose_whole_group_is_killed_is_restored_once(
    tmp_path: Path, restored: Path, note: Path, number: signal.Signals
) -> None:
    process = drill(tmp_path, 60)
    assert json.loads(note.read_text())["restore"] == list(restore(restored))
    os.killpg(process.pid, number)
    assert process.wait(10) != 0
    wait_for(restored.exists)
    wait_for(lambda: not note.exists())
    assert restored.read_text() == "on\n"


def test_an_exception_restores_before_it_is_seen(restored: Path, note: Path) -> None:
    with pytest.raises(ZeroDivisionError), guarded(restore(restored), note=note):
        raise ZeroDivisionError
    assert restored.read_text() == "on\n"
    assert not note.exists()


def test_restoring_is_tried_again_when_it_fails(tmp_path: Path, restored: Path) -> None:
    stumble = f"mkdir {tmp_path}/first 2>/dev/null && exit 1; echo on >> {restored}"
    with pytest.raises(KeyboardInterrupt), guarded(("/bin/sh", "-c", stumble)):
        raise KeyboardInterrupt
    assert restored.read_text() == "on\n"


def test_a_drill_that_takes_too_long_is_restored_while_it_goes_on(restored: Path) -> None:
    with guarded(restore(restored), limit_s=0.2):
        wait_for(restored.exists)
    assert restored.read_text() == "on\n"


def test_a_sentinel_that_was_killed_leaves_the_note_for_the_next_command(
    restored: Path, note: Path
) -> None:
    with pytest.raises(CommandFailed, match="interrupted"), guarded(restore(restored), note=note):
        both_die()
    assert left_over(note) == restore(restored)


def both_die() -> None:
    os.kill(only_child(), signal.SIGKILL)
    raise KeyboardInterrupt


def only_child() -> int:
    (child,) = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return int(child)


def test_a_living_drill_has_left_nothing_over_and_suffers_no_second(
    restored: Path, note: Path
) -> None:
    with guarded(restore(restored), note=note):
        assert left_over(note) == ()
        with pytest.raises(Refused, match="under way"), guarded(restore(restored), note=note):
            raise AssertionError("two drills at once")
    assert not restored.exists()


def test_a_note_that_was_cut_off_means_that_nothing_was_done_yet(note: Path) -> None:
    note.write_text('{"restore": [')
    assert left_over(note) == ()
    assert not note.exists()


def test_no_note_means_nothing_left_over(note: Path) -> None:
    assert left_over(note) == ()
