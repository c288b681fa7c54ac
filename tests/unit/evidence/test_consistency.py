"""A proof made of few tiles is the one that is made of all leaves."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standfast.core.errors import CannotVerify
from standfast.evidence import merkle
from standfast.evidence.consistency import proof
from standfast.evidence.tiles import WIDTH, Tile, hash_tiles, written_hashes

LEAVES = [merkle.leaf_hash(b"%d" % number) for number in range(70_000)]
FULL = [merkle.root(LEAVES[at : at + WIDTH]) for at in range(0, len(LEAVES) - WIDTH, WIDTH)]
FULL_OF_FULL = [merkle.root(FULL[:WIDTH])]


def reader(size: int, asked: list[Tile]) -> Callable[[Tile], bytes]:
    there = set(hash_tiles(size))

    def read(tile: Tile) -> bytes:
        assert tile in there, "a tile that a log of this size does not have"
        asked.append(tile)
        assert isinstance(tile.level, int)
        row = (LEAVES, FULL, FULL_OF_FULL)[tile.level]
        return written_hashes(row[tile.first : tile.first + tile.width])

    return read


sizes = st.one_of(
    st.integers(2, 1200),
    st.integers(2, len(LEAVES)),
    st.sampled_from((255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 66_000)),
)


@settings(max_examples=40, deadline=None)
@given(size=sizes, share=st.floats(0, 1))
def test_it_leads_from_any_size_to_any_larger_one(size: int, share: float) -> None:
    old_size = max(1, int(size * share))
    made = proof(reader(size, []), old_size, size)
    assert merkle.consistent(
        old_size=old_size,
        old_root=merkle.root(LEAVES[:old_size]),
        size=size,
        root=merkle.root(LEAVES[:size]),
        proof=made,
    )


@pytest.mark.parametrize(("old_size", "size"), [(1, 2), (3, 7), (300, 1000), (70, 66_000)])
def test_it_is_the_one_that_all_leaves_give(old_size: int, size: int) -> None:
    made = proof(reader(size, []), old_size, size)
    assert list(made) == merkle.consistency_proof(LEAVES[:size], old_size)


def test_a_long_log_costs_some_tiles_each_read_once() -> None:
    asked: list[Tile] = []
    proof(reader(69_999, asked), 40_321, 69_999)
    assert len(asked) == len(set(asked)) < 8


def test_from_nothing_and_to_the_same_there_is_nothing_to_prove() -> None:
    assert proof(reader(5, []), 0, 5) == proof(reader(5, []), 5, 5) == ()


def test_a_log_does_not_lead_to_a_smaller_one() -> None:
    with pytest.raises(ValueError, match="from size 6 to 5"):
        proof(reader(5, []), 6, 5)


def test_a_tile_that_is_cut_off_is_said() -> None:
    with pytest.raises(CannotVerify, match="tile 0 of level 0 has 4 hashes of 7"):
        proof(lambda tile: written_hashes(LEAVES[:4]), 3, 7)
