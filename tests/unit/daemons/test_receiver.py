"""The receiver goes on after whatever ends its program, and gives up what it has in one case."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.unit.clocks import HandClock

from standfast.core.errors import CommandFailed
from standfast.daemons import receiver as daemon
from standfast.daemons.receiver import ANEW_S, FULL, RECEIVING, SAVE_AGAIN_S, Receiver
from standfast.mechanisms.backup import wal
from standfast.mechanisms.backup.receiver.decide import ENOUGH_SEGMENTS, LATE_S

A, B = wal.name(1, 4), wal.name(1, 5)
GONE = "requested WAL segment 0000000800000000000000B8 has already been removed"
FORKED = "requested starting point 0/7000000 on timeline 1 is not in this server's history"


@dataclass
class Program:
    status: int | None = None
    terminated: bool = False

    def poll(self) -> int | None:
        return self.status

    def terminate(self) -> None:
        self.terminated = True

    def wait(self) -> int:
        return 0


@dataclass
class Kept:
    names: set[str] = field(default_factory=set)
    closed: bool = False
    tried: int = 0

    def keeps(self, name: str) -> bool:
        return name in self.names

    def newest_segment(self) -> str | None:
        return max(filter(wal.is_segment, self.names), default=None)

    def add(self, file: Path) -> None:
        self.tried += 1
        if self.closed:
            raise CommandFailed("the disk is full")
        assert file.exists()
        self.names.add(file.name)


@dataclass
class Place:
    """A receiver whose programs are begun by nobody."""

    folder: Path
    words: Path
    clock: HandClock = field(default_factory=HandClock)
    kept: Kept = field(default_factory=Kept)
    begun: list[Program] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    dropped: int = 0
    receiver: Receiver = field(init=False)

    def __post_init__(self) -> None:
        self.receiver = Receiver(
            folder=self.folder,
            words=self.words,
            repository=self.kept,
            clock=self.clock,
            begin=self.begin,
            drop_slot=self.drop_slot,
            say=self.said.append,
        )

    def drop_slot(self) -> None:
        self.dropped += 1

    def begin(self, words: Path) -> Program:
        words.write_bytes(b"")
        self.begun.append(Program())
        return self.begun[-1]

    def end(self, said: str) -> None:
        self.words.write_text(said)
        self.begun[-1].status = 1

    def turn(self, after_s: float = 1.0) -> None:
        self.clock.seconds += after_s
        self.receiver.turn()

    def put(self, name: str, *, age_s: float = 0.0, size: int = wal.SEGMENT_BYTES) -> None:
        path = self.folder / name
        with path.open("wb") as file:
            file.truncate(size)
        at = self.clock.now().timestamp() - age_s
        os.utime(path, (at, at))

    @property
    def held(self) -> set[str]:
        return {each.name for each in self.folder.iterdir()}


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Free bytes, as the file system says."""
    free = [16 * wal.SEGMENT_BYTES]
    monkeypatch.setattr(daemon, "free_bytes", lambda _: free[0])
    return free


@pytest.fixture
def place(tmp_path: Path, room: list[int]) -> Place:
    folder = tmp_path / "received"
    folder.mkdir()
    return Place(folder=folder, words=tmp_path / "words")


def test_it_begins_again_after_a_failure_and_says_that_once(place: Place) -> None:
    place.turn()
    for _ in range(3):
        place.end("server closed the connection unexpectedly")
        place.turn()
    lost = "nothing is received: server closed the connection unexpectedly"
    assert (len(place.begun), place.said) == (4, [lost])
    place.put(f"{A}.partial")
    place.turn()
    place.turn()
    assert (len(place.begun), place.said) == (4, [lost, RECEIVING])


def test_it_does_not_say_that_it_receives_while_it_looks_for_a_primary(place: Place) -> None:
    place.put(f"{A}.partial")
    for _ in range(5):
        place.turn()
    assert place.said == []
    place.put(f"{A}.partial")
    place.turn()
    assert place.said == [RECEIVING]


def test_what_the_repository_has_goes_and_what_it_lacks_is_put_in(place: Place) -> None:
    place.put(A)
    place.put(B, age_s=LATE_S + 9)
    place.kept.names.add(A)
    place.turn(0)
    assert (place.held, place.kept.names) == ({B}, {A, B})
    place.turn()
    assert place.held == set()


def test_a_repository_that_takes_none_is_not_asked_each_second(place: Place) -> None:
    place.put(A, age_s=LATE_S + 9)
    place.kept.closed = True
    for _ in range(10):
        place.turn()
    assert (place.held, place.kept.tried) == ({A}, 1)
    place.kept.closed = False
    place.turn(SAVE_AGAIN_S)
    place.turn()
    assert place.held == set()


def test_memory_that_is_full_stops_it_with_a_word_until_there_is_room(
    place: Place, room: list[int]
) -> None:
    place.turn()
    room[0] = wal.SEGMENT_BYTES
    place.turn()
    place.turn()
    assert (place.begun[0].terminated, place.said) == (True, [FULL])
    room[0] = ENOUGH_SEGMENTS * wal.SEGMENT_BYTES
    place.turn()
    place.put(f"{A}.partial")
    place.turn()
    assert (len(place.begun), place.said) == (2, [FULL, RECEIVING])


def test_a_file_for_which_there_was_no_room_goes_before_it_begins_again(place: Place) -> None:
    """The program would refuse it for ever."""
    place.put(f"{A}.partial", size=4096)
    place.turn()
    assert place.held == set()
    place.put(f"{A}.partial")
    place.end(f'could not open write-ahead log file "{B}.partial": No space left on device')
    place.turn()
    assert (place.held, place.said) == ({f"{A}.partial"}, [FULL])


def test_what_leads_nowhere_is_given_up_after_half_a_minute_and_saved_before(place: Place) -> None:
    place.put(A)
    place.put(f"{B}.partial")
    place.turn()
    for _ in range(int(ANEW_S)):
        place.end(FORKED)
        place.turn()
    assert place.held == {A, f"{B}.partial"}
    place.end(FORKED)
    place.turn()
    assert (place.held, place.kept.names) == (set(), {A})
    assert len(place.said) == 3, place.said


def test_where_wal_is_gone_what_is_here_is_given_up_at_once_and_then_the_slot(place: Place) -> None:
    """Patroni makes another one; until it has, none is given up again."""
    place.put(A)
    place.put(f"{B}.partial")
    place.turn()
    place.end(GONE)
    place.turn()
    assert (place.held, place.kept.names, place.dropped) == (set(), {A}, 0)
    for seconds in (1, 1, 1):
        place.end(GONE)
        place.turn(seconds)
    assert place.dropped == 1
    place.end(GONE)
    place.turn(ANEW_S)
    assert place.dropped == 2


def test_a_primary_that_is_just_being_replaced_costs_nothing(place: Place) -> None:
    place.put(f"{B}.partial")
    place.turn()
    for said in (FORKED, FORKED, "connection refused", FORKED):
        place.end(said)
        place.turn(ANEW_S - 1)
    assert place.held == {f"{B}.partial"}
