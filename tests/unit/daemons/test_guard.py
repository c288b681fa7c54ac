"""The guard kills what it must, and sees what is there: real files and a real process."""

import os
import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest

from standfast.daemons import guard
from standfast.daemons.guard import Guard, is_primary


@dataclass
class HeldClock:
    """Stands still until it is told."""

    seconds: float = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def now(self) -> object:
        raise AssertionError("the guard has no use for the time of day")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder on which this very process is the running PostgreSQL."""
    folder, process = tmp_path / "data", tmp_path / "proc" / str(os.getpid())
    folder.mkdir()
    process.mkdir(parents=True)
    (folder / "postmaster.pid").write_text(f"{os.getpid()}\n/var/lib/postgresql/data\n")
    (process / "comm").write_text("postgres\n")
    monkeypatch.setattr(guard, "PROC", tmp_path / "proc")
    monkeypatch.setattr(guard, "WATCHDOG", tmp_path / "watchdog")
    return folder


@pytest.fixture
def watched(data: Path, tmp_path: Path) -> Guard:
    """Patroni's port is one at which nobody answers."""
    group = tmp_path / "group"
    group.mkdir()
    return Guard(
        clock=HeldClock(),  # type: ignore[arg-type]
        address="127.0.0.1",
        port=1,
        data=data,
        group=group,
        tls=ssl.create_default_context(),
        answered_at=0.0,
    )


def test_a_server_that_follows_nobody_is_primary(data: Path) -> None:
    assert is_primary(data)


@pytest.mark.parametrize("follows", ["standby.signal", "recovery.signal"])
def test_a_server_that_follows_another_is_not(data: Path, follows: str) -> None:
    (data / follows).touch()
    assert not is_primary(data)


def test_where_no_server_runs_there_is_no_primary(data: Path, tmp_path: Path) -> None:
    assert not is_primary(tmp_path / "elsewhere")
    (data / "postmaster.pid").write_text("")
    assert not is_primary(data)
    (data / "postmaster.pid").write_text("1\n")
    assert not is_primary(data), "another process has that number now"


def test_silence_is_borne_up_to_the_limit_and_then_all_of_it_is_killed(watched: Guard) -> None:
    switch = watched.group / "cgroup.kill"
    watched.clock.sleep(5.0)
    assert not watched.step()
    assert not switch.exists()
    watched.clock.sleep(0.1)
    assert watched.step()
    assert switch.read_text() == "1"
    assert not watched.step(), "the next one gets its time to start"


def test_a_secondary_may_be_silent_for_as_long_as_it_likes(watched: Guard, data: Path) -> None:
    (data / "standby.signal").touch()
    watched.clock.sleep(3600)
    assert not watched.step()


def test_a_group_that_is_gone_needs_no_killing(tmp_path: Path) -> None:
    guard.kill(tmp_path / "gone")
