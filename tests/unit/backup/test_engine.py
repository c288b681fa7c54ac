"""What is read of the first engine: its own word, and its repository's files."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from standfast.core.command import Command, Result
from standfast.core.errors import CannotVerify
from standfast.mechanisms.backup.engine import Kind
from standfast.mechanisms.backup.pgbackrest import info, repository
from standfast.mechanisms.backup.pgbackrest.machine import PgBackRest


def said(*backups: dict[str, Any], code: int = 0, message: str = "ok") -> str:
    """As `pgbackrest info --output=json` of 2.45 prints it, shortened to what is read."""
    status = {"code": code, "message": message}
    return json.dumps(
        [{"name": "main", "backup": list(backups), "repo": [{"key": 2, "status": status}]}]
    )


def backup(label: str, kind: str, start: int, stop: int, **more: Any) -> dict[str, Any]:
    return {"label": label, "type": kind, "timestamp": {"start": start, "stop": stop}, **more}


FULL = backup("20261125-023502F", "full", 1795574102, 1795574106, error=False)
INCREMENTAL = backup("20261125-023502F_20261125-024502I", "incr", 1795574702, 1795574703)


def test_copies_come_oldest_first_with_their_kind_and_times() -> None:
    older, newer = info.copies(said(INCREMENTAL, FULL))
    assert (older.name, older.kind) == ("20261125-023502F", Kind.FULL)
    assert older.began_at == datetime(2026, 11, 25, 2, 35, 2, tzinfo=UTC)
    assert (newer.kind, newer.finished_at.minute) == (Kind.INCREMENTAL, 45)


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
