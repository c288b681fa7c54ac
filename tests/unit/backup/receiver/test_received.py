"""How others read what was received, while files come and go."""

import io
import tarfile
from pathlib import Path

from tests.unit.clocks import HandClock

from standfast.mechanisms.backup import wal
from standfast.mechanisms.backup.receiver import fetch, look
from standfast.mechanisms.backup.receiver.received import Received, packed

A, B = wal.name(1, 4), wal.name(1, 5)
HISTORY = "00000002.history"


def put(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content.ljust(wal.SEGMENT_BYTES, b"\0"))


def filled(folder: Path) -> Received:
    put(folder, A, b"first")
    put(folder, f"{B}.partial", b"second")
    (folder / HISTORY).write_bytes(b"1\t0/4000318\tno recovery target specified\n")
    (folder / "notes").touch()
    return Received(folder=folder)


def test_an_unfinished_segment_is_one_of_them(tmp_path: Path) -> None:
    received = filled(tmp_path)
    assert received.segments() == (A, B)
    assert (received.read(B) or b"").startswith(b"second")
    assert received.read(wal.name(1, 6)) is None


def test_a_segment_of_another_size_is_none(tmp_path: Path) -> None:
    """There was no room for all of it."""
    (tmp_path / f"{B}.partial").write_bytes(b"torn")
    assert Received(folder=tmp_path).read(B) is None


def test_where_nothing_is_received_there_is_nothing() -> None:
    nothing = Received(folder=Path("/nowhere"))
    assert (nothing.segments(), nothing.read(A)) == ((), None)
    with tarfile.open(fileobj=io.BytesIO(packed(nothing))) as archive:
        assert archive.getnames() == []


def test_all_of_it_is_packed_under_the_names_that_are_asked_for(tmp_path: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(packed(filled(tmp_path)))) as archive:
        assert archive.getnames() == [HISTORY, A, B]
        assert archive.getmember(B).size == wal.SEGMENT_BYTES


def test_a_server_that_replays_is_given_it_or_told_that_there_is_none(tmp_path: Path) -> None:
    filled(tmp_path)
    target = tmp_path / "RECOVERYXLOG"
    assert fetch.main(str(tmp_path), B, str(target)) == 0
    assert target.read_bytes().startswith(b"second")
    assert target.stat().st_size == wal.SEGMENT_BYTES
    target.unlink()
    for missing in (wal.name(2, 5), "00000003.history", f"{A}.00000028.backup"):
        assert fetch.main(str(tmp_path), missing, str(target)) == 1
    assert not target.exists()


def test_a_word_is_found_in_the_files_themselves_or_is_not(tmp_path: Path) -> None:
    received, clock = filled(tmp_path), HandClock()
    assert look.wait(received, b"second", 5, clock)
    assert clock.seconds == 0
    assert not look.wait(received, b"third", 5, clock)
    assert clock.seconds >= 5
