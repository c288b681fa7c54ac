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

    `entries` has a place for each; None where the entry is not the signed one.
    """

    leaves: tuple[bytes, ...] | None
    entries: tuple[bytes | None, ...]
    complaints: tuple[str, ...]


def inspect(checkpoint: Checkpoint, fetched: Fetched) -> Inspected:
    wrong_tiles = _wrong_tiles(checkpoint, fetched.tiles)
    entries = _all(fetched.bundles, bundles(checkpoint.size))
    hashes = [merkle.leaf_hash(each) for each in entries or ()]
    if len(hashes) == checkpoint.size and merkle.root(hashes) == checkpoint.root:
        return Inspected(
            leaves=tuple(hashes), entries=tuple(entries or ()), complaints=listed(wrong_tiles)
        )
    leaves = _all(fetched.tiles, (each for each in hash_tiles(checkpoint.size) if not each.level))
    if leaves is None or merkle.root(leaves) != checkpoint.root:
        problem = f"the entries do not give the root that was signed for {checkpoint.size} of them"
        return Inspected(leaves=None, entries=(), complaints=(problem, *listed(wrong_tiles)))
    placed, complaints = _placed_all(checkpoint.size, leaves, fetched.bundles)
    return Inspected(
        leaves=tuple(leaves),
        entries=tuple(placed),
        complaints=(*listed(complaints), *listed(wrong_tiles)),
    )


def listed(complaints: Sequence[str]) -> tuple[str, ...]:
    rest = len(complaints) - LIST_LIMIT
    return (*complaints[:LIST_LIMIT], *([f"and {rest} more of this sort"] if rest > 0 else []))


def _all(found: Mapping[Tile, Found], wanted: Iterable[Tile]) -> list[bytes] | None:
    """Everything in these tiles in a row, or None when one is missing or has not its width."""
    row: list[bytes] = []
    for tile in wanted:
        content = found.get(tile)
        if content is None or len(content) != tile.width:
            return None
        row += content
    return row


def _wrong_tiles(checkpoint: Checkpoint, found: Mapping[Tile, Found]) -> list[str]:
    """Each tile above the leaves must be the hashes of the full tiles below it."""
    wrong: list[str] = []
    for tile in hash_tiles(checkpoint.size):
        content = found.get(tile)
        if content is None:
            wrong.append(f"{tile.path} is missing or cannot be read")
        elif len(content) != tile.width:
            wrong.append(f"{tile.path} holds {len(content)} hashes instead of {tile.width}")
        elif tile.level:
            wrong += _wrong_hashes(tile, content, found)
    return wrong


def _wrong_hashes(
    tile: Tile, content: Sequence[bytes], found: Mapping[Tile, Found]
) -> Iterator[str]:
    for at, expected in enumerate(content):
        below = Tile(level=int(tile.level) - 1, index=tile.first + at)
        hashes = found.get(below)
        if hashes is not None and merkle.root(hashes) != expected:
            yield f"{below.path} does not give the hash that {tile.path} has for it"


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
    present = set(hashes)
    moved = len(hashes) == len(expected)
    for at, each in enumerate(expected):
        if each not in present:
            yield f"entry {first + at} has been altered or dropped"
        elif moved and hashes[at] != each:
            yield f"entry {first + at} is not in its place"
    if len(hashes) > len(expected):
        yield f"{len(hashes)} entries lie where {len(expected)} were signed, from {first} on"
