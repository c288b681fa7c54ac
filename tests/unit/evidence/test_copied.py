from datetime import UTC, datetime

import pytest

from standfast.core.errors import Refused
from standfast.evidence.copied import alter, copy
from standfast.evidence.transport import FolderTransport
from standfast.evidence.verify import verify

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def log(told, tmp_path, open_log):
    """300 entries: one full bundle and a partial one, whose narrower versions are gone."""
    told.enrol()
    slot = told.slot(0, 24)
    while len(told.predicates) < 300:
        told.prove(slot, len(told.predicates) / 100)
    folder = tmp_path / "log"
    open_log(folder).append(told.leaves())
    return folder


def complaints(folder, told):
    found = verify(FolderTransport(folder), told.vkey, now=NOON, pinned=None)
    return found.complaints


def test_a_copy_verifies_like_the_log(log, told, tmp_path):
    assert copy(FolderTransport(log), told.vkey, tmp_path / "copy") == 300
    assert complaints(tmp_path / "copy", told) == ()


@pytest.mark.parametrize("index", [0, 255, 256, 299])
def test_one_altered_bit_is_found_and_its_entry_named(log, told, tmp_path, index):
    folder = tmp_path / "copy"
    alter(folder, copy(FolderTransport(log), told.vkey, folder), index)
    found = complaints(folder, told)
    assert any(f"entry {index} " in each for each in found), found
    assert complaints(log, told) == ()


def test_an_entry_that_is_not_there_cannot_be_altered(log, told, tmp_path):
    size = copy(FolderTransport(log), told.vkey, tmp_path / "copy")
    with pytest.raises(Refused, match="no entry 300"):
        alter(tmp_path / "copy", size, 300)
