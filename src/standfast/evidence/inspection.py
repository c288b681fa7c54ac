"""Compare what a server sent with what the log's key signed, and name what differs.

Pure: what was fetched comes in, what can be believed goes out. The signed root decides. When the
entries give it, they are the signed ones. When they do not, but the tiles give it, the tiles say
what each entry's hash must be, so the altered, dropped or moved one is known by its number and the
others can still be used. When neither gives it, nothing can be believed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from standfast.evidence import merkle
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.edge import EMPTY, grow
from standfast.evidence.tiles import Tile, bundles, hash_tiles

LIST_LIMIT = 20
"""Complaints of one sort in full; beyond them a number says more than a list."""

Found = tuple[bytes, ...] | None
"""What is in a tile or bundle; None where it is missing or cannot be read."""


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
    entries = _all(fetched.bundles, bundles(checkpoint.size))
    if entries is not None:
        leaves = tuple(map(merkle.leaf_hash, entries))
        if merkle.root(leaves) == checkpoint.root:
            wrong = listed(_wrong_tiles(leaves, fetched.tiles))
            return Inspected(leaves=leaves, entries=entries, complaints=wrong)
    return _repaired(checkpoint, fetched) or Inspected(
        leaves=None,
        entries=tuple(_as_found(checkpoint.size, fetched.bundles)),
        complaints=(f"the entries do not give the root signed for {checkpoint.size} of them",),
    )


def _repaired(checkpoint: Checkpoint, fetched: Fetched) -> Inspected | None:
    """Take the hashes from the tiles of level 0, if those give the root."""
    row = (tile for tile in hash_tiles(checkpoint.size) if tile.level == 0)
    leaves = _all(fetched.tiles, row)
    if leaves is None or merkle.root(leaves) != checkpoint.root:
        return None
    placed, complaints = _placed_all(checkpoint.size, leaves, fetched.bundles)
    wrong = listed(_wrong_tiles(leaves, fetched.tiles))
    return Inspected(leaves=leaves, entries=tuple(placed), complaints=(*listed(complaints), *wrong))


def listed(complaints: Sequence[str]) -> tuple[str, ...]:
    rest = len(complaints) - LIST_LIMIT
    return (*complaints[:LIST_LIMIT], *([f"and {rest} more of this sort"] if rest > 0 else []))


def _all(found: Mapping[Tile, Found], wanted: Iterable[Tile]) -> tuple[bytes, ...] | None:
    """Everything in these tiles in a row, or None when one is missing or has not its width."""
    row: list[bytes] = []
    for tile in wanted:
        content = found.get(tile)
        if content is None or len(content) != tile.width:
            return None
        row += content
    return tuple(row)


def _as_found(size: int, found: Mapping[Tile, Found]) -> Iterator[bytes | None]:
    for tile in bundles(size):
        content = (found.get(tile) or ())[: tile.width]
        yield from content
        yield from [None] * (tile.width - len(content))


def _wrong_tiles(leaves: Sequence[bytes], found: Mapping[Tile, Found]) -> list[str]:
    """Tiles that are not what these leaves make: a reader who relies on them would be misled."""
    expected = dict(grow(EMPTY, leaves).tiles)
    return [
        f"{tile.path} is missing or not what it must be"
        for tile in hash_tiles(len(leaves))
        if found.get(tile) != expected[tile]
    ]


def _placed_all(
    size: int, leaves: Sequence[bytes], found: Mapping[Tile, Found]
) -> tuple[list[bytes | None], list[str]]:
    placed: list[bytes | None] = []
    complaints: list[str] = []
    for tile in bundles(size):
        expected = leaves[tile.first : tile.first + tile.width]
        content = found.get(tile)
        if content is None:
            last = tile.first + tile.width - 1
            complaints.append(f"entries {tile.first} to {last} are missing or cannot be read")
            placed += [None] * tile.width
            continue
        placed += _placed(content, expected)
        complaints += _misplaced(tile.first, content, expected)
    return placed, complaints


def _placed(content: Sequence[bytes], expected: Sequence[bytes]) -> Iterator[bytes | None]:
    """Put each entry where its hash belongs; an entry is what its hash says, wherever it lay."""
    by_hash = {merkle.leaf_hash(each): each for each in content}
    return (by_hash.get(each) for each in expected)


def _misplaced(first: int, content: Sequence[bytes], expected: Sequence[bytes]) -> Iterator[str]:
    hashes = [merkle.leaf_hash(each) for each in content]
    present, signed = set(hashes), set(expected)
    in_step = len(hashes) == len(expected)
    for at, each in enumerate(expected):
        if each not in present or (in_step and hashes[at] not in signed):
            yield f"entry {first + at} has been altered or dropped"
        elif in_step and hashes[at] != each:
            yield f"entry {first + at} is not in its place"
    if len(hashes) > len(expected):
        yield f"{len(hashes)} entries lie where {len(expected)} were signed, from {first} on"
