"""What somebody might do to a copy of a log who wants the past to have been another.

Whoever holds a monitor can change any file of its copy, and make all hashes anew; what he has not
is the key that signs the root. Each way gives the files that differ, to be laid over the copy:
nothing is written. Pure, but for the reading of the copy.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from standfast.core.errors import Refused
from standfast.evidence import merkle
from standfast.evidence.read import entry_at, fetched_tile
from standfast.evidence.tiles import (
    WIDTH,
    Tile,
    bundles,
    contents,
    hash_tiles,
    written_entries,
    written_hashes,
)
from standfast.evidence.transport import Transport


class Way(StrEnum):
    ALTERED = "altered"
    """One bit of an entry is another."""

    DROPPED = "dropped"
    """An entry is left out, those after it in its bundle move up, and the last is there twice."""

    SWAPPED = "swapped"
    """Two neighbours have changed places."""

    REPLACED = "replaced"
    """Where an entry was is another one of the same log, whose signature holds."""

    REHASHED = "rehashed"
    """One bit of an entry is another, and every hash above it was made anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    way: Way
    index: int

    def __str__(self) -> str:
        return f"entry {self.index} {self.way}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bent:
    """A log as it would be read with these files in the place of its own."""

    under: Transport
    files: Mapping[str, bytes]

    def fetch(self, path: str) -> bytes:
        return self.files[path] if path in self.files else self.under.fetch(path)


def drawn(size: int, rounds: int, seed: int) -> tuple[Change, ...]:
    """Every way so many times, each at an entry that is drawn; the first and the last entry are
    among them. Raises `Refused` for a log too short to be bent in every way."""
    if size < 2:
        raise Refused(f"a log of {size} entries cannot be bent in every way")
    random = Random(seed)
    return tuple(
        Change(way=way, index=index)
        for way in Way
        for index in [0, size - 1, *(random.randrange(size) for _ in range(rounds))][:rounds]
    )


def bent(log: Transport, size: int, change: Change) -> Bent:
    """`log` has `size` entries, at least two."""
    tile = bundle_of(size, change.index)
    entries = list(contents(tile, fetched_tile(log, tile)))
    place = change.index - tile.first
    match change.way:
        case Way.ALTERED | Way.REHASHED:
            entries[place] = flipped(entries[place])
        case Way.DROPPED:
            entries = [*entries[:place], *entries[place + 1 :], entries[-1]]
            if place == tile.width - 1:  # the last one twice would be itself
                entries[place] = entry_at(log, other(size, change.index), size)
        case Way.SWAPPED:
            return swapped(log, size, change.index)
        case Way.REPLACED:
            entries[place] = entry_at(log, other(size, change.index), size)
    files = {tile.path: written_entries(entries)}
    if change.way is Way.REHASHED:
        files |= rehashed(log, size, change.index, merkle.leaf_hash(entries[place]))
    return Bent(under=log, files=files)


def swapped(log: Transport, size: int, index: int) -> Bent:
    """With the next, or for the last with the one before: they may stand in two bundles."""
    first = min(index, size - 2)
    pair = {first: entry_at(log, first + 1, size), first + 1: entry_at(log, first, size)}
    files: dict[str, bytes] = {}
    for tile in {bundle_of(size, each) for each in pair}:
        entries = list(contents(tile, fetched_tile(log, tile)))
        for place, content in pair.items():
            if tile.first <= place < tile.first + tile.width:
                entries[place - tile.first] = content
        files[tile.path] = written_entries(entries)
    return Bent(under=log, files=files)


def rehashed(log: Transport, size: int, index: int, leaf: bytes) -> Iterator[tuple[str, bytes]]:
    """The hash tiles above an entry, as they are when that entry has this hash."""
    tiles = {(each.level, each.index): each for each in hash_tiles(size)}
    level, here = 0, leaf
    while True:
        tile = tiles.get((level, index // WIDTH))
        if tile is None:
            return
        hashes = list(contents(tile, fetched_tile(log, tile)))
        hashes[index % WIDTH] = here
        yield tile.path, written_hashes(hashes)
        if not tile.full:
            return
        level, index, here = level + 1, index // WIDTH, merkle.root(hashes)


def bundle_of(size: int, index: int) -> Tile:
    return next(each for each in bundles(size) if each.index == index // WIDTH)


def other(size: int, index: int) -> int:
    return (index + 1) % size


def flipped(content: bytes) -> bytes:
    changed = bytearray(content)
    changed[len(changed) // 2] ^= 1
    return bytes(changed)
