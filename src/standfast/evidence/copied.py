"""A copy of a log in a folder, and one altered entry in it.

The copy is the same files under the same names, so whatever verifies a log verifies a copy.
"""

from pathlib import Path

from standfast.core.errors import Refused
from standfast.core.files import write_atomically
from standfast.evidence.note import parse_vkey
from standfast.evidence.read import fetched_tile, read_checkpoint
from standfast.evidence.tampering import Change, Way, bent
from standfast.evidence.tiles import CHECKPOINT, bundles, hash_tiles
from standfast.evidence.transport import FolderTransport, Transport


def copy(transport: Transport, vkey: str, folder: Path) -> int:
    """Every file that the checkpoint commits to, into `folder`. Return how many entries it has.

    Nothing of it is verified but who signed the checkpoint, without which its size means nothing.
    """
    note = transport.fetch(CHECKPOINT)
    size = read_checkpoint(note, parse_vkey(vkey)).size
    for tile in (*bundles(size), *hash_tiles(size)):
        put(folder / tile.path, fetched_tile(transport, tile))
    put(folder / CHECKPOINT, note)
    return size


def alter(folder: Path, size: int, index: int) -> None:
    """Change one bit of entry `index` of a copy of `size` entries, as somebody would who wants
    the past to have been another."""
    if not 0 <= index < size:
        raise Refused(f"a log of {size} entries has no entry {index}")
    change = Change(way=Way.ALTERED, index=index)
    for path, content in bent(FolderTransport(folder), size, change).files.items():
        put(folder / path, content)


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content)
