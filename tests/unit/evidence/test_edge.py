from standfast.evidence import merkle
from standfast.evidence.edge import EMPTY, Edge, grow
from standfast.evidence.tiles import hash_tiles

LEAVES = [merkle.leaf_hash(b"%d" % n) for n in range(1500)]


def test_a_tree_grown_in_any_steps_has_the_root_of_the_whole():
    for step in (1, 3, 100, 255, 256, 257, 700, 1500):
        edge = EMPTY
        for at in range(0, len(LEAVES), step):
            edge = grow(edge, LEAVES[at : at + step]).edge
            assert edge.size == min(at + step, len(LEAVES))
            assert edge.root() == merkle.root(LEAVES[: edge.size])


def test_the_tiles_written_on_the_way_are_those_that_a_reader_asks_for():
    for step in (100, 256, 300):
        edge, written = EMPTY, {}
        for at in range(0, len(LEAVES), step):
            growth = grow(edge, LEAVES[at : at + step])
            edge = growth.edge
            written |= dict(growth.tiles)
            assert set(hash_tiles(edge.size)) <= set(written)
        for tile, hashes in written.items():
            assert len(hashes) == tile.width
            below = 256**tile.level
            for at, each in enumerate(hashes):
                first = (tile.first + at) * below
                assert each == merkle.root(LEAVES[first : first + below])


def test_the_root_is_right_where_three_levels_are_incomplete():
    """65,536 + 256 + 1 hashes: with equal leaves the full subtrees are cheap to know."""
    leaf = merkle.leaf_hash(b"")
    full = [leaf]
    while len(full) < 17:
        full.append(merkle.node_hash(full[-1], full[-1]))
    edge = Edge(size=65_536 + 256 + 1, levels=((leaf,), (full[8],), (full[16],)))
    assert edge.root() == merkle.node_hash(full[16], merkle.node_hash(full[8], leaf))


def test_an_edge_of_nothing_has_the_root_of_nothing():
    assert EMPTY.root() == merkle.root([])
