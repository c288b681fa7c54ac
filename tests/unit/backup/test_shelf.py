"""What a backup machine says that it can bring back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from standfast.core.command import Command, Result
from standfast.mechanisms.backup import commits, wal
from standfast.mechanisms.backup.chain import Leg, Run
from standfast.mechanisms.backup.engine import Copy, Kind
from standfast.mechanisms.backup.receiver.received import Received
from standfast.mechanisms.backup.shelf import RUNS, Shelf, shelf

from .copies import copy

PRINTED = """\
rmgr: Transaction len (rec/tot):     34/    34, tx:        741, lsn: 0/0E000E00, \
prev 0/0E000028, desc: COMMIT 2026-11-29 02:47:01.520085 UTC
rmgr: Transaction len (rec/tot):     98/    98, tx:        742, lsn: 0/0E000ED0, \
prev 0/0E000E00, desc: COMMIT 2026-11-29 02:47:02.520085 UTC; inval msgs: catcache 55
rmgr: Transaction len (rec/tot):     34/    34, tx:        743, lsn: 0/0E000FD0, \
prev 0/0E000ED0, desc: ABORT 2026-11-29 02:47:09.000001 UTC
"""
"""As pg_waldump of PostgreSQL 15 prints it under TZ=UTC."""

LAST = datetime(2026, 11, 29, 2, 47, 2, 520085, tzinfo=UTC)


def test_the_last_commit_counts_and_nothing_that_was_taken_back() -> None:
    assert commits.newest(PRINTED) == LAST
    assert commits.newest("") is None
    assert commits.newest(PRINTED.replace("COMMIT", "ABORT")) is None
    assert commits.newest(PRINTED.replace("COMMIT", "COMMIT_PREPARED")) == LAST
    listing = commits.listing(Path("/programs"), Path("/dev/shm/x/0000"))
    assert listing.environment == {"TZ": "UTC"}, "the words above are read as UTC"


@dataclass(slots=True)
class Kept:
    """An engine whose WAL is in a table: of each segment what is committed in it."""

    written: Mapping[str, str]
    fork: str = ""
    fetched: list[str] = field(default_factory=list)

    def copies(self) -> tuple[Copy, ...]:
        return (copy(first=1), copy("1F_2I", Kind.INCREMENTAL, first=2, needs=("1F",)))

    def segments(self) -> tuple[str, ...]:
        return tuple(self.written)

    def history(self, timeline: int) -> str:
        assert timeline > 1, "the first has none"
        return self.fork

    def segment(self, name: str) -> bytes:
        self.fetched.append(name)
        return self.written[name].encode()

    def prepare(self) -> None:
        raise AssertionError("nothing is changed")

    def take(self, kind: Kind) -> None:
        raise AssertionError("nothing is changed")

    def restore(self, into: Path, tablespaces: Path) -> None:
        raise AssertionError("nothing is changed")


class Waldump:
    """Prints what is in the file, and ends as the real one does."""

    def run(self, command: Command, *, check: bool = True) -> Result:
        assert command.argv[0] == "/programs/pg_waldump"
        assert not check
        return Result(status=1, stdout=Path(command.argv[-1]).read_bytes(), stderr=b"")


def seen(engine: Kept, received: Path = Path("/nowhere")) -> Shelf:
    return shelf(engine, Received(folder=received), Path("/programs"), Waldump())


def test_each_run_of_wal_has_the_time_of_its_last_commit() -> None:
    older = PRINTED.replace("02:47", "01:10")
    engine = Kept({wal.name(1, 1): "", wal.name(1, 2): older, wal.name(1, 5): PRINTED})
    found = seen(engine)
    assert found.commits == {
        Run(first=1, last=2): LAST.replace(hour=1, minute=10),
        Run(first=5, last=5): LAST,
    }
    assert engine.fetched == [wal.name(1, 2), wal.name(1, 5)]


def test_a_segment_without_a_commit_is_looked_behind_and_not_for_ever() -> None:
    idle = {wal.name(1, number): "" for number in (3, 4)}
    assert seen(Kept({wal.name(1, 2): PRINTED, **idle})).commits == {Run(first=2, last=4): LAST}
    silent = Kept({wal.name(1, 2): PRINTED, **idle, wal.name(1, 5): ""})
    assert seen(silent).commits == {Run(first=2, last=5): None}
    assert len(silent.fetched) == 3


def test_after_a_failover_the_newest_timeline_is_followed() -> None:
    written = {wal.name(1, 4): PRINTED, wal.name(1, 5): "", wal.name(2, 5): PRINTED}
    found = seen(Kept(written, fork="1\t0/5000028\tno recovery target specified\n"))
    assert found.legs == (Leg(timeline=1, begins=0), Leg(timeline=2, begins=5))
    assert found.commits == {Run(first=4, last=5): LAST}


def test_of_many_runs_only_the_newest_are_read() -> None:
    engine = Kept({wal.name(1, number * 2): PRINTED for number in range(RUNS + 3)})
    assert list(seen(engine).commits.values()) == [None] * 3 + [LAST] * RUNS
    assert len(engine.fetched) == RUNS


def arrived(folder: Path, name: str, content: str) -> None:
    (folder / name).write_bytes(content.encode().ljust(wal.SEGMENT_BYTES, b"\0"))


def test_what_was_received_goes_on_where_the_repository_ends(tmp_path: Path) -> None:
    older = PRINTED.replace("02:47", "01:10")
    engine = Kept({wal.name(1, 1): older})
    arrived(tmp_path, wal.name(1, 2), older.replace("01:10", "01:11"))
    arrived(tmp_path, f"{wal.name(1, 3)}.partial", PRINTED)
    assert seen(engine, tmp_path).commits == {Run(first=1, last=3): LAST}
    assert engine.fetched == [], "the newest is not in the repository"
    arrived(tmp_path, f"{wal.name(1, 3)}.partial", "")
    at_11 = LAST.replace(hour=1, minute=11)
    assert seen(engine, tmp_path).commits == {Run(first=1, last=3): at_11}, "nothing is in it yet"


def test_a_timeline_that_only_was_received_is_followed(tmp_path: Path) -> None:
    engine = Kept({wal.name(1, 4): "", wal.name(1, 5): ""})
    (tmp_path / "00000002.history").write_text("1\t0/5000028\tno recovery target specified\n")
    arrived(tmp_path, f"{wal.name(2, 5)}.partial", PRINTED)
    found = seen(engine, tmp_path)
    assert found.legs == (Leg(timeline=1, begins=0), Leg(timeline=2, begins=5))
    assert found.commits == {Run(first=4, last=5): LAST}


def test_a_repository_without_wal_says_so() -> None:
    assert seen(Kept({})).commits == {}


@pytest.mark.parametrize("last", [LAST, None])
def test_it_is_read_as_it_was_written(last: datetime | None) -> None:
    made = Shelf(
        copies=(copy(first=3, needs=("x",)),),
        legs=(Leg(timeline=1, begins=0),),
        commits={Run(first=1, last=9): last},
    )
    assert Shelf.from_json(made.to_json()) == made
