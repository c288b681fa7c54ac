"""Stopped anywhere, the next start goes on; and what went wrong is left where it is read."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from standfast.core.command import Command, Result
from standfast.core.errors import CannotVerify, CommandFailed, ConfigError, StandfastError
from standfast.mechanisms.backup.engine import Engine, Target
from standfast.mechanisms.backup.scratch import Scratch
from standfast.mechanisms.recovery.point_in_time.bring import Bring, limits
from standfast.mechanisms.recovery.point_in_time.discard import discard
from standfast.mechanisms.recovery.point_in_time.look import Found, look
from standfast.mechanisms.recovery.point_in_time.orders import (
    STATE,
    Order,
    Phase,
    State,
    file_of,
)
from standfast.mechanisms.recovery.point_in_time.progress import Look, done, words

REACHED = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)


def order(folder: Path) -> Order:
    return Order(
        folder=str(folder),
        to="2026-11-25T02:00:00.000Z",
        copy="one",
        copy_bytes=1000,
        first_segment="000000010000000000000003",
        segments=10,
    )


class Stopped(BaseException):
    """The unit is killed here."""


@dataclass(slots=True)
class TickingClock:
    at: float = 0.0

    def now(self) -> datetime:
        return REACHED

    def monotonic(self) -> float:
        self.at += 1
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


@dataclass(slots=True)
class Copies:
    """`fails` is raised instead of restoring."""

    fails: BaseException | None = None
    restored: list[Target | None] = field(default_factory=list)

    def restore(self, into: Path, tablespaces: Path, target: Target | None = None) -> None:
        if self.fails is not None:
            raise self.fails
        self.restored.append(target)


@dataclass(slots=True)
class SmallServer:
    """`fails` is raised while it replays; `ends` when it has run for a while."""

    fails: BaseException | None = None
    ends: BaseException | None = field(default_factory=KeyboardInterrupt)
    reached: str = f"{REACHED.timestamp()}\n"
    data: Path = Path("/look/data")
    tablespaces: Path = Path("/look/tablespaces")
    settings: Mapping[str, str] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)

    def make(self) -> None:
        pass

    @contextmanager
    def running(self) -> Iterator[Callable[[], int]]:
        if self.fails is not None:
            raise self.fails
        yield self.until_it_ends

    def until_it_ends(self) -> int:
        if self.ends is not None:
            raise self.ends
        return 1

    def query(self, database: str, script: str) -> str:
        self.ran.append(script)
        return self.reached

    def run(self, program: str, *words: str) -> str:
        return "max_connections setting:  100\nmax_prepared_xacts setting:  7\n"


@dataclass(slots=True)
class Folder:
    """All that is kept of it between two starts."""

    states: list[State] = field(default_factory=lambda: [State()])
    order: Order = field(default_factory=lambda: order(Path("/look")))

    def bring(self, copies: Copies, server: SmallServer) -> State:
        bring = Bring(
            engine=cast(Engine, copies),
            scratch=cast(Scratch, server),
            clock=TickingClock(),
            order=self.order,
            tell=self.states.append,
        )
        with suppress(Stopped, KeyboardInterrupt, StandfastError):
            bring.run(self.states[-1])
        return self.states[-1]


def test_it_runs_until_it_is_stopped_and_says_what_came_back() -> None:
    folder, copies = Folder(), Copies()
    last = folder.bring(copies, SmallServer())
    phases = [each.phase for each in folder.states]
    assert phases == [
        *(Phase.ORDERED, Phase.RESTORING, Phase.RESTORING, Phase.REPLAYING, Phase.READY),
    ]
    assert (last.reached, last.copied) == ("2026-11-25T02:00:00.000Z", True)
    assert copies.restored == [order(Path("/look")).target]


@pytest.mark.parametrize(
    "stop", [Stopped(), CommandFailed("the disk is full")], ids=("killed", "failed")
)
def test_stopped_while_it_restores_it_restores_again(stop: BaseException) -> None:
    folder, copies = Folder(), Copies()
    assert not folder.bring(Copies(fails=stop), SmallServer()).copied
    assert folder.bring(copies, SmallServer()).phase is Phase.READY
    assert len(copies.restored) == 1


@pytest.mark.parametrize("stop", [Stopped(), CannotVerify("no WAL")], ids=("killed", "failed"))
def test_stopped_while_it_replays_nothing_is_fetched_again(stop: BaseException) -> None:
    folder = Folder()
    folder.bring(Copies(), SmallServer(fails=stop))
    again = folder.bring(Copies(fails=AssertionError("fetched again")), SmallServer())
    assert (again.phase, again.problem) == (Phase.READY, "")


def test_started_again_it_still_knows_what_it_had_reached() -> None:
    folder = Folder()
    folder.bring(Copies(), SmallServer())
    assert folder.bring(Copies(), SmallServer(reached="\n")).reached == "2026-11-25T02:00:00.000Z"


def test_what_failed_is_said_and_a_server_that_ends_by_itself_too() -> None:
    failed = Folder().bring(Copies(fails=CommandFailed("the disk is full")), SmallServer())
    assert (failed.phase, failed.problem) == (Phase.FAILED, "the disk is full")
    ended = Folder().bring(Copies(), SmallServer(ends=None))
    assert (ended.phase, ended.copied) == (Phase.FAILED, True)


IN_PLACE = replace(order(Path("/var/lib/postgresql/recovered")), repository=2, programs="/programs")


def test_in_the_sites_place_the_server_stops_as_it_was_before_it_was_copied() -> None:
    folder, server = Folder(order=IN_PLACE), SmallServer(ends=AssertionError("it was waited for"))
    last = folder.bring(Copies(), server)
    assert (last.phase, last.problem) == (Phase.BROUGHT, "")
    assert "RESET archive_mode" in server.ran[-1]
    assert "RESET recovery_target_time" in server.ran[-1]
    assert folder.bring(Copies(fails=AssertionError("again")), SmallServer()) == last


def test_in_the_sites_place_the_server_has_the_limits_of_the_one_that_was_copied() -> None:
    assert limits("max_prepared_xacts setting:           7\n") == {"max_prepared_transactions": "7"}


@pytest.mark.parametrize("stop", [Stopped(), CannotVerify("no WAL")], ids=("killed", "failed"))
def test_in_the_sites_place_it_goes_on_as_well(stop: BaseException) -> None:
    folder = Folder(order=IN_PLACE)
    folder.bring(Copies(), SmallServer(fails=stop))
    again = folder.bring(Copies(fails=AssertionError("fetched again")), SmallServer())
    assert again.phase is Phase.BROUGHT


@dataclass(slots=True)
class Units:
    active: bool = True
    asked: list[str] = field(default_factory=list)

    def run(self, command: Command, *, check: bool = True) -> Result:
        self.asked.append(" ".join(command.argv[:2]))
        return Result(status=0 if self.active else 3, stdout=b"", stderr=b"")


def laid(tmp_path: Path, state: State) -> Path:
    folder = tmp_path / "look"
    (folder / "data" / "base").mkdir(parents=True)
    (folder / "tablespaces").mkdir()
    (folder / "data" / "base" / "1").write_bytes(b"x" * 300)
    (folder / "tablespaces" / "2").write_bytes(b"x" * 100)
    (folder / "log").write_text(
        'LOG:  restored log file "000000010000000000000004" from archive\n'
        'LOG:  restored log file "000000010000000000000005" from archive\n'
        "LOG:  redo in progress\n"
    )
    (folder / STATE).write_bytes(state.to_json())
    (tmp_path / "orders").mkdir()
    file_of(str(folder), str(tmp_path / "orders")).write_bytes(order(folder).to_json())
    return folder


def test_how_far_a_restore_is_stands_in_its_folder(tmp_path: Path) -> None:
    folder = laid(tmp_path, State(phase=Phase.RESTORING))
    found = look(folder, Units(), str(tmp_path / "orders"))
    assert (found.bytes, found.segment, found.running) == (400, None, True)
    assert Found.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_how_far_replaying_is_the_server_says(tmp_path: Path) -> None:
    folder = laid(tmp_path, State(phase=Phase.REPLAYING))
    found = look(folder, Units(), str(tmp_path / "orders"))
    assert found.segment == "000000010000000000000005"
    assert done(found, order(folder)) == 3 * 16 * 1024**2


def test_a_folder_that_is_not_there_has_the_room_of_what_is_above_it(tmp_path: Path) -> None:
    found = look(tmp_path / "a" / "b", Units(), str(tmp_path))
    assert (found.ancestor, found.entries, found.order) == (str(tmp_path), 0, None)
    assert found.free_bytes > 0
    (tmp_path / "file").touch()
    assert look(tmp_path / "file", Units(), str(tmp_path)).entries is None


def test_what_is_discarded_is_gone_and_its_order_last(tmp_path: Path) -> None:
    folder, orders = laid(tmp_path, State(phase=Phase.READY)), str(tmp_path / "orders")
    units = Units()
    discard(folder, units, orders)
    assert units.asked == ["systemctl stop"]
    assert not folder.exists()
    with pytest.raises(ConfigError, match="nothing was brought back"):
        discard(folder, units, orders)


def test_what_nobody_ordered_is_not_discarded(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    with pytest.raises(ConfigError):
        discard(tmp_path / "precious", Units(), str(tmp_path))
    assert (tmp_path / "precious").is_dir()


def test_progress_has_bytes_rate_and_what_is_left() -> None:
    mine = order(Path("/look"))
    first = Look(at_s=10, phase=Phase.RESTORING, done_bytes=100)
    assert words([first], mine) == "restoring … 100 bytes of 1.0 kB"
    second = Look(at_s=12, phase=Phase.RESTORING, done_bytes=500)
    assert words([first, second], mine) == (
        "restoring … 500 bytes of 1.0 kB, 200 bytes/s, 2.5 s left"
    )
    replaying = Look(at_s=20, phase=Phase.REPLAYING, done_bytes=0)
    further = Look(at_s=21, phase=Phase.REPLAYING, done_bytes=80 * 1024**2)
    assert words([first, second, replaying], mine) == "replaying … 0 bytes of at most 167.8 MB"
    assert words([second, replaying, further], mine) == (
        "replaying … 83.9 MB of at most 167.8 MB, 83.9 MB/s, at most 1 s left"
    )
