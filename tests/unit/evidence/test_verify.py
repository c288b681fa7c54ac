import shutil

import pytest
from tests.unit.written import WrittenLog

from standfast.core.errors import CannotVerify
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.note import vkey
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.tiles import read_entries, written_entries
from standfast.evidence.transport import FolderTransport
from standfast.evidence.verify import verify
from standfast.promises.model import Grade, State


@pytest.fixture
def check(tmp_path, kept, hour):
    def verified(pinned=None):
        return verify(FolderTransport(tmp_path), kept.vkey, now=hour(2), pinned=pinned)

    return verified


def test_what_was_appended_is_verified_from_the_key_and_the_folder_alone(
    tmp_path, kept, open_log, check
):
    open_log(tmp_path).append(kept.leaves())
    found = check()
    assert found.complaints == ()
    kinds = [each.kind for each in found.record.entries]
    assert kinds == ["notice", "slot", "proof", "calibration"]
    (state,) = found.states
    assert (state.state, state.grade) == (State.KEPT, Grade.REHEARSED)


def test_one_altered_entry_is_named_and_nothing_is_kept_any_more(tmp_path, kept, open_log, check):
    open_log(tmp_path).append([*kept.leaves(), kept.leaves()[2]])
    path = tmp_path / "tile/entries/000.p/5"
    entries = list(read_entries(path.read_bytes()))
    entries[4] = entries[4].replace(b"A", b"B", 1)
    path.write_bytes(written_entries(entries))
    found = check()
    assert found.complaints == ("entry 4 has been altered or dropped",)
    (state,) = found.states
    assert state.state is State.UNPROVEN
    assert "entry 4" in state.reason


def test_a_log_that_has_grown_since_it_was_last_verified_is_in_order(
    tmp_path, kept, open_log, check
):
    log = open_log(tmp_path)
    for leaf in kept.leaves():
        log.append([leaf])
        pinned = check().record.checkpoint
        assert check(pinned).complaints == ()
    log.append(kept.leaves()[2:3] * 300)
    assert check(pinned).complaints == ()


def test_a_log_that_was_rewritten_with_its_own_key_is_caught(tmp_path, kept, open_log, check):
    """The operator drops a proof and signs a new history. Only who saw the old one can tell."""
    kept.notice(1.6)
    open_log(tmp_path).append(kept.leaves())
    pinned = check().record.checkpoint
    shutil.rmtree(tmp_path)
    kept.predicates[4:] = []
    kept.notice(1.7)
    open_log(tmp_path).append([*kept.leaves(), kept.leaves()[2]])
    assert check().complaints == ()
    assert check().states[0].state is State.KEPT
    found = check(pinned)
    assert found.complaints == ("the first 5 entries are not those that were last verified",)
    assert found.states[0].state is State.UNPROVEN


def test_a_log_that_became_shorter_is_caught(tmp_path, kept, open_log, check):
    open_log(tmp_path).append(kept.leaves())
    pinned = check().record.checkpoint
    shutil.rmtree(tmp_path)
    open_log(tmp_path).append(kept.leaves()[:2])
    assert check(pinned).complaints == ("the log has 2 entries, it had 4 when last verified",)


def test_a_pinned_checkpoint_of_another_log_is_caught(tmp_path, kept, open_log, check):
    open_log(tmp_path).append(kept.leaves())
    other = Checkpoint(origin="another.example.test", size=1, root=bytes(32))
    assert "it was called another.example.test" in check(other).complaints[0]


def test_when_nothing_can_be_believed_the_past_cannot_be_shown_either(
    tmp_path, kept, open_log, check
):
    open_log(tmp_path).append(kept.leaves())
    pinned = check().record.checkpoint
    (tmp_path / "tile/entries/000.p/4").unlink()
    (tmp_path / "tile/0/000.p/4").unlink()
    found = check(pinned)
    assert found.complaints == (
        "the entries do not give the root signed for 4 of them",
        "it cannot be shown that the log still begins with what was last verified",
    )
    assert found.states == ()


def test_a_log_signed_by_another_key_of_the_same_name_is_not_this_log(tmp_path, kept, check):
    impostor = Ed25519Signer.from_seed(kept.log_signer.name, bytes([66] * 32))
    WrittenLog(tmp_path, impostor).append(kept.leaves())
    assert vkey(impostor) != kept.vkey
    with pytest.raises(CannotVerify, match="no known key"):
        check()


def test_where_there_is_no_log_there_is_nothing_to_verify(check):
    with pytest.raises(CannotVerify, match="no checkpoint"):
        check()
