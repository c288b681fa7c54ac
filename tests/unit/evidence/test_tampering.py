"""Whatever is done to a copy gives another root than the one that was signed."""

import pytest

from standfast.core.errors import CannotVerify, Refused
from standfast.evidence.read import read_log
from standfast.evidence.tampering import Bent, Change, Way, bent, drawn
from standfast.evidence.tiles import bundles, hash_tiles
from standfast.evidence.transport import FolderTransport


@pytest.fixture(params=[2, 3, 256, 300], ids="{} entries".format)
def log(request, told, tmp_path, open_log):
    told.enrol()
    slot = told.slot(0, 24)
    while len(told.predicates) < request.param:
        told.prove(slot, len(told.predicates) / 100)
    open_log(tmp_path / "log").append(told.leaves())
    return FolderTransport(tmp_path / "log"), len(told.predicates)


def complaints(log, told):
    try:
        return read_log(log, told.vkey).complaints
    except CannotVerify as error:
        return (error.problem,)


def test_the_log_itself_is_whole(log, told):
    transport, _ = log
    assert complaints(transport, told) == ()
    assert complaints(Bent(under=transport, files={}), told) == ()


@pytest.mark.parametrize("way", Way)
def test_every_way_is_noticed_at_every_edge(log, told, way):
    transport, size = log
    for index in sorted({0, 1, size // 2, size - 2, size - 1, *(i for i in (255,) if i < size)}):
        assert complaints(bent(transport, size, Change(way=way, index=index)), told), index


def test_new_hashes_agree_with_the_entries_and_only_the_signature_does_not(log, told):
    """So that what is noticed is the root, and not a hash that was forgotten."""
    transport, size = log
    other = bent(transport, size, Change(way=Way.REHASHED, index=0))
    said, *_ = complaints(other, told)
    assert "root" in said
    assert set(other.files) >= {
        next(bundles(size)).path,
        *(each.path for each in hash_tiles(size) if each.index == 0),
    }


def test_what_is_drawn_has_every_way_with_both_ends_and_follows_the_seed():
    changes = drawn(300, 3, 7)
    assert len(changes) == 3 * len(Way)
    for way in Way:
        assert [each.index for each in changes if each.way is way][:2] == [0, 299]
    assert changes == drawn(300, 3, 7)
    assert changes != drawn(300, 3, 8)
    assert str(changes[0]) == "entry 0 altered"


def test_a_log_of_one_entry_is_too_short():
    with pytest.raises(Refused):
        drawn(1, 3, 7)
