"""The canary kills a real process when a write hangs, and leaves it for any other reason."""

import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.unit.clocks import HandClock

from standfast.daemons import canary
from standfast.daemons.canary import Canary, DiskError, Written, write_once
from standfast.mechanisms.database.sick import LEAST_ROOM, SICK_S


@dataclass
class Disk:
    """A database on it. `hangs`: a write never returns; else it raises `error`, if there is one."""

    hangs: bool = False
    error: Exception | None = None
    is_primary: bool = True
    secondaries: int = 1
    answers: bool = True
    writes: int = 0
    waits: threading.Event = field(default_factory=threading.Event)

    def write(self) -> None:
        self.writes += 1
        if self.hangs:
            self.waits.wait(30)
        if self.error:
            raise self.error

    def look(self) -> tuple[bool, int]:
        if not self.answers:
            raise OSError("no answer")
        return self.is_primary, self.secondaries


@dataclass
class Scene:
    clock: HandClock
    disk: Disk
    canary: Canary
    postmaster: "subprocess.Popen[bytes]"

    def writing(self) -> threading.Thread:
        thread = threading.Thread(
            target=write_once, args=(self.disk, self.canary.written), daemon=True
        )
        thread.start()
        thread.join(0.1)
        return thread

    def after(self, seconds: float) -> str:
        """Why it gave up within that time; empty where it did not."""
        for _ in range(round(seconds)):
            self.clock.sleep(1.0)
            if why := self.canary.step():
                return why
        return ""

    def lives(self) -> bool:
        return self.postmaster.poll() is None


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    postmaster = subprocess.Popen(["sleep", "60"])
    (tmp_path / "postmaster.pid").write_text(f"{postmaster.pid}\n{tmp_path}\n")
    process = tmp_path / "proc" / str(postmaster.pid)
    process.mkdir(parents=True)
    (process / "comm").write_text("postgres\n")
    monkeypatch.setattr(canary, "PROC", tmp_path / "proc")
    monkeypatch.setattr(canary, "room", lambda data: LEAST_ROOM)
    monkeypatch.setattr(Canary, "_is_paused", lambda self: False)
    clock, disk = HandClock(100.0), Disk()
    made = Canary(
        clock=clock,
        data=tmp_path,
        address="127.0.0.1",
        port=1,
        tls=ssl.create_default_context(),
        database=disk,
        written=Written(clock=clock),
        room_at=clock.monotonic(),
    )
    yield Scene(clock=clock, disk=disk, canary=made, postmaster=postmaster)
    disk.waits.set()
    postmaster.kill()
    postmaster.wait()


def test_a_write_that_hangs_ends_postgresql(scene: Scene) -> None:
    scene.disk.hangs = True
    scene.writing()
    assert scene.after(SICK_S - 1) == ""
    assert scene.lives()
    assert scene.after(2) == "nothing could be written for 5 s"
    assert scene.postmaster.wait(5) == -9
    assert scene.after(60) == "", "once in ten minutes"


def test_writes_that_the_disk_refuses_end_it_too(scene: Scene) -> None:
    scene.disk.error = DiskError()
    for _ in range(int(SICK_S)):
        scene.writing()
        assert scene.after(1) in ("", "nothing could be written for 5 s")
    assert scene.postmaster.wait(5) == -9


def test_any_other_error_is_none_of_the_disks(scene: Scene) -> None:
    scene.disk.error = OSError("too many connections")
    for _ in range(20):
        scene.writing()
        assert scene.after(1) == ""
    assert scene.lives()


def test_writes_that_are_done_keep_it_alive(scene: Scene) -> None:
    for _ in range(20):
        scene.writing()
        assert scene.after(1) == ""
    assert scene.lives()
    assert scene.disk.writes == 20


def test_a_secondary_writes_nothing(scene: Scene) -> None:
    scene.disk.is_primary = False
    scene.writing()
    assert (scene.disk.writes, scene.after(20)) == (0, "")


@pytest.mark.parametrize("lacks", ["secondary", "answer", "patroni"])
def test_where_nobody_would_take_over_it_is_left(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, lacks: str
) -> None:
    scene.disk.hangs = True
    scene.writing()
    scene.disk.secondaries = 0 if lacks == "secondary" else 1
    scene.disk.answers = lacks != "answer"
    if lacks == "patroni":
        monkeypatch.undo()  # nobody answers at its port
        monkeypatch.setattr(canary, "room", lambda data: LEAST_ROOM)
    assert scene.after(20) == ""
    assert scene.lives()


def test_a_full_disk_ends_it_though_small_writes_still_pass(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canary, "room", lambda data: LEAST_ROOM - 1)
    scene.writing()
    assert scene.after(SICK_S + 1) == "the disk has been full for 5 s"
    assert scene.postmaster.wait(5) == -9


def test_room_is_what_the_file_system_says_or_enough(tmp_path: Path) -> None:
    assert canary.room(tmp_path) > 0
    assert canary.room(tmp_path / "gone") == LEAST_ROOM


def test_only_a_process_of_that_name_is_killed(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "proc" / str(scene.postmaster.pid) / "comm").write_text("sleep\n")
    assert not canary.kill_postmaster(tmp_path)
    (tmp_path / "postmaster.pid").unlink()
    assert not canary.kill_postmaster(tmp_path)
    assert scene.lives()
