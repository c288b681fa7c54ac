"""A database is set aside, put back or kept: never deleted before it is superseded, never twice."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from standfast.core.clock import SystemClock
from standfast.core.errors import Refused
from standfast.mechanisms.recovery.in_place.lost import Found, Loss, halt, main, postmasters


def database(folder: Path, what: str) -> None:
    folder.mkdir(parents=True)
    (folder / "PG_VERSION").write_text(what)


def text(folder: Path) -> str:
    return (folder / "PG_VERSION").read_text()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    database(tmp_path / "data", "old")
    return tmp_path


def loss(home: Path, *, still: bool = True) -> Loss:
    return Loss(data=home / "data", still=lambda: still)


def test_what_is_lost_is_out_of_its_place_and_goes_back_as_it_was(home: Path) -> None:
    mine = loss(home)
    mine.lose()
    assert not (home / "data").exists()
    assert mine.look() == Found(lost=True, former=False, there=False)
    mine.back()
    mine.back()
    assert (text(home / "data"), mine.look()) == (
        "old",
        Found(lost=False, former=False, there=True),
    )


def test_it_is_lost_under_a_postgresql_that_runs_and_put_back_under_none(home: Path) -> None:
    loss(home, still=False).lose()
    with pytest.raises(Refused, match="nothing is moved"):
        loss(home, still=False).back()
    assert text(home / "lost") == "old"


def test_what_patroni_had_put_there_meanwhile_is_moved_away_and_not_deleted(home: Path) -> None:
    for number in (1, 2):
        loss(home).lose()
        database(home / "data", f"half {number}")
        loss(home).back()
        assert text(home / f"aside-{number}") == f"half {number}"
    assert text(home / "data") == "old"


def test_an_empty_folder_is_of_nothing(home: Path) -> None:
    loss(home).lose()
    (home / "data").mkdir()
    loss(home).back()
    assert text(home / "data") == "old"
    assert not list(home.glob("aside-*"))


def test_what_has_been_superseded_is_kept_until_the_next_drill_forgets_it(home: Path) -> None:
    loss(home).lose()
    database(home / "data", "new")
    loss(home).keep()
    loss(home).keep()
    assert (text(home / "data"), text(home / "former")) == ("new", "old")
    loss(home).lose()
    loss(home).back()
    assert text(home / "former") == "old", "a drill that ends in nothing forgets nothing"
    loss(home).forget()
    loss(home).forget()
    assert not (home / "former").exists()


def test_what_is_already_lost_is_not_lost_again(home: Path) -> None:
    loss(home).lose()
    database(home / "data", "somebody's")
    with pytest.raises(Refused, match="a drill that was interrupted"):
        loss(home).lose()
    assert (text(home / "lost"), text(home / "data")) == ("old", "somebody's")


@pytest.mark.parametrize("there", [True, False])
def test_where_there_is_no_database_nothing_can_be_lost(tmp_path: Path, there: bool) -> None:
    if there:
        (tmp_path / "data").mkdir()
    with pytest.raises(Refused, match="no database"):
        loss(tmp_path).lose()


def test_the_command_says_what_is_there_and_why_it_did_nothing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("lose", str(home / "data")) == 0
    assert Found.from_json(capsys.readouterr().out) == Found(lost=True, former=False, there=False)
    assert main("lose", str(home / "data")) == 1
    assert "`standfast up` puts it back" in capsys.readouterr().err


SERVER = """
import signal, sys, time
from pathlib import Path
own = Path(sys.argv[1]) / "postmaster.pid"
def end(number, frame):
    own.unlink()
    sys.exit(0)
signal.signal(signal.SIGINT, end)
own.write_text(f"{__import__('os').getpid()}\\n")
Path("/proc/self/comm").write_text("postgres")
print("runs", flush=True)
time.sleep(60)
"""


@pytest.fixture
def server() -> Iterator[Callable[[Path], "subprocess.Popen[bytes]"]]:
    """A process that is called postgres and ends as it does, by SIGINT."""
    begun: list[subprocess.Popen[bytes]] = []

    def start(folder: Path) -> "subprocess.Popen[bytes]":
        words = (sys.executable, "-c", SERVER, str(folder))
        begun.append(subprocess.Popen(words, stdout=subprocess.PIPE))
        assert begun[-1].stdout is not None
        assert begun[-1].stdout.readline() == b"runs\n"
        return begun[-1]

    yield start
    for each in begun:
        each.kill()
        each.communicate()


def test_a_postgresql_whose_folder_was_renamed_under_it_is_ended(
    tmp_path: Path, server: Callable[[Path], "subprocess.Popen[bytes]"]
) -> None:
    data = tmp_path / "data"
    database(data, "new")
    database(tmp_path / "lost", "old")
    running = [server(data), server(tmp_path / "lost")]
    assert postmasters(data) == sorted(each.pid for each in running)
    halt(data, SystemClock())
    assert [each.wait(5) for each in running] == [0, 0]
    assert postmasters(data) == []
