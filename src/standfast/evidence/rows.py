"""All hashes of a tree, row above row as its tiles hold them (C2SP tlog-tiles)."""

from collections.abc import Sequence
from dataclasses import dataclass

from standfast.evidence import merkle
from standfast.evidence.edge import Edge
from standfast.evidence.tiles import WIDTH, Tile

Row = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """`levels[0]` are the hashes of the leaves; each full tile is one hash in the row above."""

    levels: tuple[Row, ...] = ()

    @property
    def leaves(self) -> Row:
        return self.levels[0] if self.levels else ()

    def tile(self, tile: Tile) -> Row:
        assert tile.level != "entries"
        return self.levels[tile.level][tile.first : tile.first + tile.width]

    def root(self) -> bytes:
        edge = tuple(row[len(row) // WIDTH * WIDTH :] for row in self.levels)
        return Edge(size=len(self.leaves), levels=edge).root()


NO_ROWS = Rows()


def rows(leaves: Sequence[bytes], before: Rows = NO_ROWS) -> Rows:
    """`before` is not computed again where it is of the first of these leaves."""
    known = before.levels if before.leaves == leaves[: len(before.leaves)] else ()
    levels: list[Row] = []
    row = tuple(leaves)
    while row:
        levels.append(row)
        above = known[len(levels)] if len(levels) < len(known) else ()
        new = range(len(above) * WIDTH, len(row) // WIDTH * WIDTH, WIDTH)
        row = (*above, *(merkle.root(row[at : at + WIDTH]) for at in new))
    return Rows(tuple(levels))
