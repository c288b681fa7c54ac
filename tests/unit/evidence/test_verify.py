from standfast.evidence.transport import FolderTransport
from standfast.evidence.verify import verify
from standfast.promises.model import Grade, State


def test_what_was_appended_is_verified_from_the_key_and_the_folder_alone(
    tmp_path, kept, open_log, hour
):
    open_log(tmp_path).append(kept.leaves())
    found = verify(FolderTransport(tmp_path), kept.vkey, now=hour(2), pinned=None)
    assert found.complaints == ()
    assert [each.kind for each in found.record.entries] == [
        "notice",
        "slot",
        "proof",
        "calibration",
    ]
    (state,) = found.states
    assert (state.state, state.grade) == (State.KEPT, Grade.REHEARSED)
