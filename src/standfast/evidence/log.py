"""The log on disk: append, and never sign what is not there or what contradicts the past.

An append writes, in this order and each file whole or not at all:

1. the entries, 2. the tiles, 3. the head (size and root that are about to be signed), 4. the
signed checkpoint. Nobody reads 1 and 2 before 4 names their size.

Invariant: no two checkpoints of one size are ever signed. Before the head is written nothing was
signed, and the next append may replace what 1 and 2 left. Once it is written, that size and that
root are the only ones that can be signed next, because every start first finishes the head it
finds, from files that were there before it. Ed25519 gives the same bytes for the same text, so
finishing twice is finishing once. (What this cannot see is a folder put back to an older copy;
that is what witnesses are for.)

One process writes at a time, under a lock that the kernel gives back when the process dies. Before
it extends the tree the writer re-computes the root from the edge it reads, so a flipped bit on the
disk stops the log instead of being signed.
"""

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from standfast.core.errors import BrokenInvariant, Refused
from standfast.core.files import flush_folder, write_atomically
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.edge import Edge, grow
from standfast.evidence.merkle import leaf_hash, root
from standfast.evidence.note import Verifier, open_note, sign
from standfast.evidence.signing import Signer
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

BATCH_LIMIT = 1024
"""Leaves in one append: at most 64 MiB in memory, and a lock held well under a second."""

HEAD = "writer/head"
LOCK = "writer/lock"

Write = Callable[[Path, bytes], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    first_index: int
    checkpoint_bytes: bytes


def write_durably(path: Path, content: bytes) -> None:
    """Write a file whole, with folders that survive a power cut as it does."""
    for folder in reversed([each for each in path.parents if not each.exists()]):
        folder.mkdir(exist_ok=True)
        flush_folder(folder.parent)
    write_atomically(path, content)


class Log:
    """`signer` has the log's name, which is its `origin` too (C2SP tlog-checkpoint)."""

    def __init__(
        self, folder: Path, *, origin: str, signer: Signer, write: Write = write_durably
    ) -> None:
        if signer.name != origin:
            raise BrokenInvariant(f"the key {signer.name} is not the key of the log {origin}")
        self._folder = folder
        self._origin = origin
        self._signer = signer
        self._write = write
        self._verifier = Verifier.of(signer.name, signer.public_key)

    @property
    def size(self) -> int:
        """How many entries are published."""
        return self._published().size

    def entry(self, index: int) -> bytes:
        size = self.size
        if not 0 <= index < size:
            raise IndexError(f"there is no entry {index} among {size}")
        tile = Tile(level=ENTRIES, index=index // WIDTH, width=_width(index // WIDTH, size))
        return read_entries(self._read(tile))[index % WIDTH]

    def append(self, leaves: Sequence[bytes]) -> Appended:
        """Add leaves in this order; when it returns they are published.

        Killed in between, they are published or they are not, all of them: ask `size`.
        """
        _check(leaves)
        with self._locked():
            now = self._finished()
            edge = self._edge(now)
            self._write_entries(now.size, leaves, edge)
            growth = grow(edge, [leaf_hash(each) for each in leaves])
            for tile, hashes in growth.tiles:
                self._write(self._folder / tile.path, written_hashes(hashes))
            then = Checkpoint(origin=self._origin, size=growth.edge.size, root=growth.edge.root())
            self._write(self._folder / HEAD, then.to_text().encode())
            note = self._publish(then)
            self._prune(now.size, then.size)
        return Appended(first_index=now.size, checkpoint_bytes=note)

    def recover(self) -> None:
        """Finish what a killed writer had begun. `append` does so by itself."""
        with self._locked():
            self._finished()

    def _finished(self) -> Checkpoint:
        """The head, after making sure that it is published."""
        published, head = self._published(), self._head()
        if head is None or head == published:
            return published
        if head.size <= published.size:
            raise self._damaged(f"its head of size {head.size} contradicts its checkpoint")
        self._edge(head)
        self._publish(head)
        return head

    def _publish(self, checkpoint: Checkpoint) -> bytes:
        note = sign(checkpoint.to_text(), [self._signer])
        self._write(self._folder / CHECKPOINT, note)
        return note

    def _published(self) -> Checkpoint:
        path = self._folder / CHECKPOINT
        if not path.exists():
            return Checkpoint(origin=self._origin, size=0, root=root(()))
        text, _ = open_note(path.read_bytes(), [self._verifier])
        return self._own(Checkpoint.from_text(text))

    def _head(self) -> Checkpoint | None:
        path = self._folder / HEAD
        return self._own(Checkpoint.from_text(path.read_text())) if path.exists() else None

    def _own(self, checkpoint: Checkpoint) -> Checkpoint:
        if checkpoint.origin != self._origin:
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
        """Remove the narrower versions of tiles that are full now, as the format allows.

        Without it every append would leave another copy of up to 255 entries for ever.
        """
        old = [*hash_tiles_at_the_edge(old_size), Tile(level=ENTRIES, index=old_size // WIDTH)]
        for tile in old:
            level = 0 if tile.level == ENTRIES else tile.level
            if size // WIDTH ** (level + 1) > tile.index:
                _remove(self._folder / tile.partial_folder)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Wait for another writer, which holds the lock for one append only."""
        path = self._folder / LOCK
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _damaged(self, problem: str) -> BrokenInvariant:
        return BrokenInvariant(
            f"the log in {self._folder} is damaged: {problem}",
            remedy="Put the folder back from a mirror; never delete entries to go on.",
        )


def _check(leaves: Sequence[bytes]) -> None:
    if not 0 < len(leaves) <= BATCH_LIMIT:
        raise Refused(f"{len(leaves)} leaves in one append: from 1 to {BATCH_LIMIT} are possible")
    for each in leaves:
        if not 0 < len(each) <= ENTRY_LIMIT_BYTES:
            raise Refused(
                f"a leaf of {len(each)} bytes: from 1 to {ENTRY_LIMIT_BYTES} are possible",
                remedy="Put a salted hash of what is bulky into the leaf.",
            )


def _width(index: int, size: int) -> int:
    return min(WIDTH, size - index * WIDTH)


def _remove(folder: Path) -> None:
    if folder.is_dir():
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
