"""Compare what a server sent with what the log's key signed, and name what differs.

Pure: what was fetched comes in, what can be believed goes out. The signed root decides. When the
tiles of hashes give it, they say what each entry's hash must be, so the altered, dropped or moved
one is known by its number and the others can still be used. When they do not, but the entries give
it, these are the signed ones. When neither gives it, nothing can be believed.

Entries come one bundle after the other and none is kept: a log of years is longer than a small
computer's memory.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from standfast.evidence import merkle
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.rows import NO_ROWS, Rows, rows
from standfast.evidence.tiles import Tile, bundles, hash_tiles

LIST_LIMIT = 20
"""Complaints of one sort in full; beyond them a number says more than a list."""

Found = tuple[bytes, ...] | None
"""What is in a tile or bundle; None where it is missing or cannot be read."""

Content = TypeVar("Content")
"""What was made of an entry's bytes, whatever that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    bundles: Mapping[Tile, Found]
    tiles: Mapping[Tile, Found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """`leaves` are the hashes under the signed root, or None when they could not be found.

    `entries` has a place for each; None where the entry is not the signed one. Without `leaves`
    they are only what was found, good for saying what is wrong with them.
    """

    leaves: tuple[bytes, ...] | None
    entries: tuple[bytes | None, ...]
    complaints: tuple[str, ...]


def inspect(checkpoint: Checkpoint, fetched: Fetched) -> Inspected:
    """Everything at once."""
    inspection: Inspection[bytes] = Inspection(checkpoint, fetched.tiles)
    entries: list[bytes | None] = []
    for tile in bundles(checkpoint.size):
        found = fetched.bundles.get(tile)
        hashes = None if found is None else tuple(map(merkle.leaf_hash, found))
        entries += inspection.placed(tile, hashes, found or ())
    ended = inspection.ended()
    return Inspected(
        leaves=None if ended.rows is None else ended.rows.leaves,
        entries=tuple(entries),
        complaints=ended.complaints,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """`rows` are the hashes under the signed root, or None when they could not be found."""

    rows: Rows | None
    complaints: tuple[str, ...]


class Inspection(Generic[Content]):
    """One reading of a log. `before` are hashes that need not be computed again if they are those
    of its beginning. `signed` is what the tiles give, if that is the signed root."""

    def __init__(
        self, checkpoint: Checkpoint, tiles: Mapping[Tile, Found], before: Rows = NO_ROWS
    ) -> None:
        self.checkpoint = checkpoint
        self._tiles = tiles
        self._before = before
        self._complaints: list[str] = []
        self._hashes: list[bytes] = []
        self._whole = True
        self.signed = self._rooted(_leaves(checkpoint.size, tiles))

    def placed(
        self, tile: Tile, hashes: Sequence[bytes] | None, content: Sequence[Content]
    ) -> Sequence[Content | None]:
        """The content of the next bundle, each entry in its place and None where it is missing.
        `hashes` are those of its entries as they were found; None if nothing was."""
        if self.signed is None:
            self._whole = self._whole and hashes is not None and len(hashes) == tile.width
            self._hashes += hashes or ()
            return [*content[: tile.width], *[None] * (tile.width - len(content))]
        expected = self.expected(tile)
        if hashes is None:
            last = tile.first + tile.width - 1
            self._complaints.append(f"entries {tile.first} to {last} are missing or cannot be read")
            return [None] * tile.width
        if self.agrees(tile, hashes):
            return content
        self._complaints += _misplaced(tile.first, hashes, expected)
        by_hash = dict(zip(hashes, content, strict=True))
        return [by_hash.get(each) for each in expected]

    def expected(self, tile: Tile) -> tuple[bytes, ...]:
        """The hashes of the entries that belong into a bundle; none where they are not known."""
        row = Tile(level=0, index=tile.index, width=tile.width)
        return self.signed.tile(row) if self.signed else ()

    def agrees(self, tile: Tile, hashes: Sequence[bytes] | None) -> bool:
        return hashes is not None and tuple(hashes) == self.expected(tile)

    def ended(self) -> Ended:
        """After the last bundle."""
        found = self.signed or self._rooted(self._hashes if self._whole else None)
        if found is None:
            size = self.checkpoint.size
            wrong = f"the entries do not give the root signed for {size} of them"
            return Ended(rows=None, complaints=(wrong,))
        return Ended(
            rows=found,
            complaints=(*listed(self._complaints), *listed(_wrong_tiles(found, self._tiles))),
        )

    def _rooted(self, leaves: Sequence[bytes] | None) -> Rows | None:
        if leaves is None:
            return None
        found = rows(tuple(leaves), self._before)
        return found if found.root() == self.checkpoint.root else None


def listed(complaints: Sequence[str]) -> tuple[str, ...]:
    rest = len(complaints) - LIST_LIMIT
    return (*complaints[:LIST_LIMIT], *([f"and {rest} more of this sort"] if rest > 0 else []))


def _leaves(size: int, found: Mapping[Tile, Found]) -> tuple[bytes, ...] | None:
    """All hashes of leaves as the tiles have them, or None when one is missing or has not its
    width."""
    row: list[bytes] = []
    for tile in hash_tiles(size):
        if tile.level == 0:
            content = found.get(tile)
            if content is None or len(content) != tile.width:
                return None
            row += content
    return tuple(row)


def _wrong_tiles(signed: Rows, found: Mapping[Tile, Found]) -> list[str]:
    """Tiles that are not what these leaves make: a reader who relies on them would be misled."""
    return [
        f"{tile.path} is missing or not what it must be"
        for tile in hash_tiles(len(signed.leaves))
        if found.get(tile) != signed.tile(tile)
    ]


def _misplaced(first: int, hashes: Sequence[bytes], expected: Sequence[bytes]) -> Iterator[str]:
    present, signed = set(hashes), set(expected)
    in_step = len(hashes) == len(expected)
    for at, each in enumerate(expected):
        if each not in present or (in_step and hashes[at] not in signed):
            yield f"entry {first + at} has been altered or dropped"
        elif in_step and hashes[at] != each:
            yield f"entry {first + at} is not in its place"
    if len(hashes) > len(expected):
        yield f"{len(hashes)} entries lie where {len(expected)} were signed, from {first} on"
