"""A copy of a log in a folder, and what an attacker may do to one.

The copy is the same files under the same names, so whatever verifies a log verifies a copy.
"""

from pathlib import Path

from standfast.core.errors import Refused
from standfast.core.files import write_atomically
from standfast.evidence.note import parse_vkey
from standfast.evidence.read import read_checkpoint
from standfast.evidence.tiles import (
    CHECKPOINT,
    WIDTH,
    Tile,
    bundles,
    hash_tiles,
    narrowed,
    read_entries,
    written_entries,
)
from standfast.evidence.transport import Missing, Transport


def copy(transport: Transport, vkey: str, folder: Path) -> int:
    """Every file that the checkpoint commits to, into `folder`. Return how many entries it has.

    Nothing of it is verified but who signed the checkpoint, without which its size means nothing.
    """
    note = transport.fetch(CHECKPOINT)
    size = read_checkpoint(note, parse_vkey(vkey)).size
    for tile in (*bundles(size), *hash_tiles(size)):
        put(folder / tile.path, _fetched(transport, tile))
    put(folder / CHECKPOINT, note)
    return size


def alter(folder: Path, size: int, index: int) -> None:
    """Change one bit of entry `index` of a copy of `size` entries, as somebody would who wants
    the past to have been another."""
    if not 0 <= index < size:
        raise Refused(f"a log of {size} entries has no entry {index}")
    tile = next(each for each in bundles(size) if each.index == index // WIDTH)
    path = folder / tile.path
    entries = list(read_entries(path.read_bytes()))
    entry = bytearray(entries[index % WIDTH])
    entry[len(entry) // 2] ^= 1
    entries[index % WIDTH] = bytes(entry)
    put(path, written_entries(entries))


def _fetched(transport: Transport, tile: Tile) -> bytes:
    """A log may drop a partial tile once the full one is there."""
    try:
        return transport.fetch(tile.path)
    except Missing:
        return narrowed(tile, transport.fetch(tile.widened.path))


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content)
