"""Stopped after any step, the same again ends it; what was there is never gone, and never twice."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from standfast.core.command import Command, Result
from standfast.core.errors import Refused
from standfast.mechanisms.recovery.in_place.swap import MARK, Swap, hand_over_history, is_still

RUN = "20261129T130000000Z"
SHOWN = """
pg_control version number:            1300
Latest checkpoint's REDO location:    0/6000028
Latest checkpoint's REDO WAL file:    000000030000000000000006
Latest checkpoint's TimeLineID:       3
"""


@dataclass(slots=True)
class Controldata:
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, command: Command, *, check: bool = True) -> Result:
        self.asked.append(command.argv)
        return Result(status=3, stdout=SHOWN.encode(), stderr=b"")


def database(folder: Path, what: str) -> None:
    (folder / "pg_wal" / "archive_status").mkdir(parents=True)
    (folder / "PG_VERSION").write_text(what)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    database(tmp_path / "data", "old")
    database(tmp_path / "recovered" / "data", "new")
    return tmp_path


def swap(home: Path, *, still: bool = True) -> Swap:
    return Swap(
        data=home / "data",
        run=RUN,
        programs=Path("/programs"),
        runner=Controldata(),
        still=lambda: still,
    )


def text(folder: Path) -> str:
    return (folder / "PG_VERSION").read_text()


def test_what_came_back_takes_the_place_and_what_was_there_is_kept(home: Path) -> None:
    mine = swap(home)
    assert (mine.look().taken, mine.look().moved) == (False, False)
    mine.take()
    assert (text(home / "data"), text(home / f"before-{RUN}")) == ("new", "old")
    assert (mine.look().taken, mine.look().moved) == (True, True)
    mine.take()
    assert text(home / "data") == "new"


class Killed(BaseException):
    pass


def renames(monkeypatch: pytest.MonkeyPatch, *, until: int) -> Iterator[int]:
    """The program dies at the rename of that number."""
    numbers, rename = count(), Path.rename

    def dying(path: Path, target: Path) -> Path:
        if path.is_dir() and next(numbers) == until:
            raise Killed
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", dying)
    yield until


@pytest.mark.parametrize("killed_at", [0, 1])
def test_killed_before_any_rename_it_is_ended_by_the_same_again(
    home: Path, monkeypatch: pytest.MonkeyPatch, killed_at: int
) -> None:
    with monkeypatch.context() as patched:
        next(renames(patched, until=killed_at))
        with pytest.raises(Killed):
            swap(home).take()
    somewhere = {text(each) for each in (home / "data", home / f"before-{RUN}") if each.exists()}
    assert "old" in somewhere
    swap(home).take()
    assert (text(home / "data"), text(home / f"before-{RUN}")) == ("new", "old")


def test_on_the_other_machines_it_is_moved_once_and_its_copy_stays(home: Path) -> None:
    swap(home).set_aside()
    assert not (home / "data").exists()
    database(home / "data", "copied anew")
    (home / "data" / MARK).write_text(RUN)
    swap(home).set_aside()
    assert (text(home / "data"), text(home / f"before-{RUN}")) == ("copied anew", "old")


def test_where_the_database_was_lost_there_is_nothing_to_keep(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    database(tmp_path / "recovered" / "data", "new")
    swap(tmp_path).take()
    assert text(tmp_path / "data") == "new"
    assert list((tmp_path / f"before-{RUN}").iterdir()) == []


def test_nothing_is_moved_while_a_database_runs(home: Path) -> None:
    for move in (swap(home, still=False).take, swap(home, still=False).set_aside):
        with pytest.raises(Refused, match="nothing is moved"):
            move()
    assert text(home / "data") == "old"


def test_without_what_came_back_nothing_is_moved(home: Path) -> None:
    (home / "recovered").rename(home / "elsewhere")
    with pytest.raises(Refused, match="nothing has come back"):
        swap(home).take()
    assert text(home / "data") == "old"


def test_a_database_that_nobody_knows_is_left_alone(home: Path) -> None:
    swap(home).set_aside()
    database(home / "data", "somebody's")
    with pytest.raises(Refused, match="neither the former one nor what came back"):
        swap(home).take()
    assert text(home / "data") == "somebody's"


def test_the_new_timelines_beginning_is_handed_to_the_archive(tmp_path: Path) -> None:
    database(tmp_path / "data", "new")
    wal = tmp_path / "data" / "pg_wal"
    for name in (
        *("00000002.history", "00000003.history", "000000020000000000000004"),
        *("000000030000000000000004", "000000030000000000000005", "000000030000000000000006"),
    ):
        (wal / name).touch()
    (wal / "archive_status" / "000000030000000000000004.done").touch()
    hand_over_history(tmp_path / "data", SHOWN)
    hand_over_history(tmp_path / "data", SHOWN)
    assert sorted(each.name for each in (wal / "archive_status").iterdir()) == [
        "00000003.history.ready",
        "000000030000000000000004.done",
        "000000030000000000000005.ready",
    ]


def test_a_machine_is_still_without_patroni_and_without_postgresql(tmp_path: Path) -> None:
    data, proc = tmp_path / "data", tmp_path / "proc"
    database(data, "old")
    assert is_still(data, Controldata(), proc)
    (data / "postmaster.pid").write_text("7\n")
    (proc / "7").mkdir(parents=True)
    (proc / "7" / "comm").write_text("postgres\n")
    assert not is_still(data, Controldata(), proc)
