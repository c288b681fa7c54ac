"""Room is put aside while there is plenty, and given back before a disk is full."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from standfast.core.command import Command, Result
from standfast.mechanisms.hosts import disk_guard
from standfast.mechanisms.hosts.disk_decision import (
    RESERVE,
    GiveBack,
    MakeRoom,
    PutAside,
    Refuse,
    Step,
    Warn,
    decide,
)
from standfast.mechanisms.hosts.disk_guard import guard
from standfast.mechanisms.hosts.disks import NO_ROOM, Disk, DiskSettings, Level, Spare, distinct

DATA = "/var/lib/postgresql"
GIGABYTE = 1_000_000_000


def disk(used: float, *, folder: str = DATA, size_bytes: int = 100 * GIGABYTE) -> Disk:
    free = int(size_bytes * (1 - used))
    return Disk(folder=folder, device=1, size_bytes=size_bytes, free_bytes=free, used=used)


def kinds(steps: list[Step]) -> list[type[Step]]:
    return [type(step) for step in steps]


@pytest.mark.parametrize(
    ("used", "reserve", "before", "expected"),
    [
        (0.50, 0, Level.FINE, [PutAside, Refuse]),
        (0.50, disk(0.5).reserve_bytes, Level.FINE, [Refuse]),
        (0.79, 1000, Level.FINE, [PutAside, Refuse]),
        (0.80, disk(0.5).reserve_bytes, Level.FINE, [Warn, Refuse]),
        (0.85, 0, Level.FILLING, [Refuse]),
        (0.95, 1000, Level.FILLING, [Warn, GiveBack, MakeRoom, Refuse]),
        (0.99, 0, Level.FULL, [MakeRoom, Refuse]),
        (0.90, 0, Level.FULL, [Warn, Refuse]),
    ],
)
def test_each_level_has_its_steps(
    used: float, reserve: int, before: Level, expected: list[type[Step]]
) -> None:
    steps = list(decide([disk(used)], {DATA: reserve}, {DATA: before}))
    assert kinds(steps) == expected
    assert steps[-1] == Refuse(full=used >= 0.95)


def test_what_was_given_back_is_not_taken_again_before_the_disk_is_fine() -> None:
    """Else the guard would fill what it has just freed, once a minute."""
    for used in (0.95, 0.94, 0.85, 0.81):
        assert PutAside not in kinds(list(decide([disk(used)], {DATA: 0}, {})))


def test_a_disk_without_data_has_no_reserve() -> None:
    root = disk(0.5, folder="/")
    assert kinds(list(decide([root], {}, {}))) == [Refuse]


def test_a_small_file_system_is_not_filled_by_its_own_protection() -> None:
    assert disk(0.5, size_bytes=GIGABYTE).reserve_bytes == GIGABYTE // 100


def test_folders_on_one_file_system_are_one_disk() -> None:
    root, data = disk(0.5, folder="/"), disk(0.5)
    assert distinct([root, data]) == (root,)
    assert distinct([root, replace(data, device=2)]) == (root, replace(data, device=2))


def test_settings_are_read_as_they_were_written() -> None:
    settings = DiskSettings(
        watched=("/", DATA), data=(DATA,), spare=(Spare(parent="/srv", keep="now", newest=1),)
    )
    assert DiskSettings.from_json(settings.to_json().decode()) == settings


class Programs:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def run(self, command: Command, *, check: bool = True) -> Result:
        self.asked.append(command.argv[0])
        return Result(status=0, stdout=b"", stderr=b"")


@pytest.fixture
def fills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """The disk of `tmp_path/data` is as full as is said; all else is real."""

    def say(used: float) -> None:
        found = (disk(used, folder=str(tmp_path / "data")),)
        monkeypatch.setattr(disk_guard, "read", lambda folders: found)

    (tmp_path / "data").mkdir()
    return say


def test_a_disk_that_fills_up_gives_back_its_reserve_and_what_can_be_had_again(
    tmp_path: Path, fills: Callable[[float], None], capsys: pytest.CaptureFixture[str]
) -> None:
    data, run, releases = tmp_path / "data", tmp_path / "run", tmp_path / "releases"
    for age, name in enumerate(("newest", "current", "older", "oldest")):
        (releases / name).mkdir(parents=True)
        os.utime(releases / name, (1_000_000 - age, 1_000_000 - age))
    settings = DiskSettings(
        watched=(str(data),),
        data=(str(data),),
        spare=(
            Spare(parent=str(releases), keep="current", newest=1),
            Spare(parent=str(tmp_path / "nothing-here")),
        ),
    )
    programs = Programs()

    fills(0.5)
    guard(settings, programs, run=run)
    held = (data / RESERVE).stat()
    assert held.st_size == disk(0.5).reserve_bytes
    assert held.st_blocks * 512 >= held.st_size, "the blocks are taken, not only named"
    assert not (run / Path(NO_ROOM).name).exists()

    fills(0.97)
    guard(settings, programs, run=run)
    assert not (data / RESERVE).exists()
    assert sorted(path.name for path in releases.iterdir()) == ["current", "newest"]
    assert programs.asked == ["apt-get", "journalctl"]
    assert (run / Path(NO_ROOM).name).exists()
    assert capsys.readouterr().err.startswith("<2>the disk of ")

    fills(0.5)
    guard(settings, programs, run=run)
    assert (data / RESERVE).exists()
    assert not (run / Path(NO_ROOM).name).exists()
    assert "50% full" in capsys.readouterr().err
