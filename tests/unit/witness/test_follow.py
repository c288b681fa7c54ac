"""A witness that follows a log cosigns what continues it, and says why it does not."""

from pathlib import Path

import pytest

from standfast.core.errors import BrokenInvariant
from standfast.evidence.cosignature import cosignatures, cosigner
from standfast.evidence.note import joined
from standfast.evidence.transport import FolderTransport
from standfast.evidence.witness import CHECKPOINT, Reason, Witness
from standfast.mechanisms.witness.follow import look

from .conftest import ANN, NOON, Kept


def test_a_log_that_grows_is_cosigned_each_time(log: Kept, witness: Witness) -> None:
    for count in (1, 300, 5, 0):
        if count:
            log.grow(count)
        found = look(log.transport, witness, NOON)
        assert found.status == 0, found.words
        assert found.shown == witness.last
        (line,) = cosignatures(joined(log.note, [found.line]), [cosigner(ANN)])
        assert line.moment == NOON
    assert witness.last.size == 309
    assert found.document()["size"] == found.document()["size_before"] == 309


def test_a_fork_of_the_same_size_and_a_longer_one_are_refused(
    log: Kept, witness: Witness, tmp_path: Path
) -> None:
    look(log.transport, witness, NOON)
    same = log.fork(tmp_path / "same", size=2, count=1)
    longer = log.fork(tmp_path / "longer", size=2, count=7)
    for forked, reason in ((same, Reason.FORK), (longer, Reason.NOT_PROVEN)):
        found = look(forked.transport, witness, NOON)
        assert found.refused is not None
        assert (found.refused.reason, found.status, found.line) == (reason, 1, "")
        assert witness.refused(reason) == forked.note == found.note
        assert found.document()["refused"]["reason"] == reason
    assert look(log.transport, witness, NOON).status == 0


def test_an_older_checkpoint_is_refused(log: Kept, witness: Witness, tmp_path: Path) -> None:
    older = Kept(tmp_path / "older")
    older.grow(2)
    look(log.transport, witness, NOON)
    found = look(older.transport, witness, NOON)
    assert found.refused is not None
    assert found.refused.reason is Reason.ROLLBACK


def test_what_cannot_be_read_is_no_refusal(log: Kept, witness: Witness, tmp_path: Path) -> None:
    found = look(FolderTransport(tmp_path / "nowhere"), witness, NOON)
    assert (found.status, found.problem) == (3, "the log has no checkpoint")
    look(log.transport, witness, NOON)
    log.grow(2)
    for tile in (log.folder / "tile/0/000.p").iterdir():
        tile.unlink()
    found = look(log.transport, witness, NOON)
    assert (found.status, found.refused) == (3, None)
    assert witness.last.size == 3
    (log.folder / CHECKPOINT).write_bytes(b"<html>")
    assert look(log.transport, witness, NOON).status == 3


def test_a_witness_that_lost_its_memory_stops(log: Kept, witness: Witness) -> None:
    look(log.transport, witness, NOON)
    (witness.place / CHECKPOINT).write_bytes(b"")
    with pytest.raises(BrokenInvariant):
        look(log.transport, witness, NOON)
