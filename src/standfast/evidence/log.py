"""One copy of the log on disk: extended by what is final, and published once it is signed.

Every monitor has one; the writer's is no different. Which head is final is decided elsewhere
(`head.py`); here it is only carried out. An extension writes, in this order and each file whole or
not at all:

1. the entries, 2. the tiles, 3. where the copy stands now (size and root).

The checkpoint, whose size is the only one that readers believe, comes later and by itself
(`publish`): nothing is published that this folder does not hold.

Invariant: the copy stands at a size and root that its files give, and each of these begins with
the one before it. Killed between two files it stands where it stood; what 1 and 2 left is replaced
by the next extension. Before it extends the tree it re-computes the root from the edge it reads,
so a flipped bit on the disk stops this copy instead of spreading. (What this cannot see is a
folder put back to an older copy; it catches up from the others, and readers' pins notice.)
"""

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from standfast.core.errors import BrokenInvariant, CannotVerify, Refused
from standfast.core.files import flush_folder, write_atomically
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.edge import Edge, Growth, grow
from standfast.evidence.merkle import leaf_hash, root
from standfast.evidence.note import Verifier, open_note
from standfast.evidence.tiles import (
    CHECKPOINT,
    ENTRIES,
    ENTRY_LIMIT_BYTES,
    WIDTH,
    Tile,
    hash_tiles_at_the_edge,
    narrowed,
    read_entries,
    read_hashes,
    written_entries,
    written_hashes,
)

STANDS_AT = "copy/stands-at"
LOCK = "copy/lock"

Write = Callable[[Path, bytes], None]


def write_durably(path: Path, content: bytes) -> None:
    """Write a file whole, with folders that survive a power cut as it does."""
    for folder in reversed([each for each in path.parents if not each.exists()]):
        folder.mkdir(exist_ok=True)
        flush_folder(folder.parent)
    write_atomically(path, content)


class Log:
    """`key` is the log's own; its name is the log's name too (C2SP tlog-checkpoint)."""

    def __init__(self, folder: Path, key: Verifier, *, write: Write = write_durably) -> None:
        self._folder = folder
        self._key = key
        self._write = write
        self._last_opened: tuple[bytes, Checkpoint] | None = None

    @property
    def empty(self) -> Checkpoint:
        return Checkpoint(origin=self._key.name, size=0, root=root(()))

    @property
    def published(self) -> Checkpoint:
        note = self.published_note
        return self.opened(note) if note else self.empty

    @property
    def published_note(self) -> bytes:
        """What readers are shown, with all that is signed below it; empty before the first."""
        path = self._folder / CHECKPOINT
        return path.read_bytes() if path.exists() else b""

    @property
    def stands_at(self) -> Checkpoint:
        """What this copy holds; never less than is published."""
        path = self._folder / STANDS_AT
        stands = self._own(Checkpoint.from_text(path.read_text())) if path.exists() else self.empty
        published = self.published
        if stands.size < published.size or (stands.size == published.size and stands != published):
            raise self._damaged(
                f"it stands at size {stands.size}, which its checkpoint contradicts"
            )
        return stands

    def opened(self, note: bytes) -> Checkpoint:
        """What a note commits to. Raises `CannotVerify` when the log's key has not signed it."""
        if self._last_opened is None or self._last_opened[0] != note:
            text, _ = open_note(note, [self._key])
            self._last_opened = (note, self._own(Checkpoint.from_text(text)))
        return self._last_opened[1]

    def entry(self, index: int) -> bytes:
        size = self.published.size
        if not 0 <= index < size:
            raise IndexError(f"there is no entry {index} among {size}")
        tile = Tile(level=ENTRIES, index=index // WIDTH, width=_width(index // WIDTH, size))
        return read_entries(self._read(tile))[index % WIDTH]

    def tile(self, tile: Tile) -> bytes:
        """A tile of what this copy holds, whichever wider one it is kept in."""
        return self._read(tile)

    def grown(self, leaves: Sequence[bytes]) -> Checkpoint:
        """Where the copy would stand with these leaves after its own."""
        edge = self._growth(self._edge(self.stands_at), leaves).edge
        return Checkpoint(origin=self._key.name, size=edge.size, root=edge.root())

    def extend(self, leaves: Sequence[bytes], then: Checkpoint) -> None:
        """Stand at `then`, which these leaves must give. Raises `CannotVerify` if they do not,
        and then nothing was written. Repeating it is harmless."""
        with self._locked():
            now = self.stands_at
            if now == then:
                return
            edge = self._edge(now)
            growth = self._growth(edge, leaves)
            if (growth.edge.size, growth.edge.root()) != (then.size, then.root):
                raise CannotVerify(
                    f"{len(leaves)} entries after {now.size} do not give the root of {then.size}"
                )
            self._write_entries(now.size, leaves, edge)
            for tile, hashes in growth.tiles:
                self._write(self._folder / tile.path, written_hashes(hashes))
            self._write(self._folder / STANDS_AT, then.to_text().encode())

    def publish(self, note: bytes) -> None:
        """Show readers the checkpoint of where this copy stands."""
        with self._locked():
            signed, published = self.opened(note), self.published
            if signed != self.stands_at:
                raise CannotVerify(
                    f"the checkpoint of size {signed.size} is not what this copy holds"
                )
            self._write(self._folder / CHECKPOINT, note)
            self._prune(published.size, signed.size)

    def _growth(self, edge: Edge, leaves: Sequence[bytes]) -> Growth:
        _check(leaves)
        return grow(edge, [leaf_hash(each) for each in leaves])

    def _own(self, checkpoint: Checkpoint) -> Checkpoint:
        if checkpoint.origin != self._key.name:
            raise self._damaged(f"it belongs to {checkpoint.origin}")
        return checkpoint

    def _edge(self, checkpoint: Checkpoint) -> Edge:
        """Read the partial tiles, and believe them only if they give the root."""
        tiles = hash_tiles_at_the_edge(checkpoint.size)
        levels = tuple(read_hashes(self._read(each)) if each.width else () for each in tiles)
        edge = Edge(size=checkpoint.size, levels=levels)
        if edge.root() != checkpoint.root:
            raise self._damaged(f"its tiles do not give the root of size {checkpoint.size}")
        return edge

    def _write_entries(self, size: int, leaves: Sequence[bytes], edge: Edge) -> None:
        """Complete the bundle at the edge, then write whole ones."""
        index, width = divmod(size, WIDTH)
        held = self._held(index, width, edge) if width else ()
        entries = [*held, *leaves]
        for at in range(0, len(entries), WIDTH):
            chunk = entries[at : at + WIDTH]
            tile = Tile(level=ENTRIES, index=index + at // WIDTH, width=len(chunk))
            self._write(self._folder / tile.path, written_entries(chunk))

    def _held(self, index: int, width: int, edge: Edge) -> tuple[bytes, ...]:
        held = read_entries(self._read(Tile(level=ENTRIES, index=index, width=width)))
        if tuple(map(leaf_hash, held)) != edge.levels[0]:
            raise self._damaged(f"its entries from {index * WIDTH} on do not match its tiles")
        return held

    def _read(self, tile: Tile) -> bytes:
        """Read a tile. A narrower one may have been removed once the full one existed."""
        partial = self._folder / tile.path
        if partial.exists():
            return partial.read_bytes()
        return narrowed(tile, (self._folder / tile.widened.path).read_bytes())

    def _prune(self, old_size: int, size: int) -> None:
        """Remove the narrower versions of tiles that became full, as the format allows.

        Without it every extension would leave another copy of up to 255 entries for ever.
        """
        for level, full in enumerate(_full_tiles(size)):
            before = old_size // WIDTH ** (level + 1)
            for index in range(before, full):
                for kind in (ENTRIES, 0) if level == 0 else (level,):
                    _remove(self._folder / Tile(level=kind, index=index).partial_folder)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Wait for another process, which holds the lock for one extension only."""
        path = self._folder / LOCK
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _damaged(self, problem: str) -> BrokenInvariant:
        return BrokenInvariant(
            f"the log in {self._folder} is damaged: {problem}",
            remedy="Move the folder away and restart the keeper: it gets the log anew from another "
            "monitor. If this is the only one, put the folder back from a copy.",
        )


def _check(leaves: Sequence[bytes]) -> None:
    if not leaves:
        raise Refused("nothing is to be added")
    for each in leaves:
        if not 0 < len(each) <= ENTRY_LIMIT_BYTES:
            raise Refused(
                f"a leaf of {len(each)} bytes: from 1 to {ENTRY_LIMIT_BYTES} are possible",
                remedy="Put a salted hash of what is bulky into the leaf.",
            )


def _width(index: int, size: int) -> int:
    return min(WIDTH, size - index * WIDTH)


def _full_tiles(size: int) -> Iterator[int]:
    """How many tiles are full, level by level from the leaves up."""
    while size := size // WIDTH:
        yield size


def _remove(folder: Path) -> None:
    if folder.is_dir():
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
