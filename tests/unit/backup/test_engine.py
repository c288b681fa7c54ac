"""What is read of the first engine: its own word, and its repository's files."""

import json
import os
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from standfast.core.command import Command, Result
from standfast.core.errors import CannotVerify
from standfast.mechanisms.backup.engine import Kind, Target
from standfast.mechanisms.backup.pgbackrest import info, repository
from standfast.mechanisms.backup.pgbackrest.machine import Afar, PgBackRest
from standfast.mechanisms.backup.pgbackrest.names import DATABASE_CONF
from standfast.mechanisms.backup.receiver import fetch as fetching

from .copies import backup


def said(*backups: dict[str, Any], code: int = 0, message: str = "ok") -> str:
    """As `pgbackrest info --output=json` of 2.45 prints it, shortened to what is read."""
    status = {"code": code, "message": message}
    return json.dumps(
        [{"name": "main", "backup": list(backups), "repo": [{"key": 2, "status": status}]}]
    )


FULL = backup("20261125-023502F", "full", 1795574102, 1795574106)
INCREMENTAL = backup("20261125-023502F_20261125-024502I", "incr", 1795574702, 1795574703)


def test_copies_come_oldest_first_with_their_kind_and_times() -> None:
    older, newer = info.copies(said(INCREMENTAL, FULL))
    assert (older.name, older.kind) == ("20261125-023502F", Kind.FULL)
    assert older.began_at == datetime(2026, 11, 25, 2, 35, 2, tzinfo=UTC)
    assert (newer.kind, newer.finished_at.minute) == (Kind.INCREMENTAL, 45)


def test_a_copy_has_its_wal_its_sizes_and_what_it_needs() -> None:
    """As recorded from pgBackRest 2.45: an incremental copy after a differential one."""
    wal = {"start": "000000010000000000000008", "stop": "000000010000000000000009"}
    info_of = {"delta": 57610, "repository": {"delta": 4160, "size": 2837792}, "size": 23033604}
    recorded = backup(
        "20261129-024420F_20261129-024428I",
        "incr",
        1795920268,
        1795920269,
        archive=wal,
        info=info_of,
        prior="20261129-024420F_20261129-024424D",
        reference=["20261129-024420F"],
    )
    (found,) = info.copies(said(recorded))
    assert (found.first_segment, found.last_segment) == (wal["start"], wal["stop"])
    assert (found.database_bytes, found.stored_bytes) == (23033604, 4160)
    assert found.needs == ("20261129-024420F", "20261129-024420F_20261129-024424D")
    assert info.copies(said(FULL))[0].needs == ()


def test_a_copy_with_errors_does_not_count() -> None:
    assert info.copies(said({**FULL, "error": True})) == ()


def test_a_repository_that_is_not_there_yet_has_no_copies() -> None:
    assert info.copies(said(code=1, message="missing stanza path")) == ()
    assert info.copies("[]") == ()


def test_a_repository_that_cannot_be_read_says_so() -> None:
    printed = said(code=99, message="[FormatError] unable to load info file\nHINT: more")
    raw = printed.replace("FormatError", "Format\x01Error")
    with pytest.raises(CannotVerify, match="unable to load info file"):
        info.copies(raw)


def test_what_is_no_json_is_no_answer() -> None:
    with pytest.raises(CannotVerify):
        info.copies("ERROR: [055]")


def laid(folder: Path, name: str, at: float = 0) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * len(path.name))
    os.utime(path, (at, at))
    return path


def test_a_repository_is_made_ready_once(tmp_path: Path) -> None:
    ran: list[str] = []

    class Listening:
        def run(self, command: Command, *, check: bool = True) -> Result:
            ran.append(command.argv[-1])
            return Result(status=0, stdout=b"", stderr=b"")

    engine = PgBackRest(runner=Listening(), repository=tmp_path)
    engine.prepare()
    laid(tmp_path, "backup/main/backup.info")
    engine.prepare()
    assert ran == ["stanza-create"]


def test_the_newest_copy_is_the_newest_manifest_with_its_final_name(tmp_path: Path) -> None:
    assert repository.newest_copy(tmp_path) is None
    laid(tmp_path, "backup/main/20261125-023502F/backup.manifest", at=1000)
    laid(tmp_path, "backup/main/20261125-024502I/backup.manifest.copy", at=2000)
    assert repository.newest_copy(tmp_path) == datetime.fromtimestamp(1000, UTC)


def test_the_newest_segment_is_whole_and_of_the_newest_cluster(tmp_path: Path) -> None:
    assert repository.newest_segment(tmp_path) is None
    archive = "archive/main/15-1/0000000100000000"
    laid(tmp_path, f"{archive}/000000010000000000000005-{'a' * 40}.zst")
    laid(tmp_path, f"{archive}/000000010000000000000006-{'a' * 40}.zst.pgbackrest.tmp")
    laid(tmp_path, f"{archive}/000000010000000000000005.00000028.backup")
    laid(tmp_path, "archive/main/archive.info")
    laid(tmp_path, "archive/main/15-1/00000002.history")
    assert repository.newest_segment(tmp_path) == "000000010000000000000005"
    laid(tmp_path, f"archive/main/15-1/0000000200000000/000000020000000000000006-{'b' * 40}.zst")
    assert repository.newest_segment(tmp_path) == "000000020000000000000006"
    laid(tmp_path, f"archive/main/17-10/0000000100000000/000000010000000000000001-{'c' * 40}.zst")
    assert repository.newest_segment(tmp_path) == "000000010000000000000001"


def test_whole_segments_of_the_newest_cluster_are_kept_on_all_timelines(tmp_path: Path) -> None:
    assert repository.segments(tmp_path) == ()
    old = "archive/main/15-1/0000000100000000"
    laid(tmp_path, f"{old}/000000010000000000000001-{'a' * 40}.zst")
    new = "archive/main/17-2"
    laid(tmp_path, f"{new}/0000000100000000/000000010000000000000002-{'a' * 40}.zst")
    laid(tmp_path, f"{new}/0000000100000000/000000010000000000000003.partial-{'a' * 40}.zst")
    laid(tmp_path, f"{new}/0000000200000000/000000020000000000000003-{'a' * 40}.zst")
    laid(tmp_path, f"{new}/00000002.history")
    assert repository.segments(tmp_path) == (
        "000000010000000000000002",
        "000000020000000000000003",
    )


class Repository:
    """Answers as the engine and apt's program do, and remembers what it was asked for."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.asked: list[str] = []
        self.compressed = b""

    def run(self, command: Command, *, check: bool = True) -> Result:
        self.asked.append(command.argv[-1])
        if "repo-get" in command.argv:
            assert "--log-level-console=off" in command.argv, "warnings would stand in the file"
            return Result(status=0, stdout=b"packed " + self.content, stderr=b"")
        self.compressed = Path(command.argv[-1]).read_bytes()
        return Result(status=0, stdout=self.content, stderr=b"")


def test_a_segment_is_fetched_through_the_engine_and_unpacked_in_memory(tmp_path: Path) -> None:
    name = "000000020000000000000003"
    path = f"archive/main/15-1/0000000200000000/{name}-{'a' * 40}.zst"
    laid(tmp_path, path)
    runner = Repository(b"wal")
    engine = PgBackRest(runner=runner, repository=tmp_path)
    assert engine.segment(name) == b"wal"
    assert runner.asked[0] == path
    assert runner.compressed == b"packed wal"
    assert runner.asked[1].startswith("/dev/shm/")
    assert not Path(runner.asked[1]).exists()
    with pytest.raises(CannotVerify, match="000000020000000000000004 is not in the repository"):
        engine.segment("000000020000000000000004")


class Restoring:
    """Takes what the engine is told, and leaves behind what an interrupted restore does."""

    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []

    def run(self, command: Command, *, check: bool = True) -> Result:
        self.told.append(command.argv)
        return Result(status=0, stdout=b"", stderr=b"")


def folders(tmp_path: Path) -> tuple[Path, Path]:
    data, tablespaces = tmp_path / "data", tmp_path / "tablespaces"
    data.mkdir()
    tablespaces.mkdir()
    return data, tablespaces


def test_a_restore_to_a_moment_names_the_copy_the_moment_and_a_lock_of_its_own(
    tmp_path: Path,
) -> None:
    data, tablespaces = folders(tmp_path)
    runner = Restoring()
    moment = datetime(2026, 11, 25, 3, 5, 7, 250000, tzinfo=UTC)
    engine = PgBackRest(runner=runner, repository=tmp_path)
    engine.restore(data, tablespaces, Target(copy="20261125-023502F", moment=moment))
    assert runner.told[0][-5:] == (
        "--set=20261125-023502F",
        f"--lock-path={tmp_path}/locks",
        "--type=time",
        "--target=2026-11-25 03:05:07.250000+00",
        "--target-action=promote",
    )
    assert "--archive-mode=off" in runner.told[0]
    engine.restore(data, tablespaces, Target(copy="20261125-023502F", moment=None))
    assert not any(word.startswith(("--type", "--target")) for word in runner.told[1])


def asked_for_wal(told: tuple[str, ...]) -> str:
    (word,) = (each for each in told if each.startswith("--recovery-option="))
    return word.removeprefix("--recovery-option=restore_command=")


def test_wal_is_asked_of_the_repository_then_beside_it_and_then_there_again(tmp_path: Path) -> None:
    data, tablespaces = folders(tmp_path)
    beside, runner = tmp_path / "100% received", Restoring()
    engine = PgBackRest(runner=runner, repository=tmp_path, beside=beside)
    engine.restore(data, tablespaces)
    beside.mkdir()
    engine.restore(data, tablespaces)
    alone, (first, fetch, again) = (
        asked_for_wal(runner.told[0]),
        asked_for_wal(runner.told[1]).split(" || "),
    )
    assert alone == first == again
    assert shlex.split(first)[-3:] == ["archive-get", "%f", "%p"]
    assert f"--pg1-path={data}" in first
    words = shlex.split(fetch)
    assert words[-3:] == [str(beside).replace("%", "%%"), "%f", "%p"]
    assert words[1:3] == ["-m", fetching.__name__]


def test_a_database_machine_asks_the_same_repository_for_wal_as_for_the_copy(
    tmp_path: Path,
) -> None:
    data, tablespaces = folders(tmp_path)
    runner = Restoring()
    engine = Afar(runner=runner, number=2)
    engine.restore(data, tablespaces, Target(copy="20261125-023502F", moment=None))
    words = shlex.split(asked_for_wal(runner.told[0]))
    assert {"--repo=2", f"--lock-path={tmp_path}/locks", f"--config={DATABASE_CONF}"} <= set(words)
    assert not any(word.startswith("--set=") for word in words)


def test_a_segment_is_added_under_its_own_name_and_then_kept(tmp_path: Path) -> None:
    runner, name = Restoring(), "000000010000000000000005"
    engine = PgBackRest(runner=runner, repository=tmp_path)
    assert not engine.keeps(name)
    assert not engine.keeps("00000002.history")
    engine.add(tmp_path / name)
    assert runner.told[0][-2:] == ("archive-push", str(tmp_path / name))
    laid(tmp_path, f"archive/main/15-1/0000000100000000/{name}-{'a' * 40}.zst")
    laid(tmp_path, "archive/main/15-1/00000002.history")
    assert engine.keeps(name)
    assert engine.keeps("00000002.history")
    assert engine.newest_segment() == name


def test_what_an_interrupted_restore_left_is_gone_on_with_where_the_engine_knows_it(
    tmp_path: Path,
) -> None:
    data, tablespaces = folders(tmp_path)
    runner = Restoring()
    engine = PgBackRest(runner=runner, repository=tmp_path)
    target = Target(copy="20261125-023502F", moment=None)
    (data / "base").mkdir()
    (data / "pg_hba.conf").touch()
    engine.restore(data, tablespaces, target)
    assert list(data.iterdir()) == [], "the engine would refuse it"
    laid(data, "backup.manifest")
    laid(data, "base/1")
    engine.restore(data, tablespaces, target)
    assert [("--delta" in each) for each in runner.told] == [False, True]
    assert (data / "base" / "1").exists()


def test_a_history_is_fetched_as_it_is(tmp_path: Path) -> None:
    laid(tmp_path, "archive/main/15-1/00000002.history")
    runner = Repository(b"1\t0/B0000A0\tno recovery target specified\n")
    engine = PgBackRest(runner=runner, repository=tmp_path)
    assert engine.history(2).startswith("packed 1\t0/B0000A0")
    assert runner.asked == ["archive/main/15-1/00000002.history"]
    with pytest.raises(CannotVerify, match="history of timeline 3"):
        engine.history(3)
