import pytest

from standfast.evidence import merkle
from standfast.evidence.edge import EMPTY, grow
from standfast.evidence.rows import NO_ROWS, rows
from standfast.evidence.tiles import hash_tiles

LEAVES = [merkle.leaf_hash(b"%d" % n) for n in range(66_000)]


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 700, 65_536, 66_000])
def test_rows_give_the_tiles_and_the_root_of_the_tree(size):
    leaves = tuple(LEAVES[:size])
    found = rows(leaves)
    assert found.root() == merkle.root(leaves)
    growth = grow(EMPTY, leaves)
    assert [(each, found.tile(each)) for each in hash_tiles(size)] == sorted(
        growth.tiles, key=lambda each: (each[0].level, each[0].index)
    )


@pytest.mark.parametrize("before", [0, 1, 255, 256, 300, 700])
def test_rows_that_grow_are_those_that_are_made_at_once(before):
    leaves = tuple(LEAVES[:700])
    assert rows(leaves, rows(leaves[:before])) == rows(leaves)


def test_what_was_there_before_counts_for_nothing_where_it_differs():
    leaves = tuple(LEAVES[:600])
    other = rows((merkle.leaf_hash(b"x"), *leaves[1:]))
    assert rows(leaves, other) == rows(leaves)
    assert rows(leaves[:100], rows(leaves)) == rows(leaves[:100])
    assert rows((), other) == NO_ROWS
