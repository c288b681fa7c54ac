"""The proof that a log has only grown, made of few of its tiles (RFC 9162, 2.1.4.1).

`merkle.consistency_proof` makes the same one from all leaves. Here a subtree that is full is read
as hashes of the highest level that has it, so that a log of any size costs some tiles.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache

from standfast.core.errors import CannotVerify
from standfast.evidence import merkle
from standfast.evidence.tiles import WIDTH, Tile, read_hashes

WIDTH_BITS = WIDTH.bit_length() - 1

Read = Callable[[Tile], bytes]
"""Return a tile's bytes, of as many hashes as its width says."""


def proof(read: Read, old_size: int, size: int) -> tuple[bytes, ...]:
    """The hashes that lead from the smaller to the larger root; none from or to nothing. Whether
    the tiles are the right ones shows when the proof is checked."""
    if old_size in (0, size):
        return ()
    if not 0 < old_size < size:
        raise ValueError(f"no consistency from size {old_size} to {size}")
    return tuple(_Tree(read, size).subproof(old_size, 0, size, whole=True))


class _Tree:
    """The tree of a log of this size; subtrees are named by their first leaf and the one after
    their last."""

    def __init__(self, read: Read, size: int) -> None:
        self._size = size
        self._hashes = cache(lambda level, index: self._read(read, level, index))

    def subproof(self, old_size: int, start: int, end: int, *, whole: bool) -> Iterator[bytes]:
        if old_size == end:
            if not whole:
                yield self.root(start, end)
            return
        middle = start + merkle.split(end - start)
        if old_size <= middle:
            yield from self.subproof(old_size, start, middle, whole=whole)
            yield self.root(middle, end)
        else:
            yield from self.subproof(old_size, middle, end, whole=False)
            yield self.root(start, middle)

    def root(self, start: int, end: int) -> bytes:
        width = end - start
        if width & (width - 1):
            middle = start + merkle.split(width)
            return merkle.node_hash(self.root(start, middle), self.root(middle, end))
        level = (width.bit_length() - 1) // WIDTH_BITS
        unit = WIDTH**level
        index, at = divmod(start // unit, WIDTH)
        return merkle.root(self._hashes(level, index)[at : at + width // unit])

    def _read(self, read: Read, level: int, index: int) -> Sequence[bytes]:
        width = min(WIDTH, self._size // WIDTH**level - index * WIDTH)
        hashes = read_hashes(read(Tile(level=level, index=index, width=width)))
        if len(hashes) < width:
            raise CannotVerify(f"tile {index} of level {level} has {len(hashes)} hashes of {width}")
        return hashes[:width]
