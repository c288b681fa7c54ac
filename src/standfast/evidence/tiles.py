"""Where a log's files are and what is in them, byte for byte (C2SP tlog-tiles).

A tile holds up to 256 hashes of one level of the tree, or up to 256 entries. Full tiles never
change. The last one of a level is partial and has its width in its path, so it never changes
either: a wider one is another file.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from standfast.core.errors import CannotVerify
from standfast.evidence.merkle import HASH_BYTES

WIDTH = 256
ENTRY_LIMIT_BYTES = 65_535
"""The length of an entry is written in two bytes."""

LENGTH_BYTES = 2
BUNDLE_LIMIT_BYTES = WIDTH * (LENGTH_BYTES + ENTRY_LIMIT_BYTES)

ENTRIES: Literal["entries"] = "entries"
CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """`level` 0 holds hashes of leaves; each full tile is one hash in the level above."""

    level: int | Literal["entries"]
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        partial = "" if self.full else f".p/{self.width}"
        return f"tile/{self.level}/{numbered(self.index)}{partial}"

    @property
    def partial_folder(self) -> str:
        """Where the narrower versions of this tile are, before it is full."""
        return f"tile/{self.level}/{numbered(self.index)}.p"

    @property
    def widened(self) -> "Tile":
        return Tile(level=self.level, index=self.index)

    @property
    def full(self) -> bool:
        return self.width == WIDTH

    @property
    def first(self) -> int:
        """The number, within its level, of the first hash or entry in it."""
        return self.index * WIDTH


def numbered(index: int) -> str:
    """1234067 is written `x001/x234/067`."""
    groups = [f"{index % 1000:03}"]
    while index >= 1000:
        index //= 1000
        groups.append(f"x{index % 1000:03}")
    return "/".join(reversed(groups))


def bundles(size: int) -> Iterator[Tile]:
    """The tiles that hold the entries of a log of this size."""
    return _row(ENTRIES, size)


def hash_tiles(size: int) -> Iterator[Tile]:
    """The tiles that hold the hashes of a log of this size, from the leaves up."""
    level = 0
    while size:
        yield from _row(level, size)
        level, size = level + 1, size // WIDTH


def hash_tiles_at_the_edge(size: int) -> Iterator[Tile]:
    """The tile being filled at each level, also where nothing is in it yet (width 0).

    It is all that an append has to read.
    """
    level = 0
    while size:
        yield Tile(level=level, index=size // WIDTH, width=size % WIDTH)
        level, size = level + 1, size // WIDTH


def _row(level: int | Literal["entries"], size: int) -> Iterator[Tile]:
    full, width = divmod(size, WIDTH)
    for index in range(full):
        yield Tile(level=level, index=index)
    if width:
        yield Tile(level=level, index=full, width=width)


def written_hashes(hashes: Iterable[bytes]) -> bytes:
    return b"".join(hashes)


def read_hashes(data: bytes) -> tuple[bytes, ...]:
    if len(data) % HASH_BYTES:
        raise CannotVerify(f"a tile of {len(data)} bytes is cut off")
    return tuple(data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES))


def written_entries(entries: Sequence[bytes]) -> bytes:
    return b"".join(len(each).to_bytes(LENGTH_BYTES, "big") + each for each in entries)


def read_entries(data: bytes) -> tuple[bytes, ...]:
    entries, at = [], 0
    while at < len(data):
        start = at + LENGTH_BYTES
        at = start + int.from_bytes(data[start - LENGTH_BYTES : start], "big")
        if at > len(data) or start > len(data):
            raise CannotVerify(f"a bundle of {len(data)} bytes is cut off")
        entries.append(data[start:at])
    return tuple(entries)


def contents(tile: Tile, data: bytes) -> tuple[bytes, ...]:
    return read_entries(data) if tile.level == ENTRIES else read_hashes(data)


def narrowed(tile: Tile, full: bytes) -> bytes:
    """The bytes of a partial tile, out of those of the full one."""
    kept = contents(tile, full)[: tile.width]
    return written_entries(kept) if tile.level == ENTRIES else written_hashes(kept)
