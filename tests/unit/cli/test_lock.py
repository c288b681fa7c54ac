"""One command at a time changes a site."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from standfast.cli.lock import in_turn, locked
from standfast.core.errors import Refused

SOURCE = Path(__file__).resolve().parents[3] / "src"
HOLD = """
import sys, time
from pathlib import Path
from standfast.cli.lock import locked
with locked(Path(sys.argv[1]), "standfast up"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_second_is_told_who_is_at_work(tmp_path: Path) -> None:
    path = tmp_path / "run" / "site.lock"
    with (
        locked(path, "standfast up"),
        pytest.raises(Refused, match=rf"standfast up \(process {os.getpid()}\) is at work"),
        locked(path, "standfast drill"),
    ):
        pass
    with locked(path, "standfast drill"):
        assert path.read_text().startswith("standfast drill")


def test_a_command_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "site.lock"
    holder = subprocess.Popen(
        (sys.executable, "-c", HOLD, str(path)),
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(Refused), locked(path, "standfast drill"):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    with locked(path, "standfast drill"):
        pass


def test_whoever_may_wait_has_its_turn_when_the_other_is_done(tmp_path: Path) -> None:
    path, said = tmp_path / "turn.lock", list[str]()
    entered = threading.Event()

    def second() -> None:
        entered.set()
        with in_turn(path):
            said.append("second")

    with in_turn(path):
        waiting = threading.Thread(target=second)
        waiting.start()
        assert entered.wait(5)
        waiting.join(0.2)
        said.append("first")
    waiting.join(5)
    assert said == ["first", "second"]
