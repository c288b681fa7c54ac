"""The guard kills what it must, and sees what is there: real files and a real process."""

import json
import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from standfast.core.command import Command, Result
from standfast.daemons import guard
from standfast.daemons.guard import Guard, is_primary, receives
from standfast.mechanisms.database.astray import ALONE_S

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass
class HeldClock:
    """Stands still until it is told."""

    seconds: float = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)


@dataclass
class Journal:
    """Says that WAL was gone so many seconds before noon, or that it knows of nothing."""

    ago_s: tuple[float, ...] = ()
    asked: int = 0

    def run(self, command: Command, *, check: bool = True) -> Result:
        assert command.argv[0] == "journalctl"
        self.asked += 1
        lines = (
            json.dumps({"__REALTIME_TIMESTAMP": f"{(NOON.timestamp() - ago) * 1e6:.0f}"})
            for ago in self.ago_s
        )
        return Result(status=0, stdout="\n".join(lines).encode(), stderr=b"")


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
        runner=Journal(),
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


def receiver(watched: Guard, process: int) -> None:
    (watched.group / "cgroup.procs").write_text(f"{process}\n")
    named = guard.PROC / str(process)
    named.mkdir(exist_ok=True)
    (named / "cmdline").write_bytes(b"postgres: walreceiver streaming 1/4D000000\0")


def test_a_process_that_receives_is_known_by_its_name(watched: Guard) -> None:
    assert not receives(watched.group)
    receiver(watched, 77)
    assert receives(watched.group)
    (watched.group / "cgroup.procs").write_text("78\n")
    assert not receives(watched.group), "it ended meanwhile"


def following(watched: Guard) -> None:
    (watched.data / "standby.signal").touch()


def copied(watched: Guard, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When Patroni was told to copy anew, by the guard's clock."""
    told: list[float] = []

    def tell(self: Guard) -> bool:
        told.append(self.clock.monotonic())
        return True

    monkeypatch.setattr(Guard, "_copied_anew", tell)
    return told


def test_a_copy_whose_next_piece_is_gone_is_made_anew_once(
    watched: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    following(watched)
    watched.runner = journal = Journal(ago_s=(3.0, -1.0, -6.0, -11.0, -15.0))
    told = copied(watched, monkeypatch)
    for _ in range(120):
        watched.look_after_the_copy()
        watched.clock.sleep(1.0)
    assert len(told) == 1
    assert told[0] >= ALONE_S
    assert journal.asked < 10, "the log is not read every second"


@pytest.mark.parametrize(
    "ago_s", [(), (3.0, 2.0), (100.0, 95.0, 90.0, 85.0), (40.0, 35.0, 30.0)], ids=str
)
def test_a_copy_that_was_not_told_so_just_now_and_often_is_left(
    watched: Guard, monkeypatch: pytest.MonkeyPatch, ago_s: tuple[float, ...]
) -> None:
    following(watched)
    watched.runner = Journal(ago_s=ago_s)
    told = copied(watched, monkeypatch)
    for _ in range(60):
        watched.look_after_the_copy()
        watched.clock.sleep(1.0)
    assert told == []


def test_a_primary_and_a_copy_that_receives_are_not_looked_into(
    watched: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.runner = journal = Journal(ago_s=tuple(range(-60, 60, 5)))
    told = copied(watched, monkeypatch)
    for _ in range(30):
        watched.look_after_the_copy()  # a primary
        watched.clock.sleep(1.0)
    following(watched)
    receiver(watched, 77)
    for _ in range(30):
        watched.look_after_the_copy()
        watched.clock.sleep(1.0)
    assert (told, journal.asked) == ([], 0)


def test_a_patroni_that_does_not_answer_was_told_nothing(watched: Guard) -> None:
    assert not watched._copied_anew()
