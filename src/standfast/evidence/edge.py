"""The right edge of the tree: all that must be known to append to a log of any size.

Everything left of it is in full tiles and can never change again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from standfast.evidence import merkle
from standfast.evidence.tiles import WIDTH, Tile


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`levels[L]` are the hashes in the partial tile of level L, fewer than 256 of them."""

    size: int
    levels: tuple[tuple[bytes, ...], ...]

    def root(self) -> bytes:
        """Fold from the right: what is incomplete at one level is the last item of the next."""
        rest: list[bytes] = []
        for hashes in self.levels:
            items = [*hashes, *rest]
            rest = [merkle.root(items)] if items else []
        return merkle.root(rest)


EMPTY = Edge(size=0, levels=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    edge: Edge
    tiles: tuple[tuple[Tile, tuple[bytes, ...]], ...]
    """What is to be written before anybody may sign the new size."""


def grow(edge: Edge, leaves: Sequence[bytes]) -> Growth:
    """Add hashes of leaves. Each tile that fills up is one new hash in the level above."""
    tiles: list[tuple[Tile, tuple[bytes, ...]]] = []
    levels: list[tuple[bytes, ...]] = []
    old, rising = edge.size, tuple(leaves)
    while old or rising:
        level = len(levels)
        before = edge.levels[level] if level < len(edge.levels) else ()
        chunks = _chunks(before + rising)
        tiles += [
            (Tile(level=level, index=old // WIDTH + at, width=len(chunk)), chunk)
            for at, chunk in enumerate(chunks)
            if rising and chunk
        ]
        levels.append(chunks[-1])
        old, rising = old // WIDTH, tuple(merkle.root(chunk) for chunk in chunks[:-1])
    return Growth(edge=Edge(size=edge.size + len(leaves), levels=tuple(levels)), tiles=tuple(tiles))


def _chunks(hashes: tuple[bytes, ...]) -> list[tuple[bytes, ...]]:
    """Full tiles, then one that is not full, and may be empty."""
    return [hashes[at : at + WIDTH] for at in range(0, len(hashes) + 1, WIDTH)]
