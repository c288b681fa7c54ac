import pytest

from standfast.core.errors import CannotVerify
from standfast.evidence.tiles import (
    Tile,
    bundles,
    hash_tiles,
    narrowed,
    numbered,
    read_entries,
    read_hashes,
    written_entries,
)


@pytest.mark.parametrize(
    ("index", "path"),
    [
        (0, "000"),
        (999, "999"),
        (1000, "x001/000"),
        (1234067, "x001/x234/067"),
        (1000000, "x001/x000/000"),
    ],
)
def test_numbers_are_written_in_groups_of_three_digits(index, path):
    assert numbered(index) == path


def test_the_example_of_the_format_needs_the_tiles_that_it_says():
    paths = [tile.path for tile in hash_tiles(70_000)]
    assert len([each for each in paths if each.startswith("tile/0/")]) == 274
    assert paths[:2] == ["tile/0/000", "tile/0/001"]
    assert paths[-4:] == [
        "tile/0/273.p/112",
        "tile/1/000",
        "tile/1/001.p/17",
        "tile/2/000.p/1",
    ]


def test_a_tile_of_width_zero_is_never_asked_for():
    assert [tile.path for tile in hash_tiles(256)] == ["tile/0/000", "tile/1/000.p/1"]
    assert [tile.path for tile in bundles(256)] == ["tile/entries/000"]
    assert [*hash_tiles(0), *bundles(0)] == []
    for size in range(1, 1100):
        assert all(1 <= tile.width <= 256 for tile in (*hash_tiles(size), *bundles(size)))


def test_the_widths_of_the_bundles_are_the_size():
    for size in range(1100):
        assert sum(tile.width for tile in bundles(size)) == size


def test_entries_survive_being_written_and_read():
    for entries in ((), (b"",), (b"one", b"", b"x" * 65_535), tuple(b"%d" % n for n in range(256))):
        assert read_entries(written_entries(entries)) == entries


def test_a_bundle_is_lengths_of_two_bytes_and_entries():
    assert written_entries([b"one", b"three"]) == b"\x00\x03one\x00\x05three"


def test_a_bundle_that_is_cut_off_is_refused_unless_the_cut_falls_between_entries():
    data = written_entries([b"one", b"three"])
    for length in range(1, len(data)):
        if length == 5:
            assert read_entries(data[:length]) == (b"one",)
            continue
        with pytest.raises(CannotVerify, match="cut off"):
            read_entries(data[:length])


def test_a_tile_that_is_cut_off_within_a_hash_is_refused():
    assert read_hashes(bytes(64)) == (bytes(32), bytes(32))
    with pytest.raises(CannotVerify, match="cut off"):
        read_hashes(bytes(63))


def test_a_partial_tile_is_the_beginning_of_the_full_one():
    entries = [b"%d" % n for n in range(256)]
    tile = Tile(level="entries", index=3, width=7)
    assert narrowed(tile, written_entries(entries)) == written_entries(entries[:7])
    hashes = Tile(level=0, index=3, width=7)
    assert narrowed(hashes, bytes(256 * 32)) == bytes(7 * 32)
