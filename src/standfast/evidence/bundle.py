"""One bundle of entries, apart from all others: what is in its file, and how it is unsealed."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from standfast.core.errors import CannotVerify
from standfast.evidence import merkle
from standfast.evidence.envelope import Sealed
from standfast.evidence.note import Verifier
from standfast.evidence.tiles import Tile, read_entries


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """`hashes` are those of its entries as they were found, None where the file is missing or
    cannot be read. The first `known` of them were read before, `sealed` are the others. `digest` is
    of the whole file, empty where nobody wants to know."""

    tile: Tile
    hashes: Sequence[bytes] | None
    known: int
    sealed: Sealed
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """`keys` are those known so far, by their identifiers, and entries below number `known` need
    only be hashed. A file that has this `digest` has entries with these `hashes`, as it was seen
    before; `again` says whether it will be seen once more."""

    tile: Tile
    keys: Mapping[str, Verifier]
    known: int
    hashes: Sequence[bytes]
    digest: bytes
    again: bool

    def at(self, file: bytes | None) -> Bundle:
        digest = hashlib.sha256(file).digest() if self.again and file is not None else b""
        if self.digest and digest == self.digest:
            return self._bundle((), self.hashes, len(self.hashes), digest)
        try:
            entries = None if file is None else read_entries(file)
        except CannotVerify:
            entries = None
        if entries is None:
            return self._bundle((), None, 0, b"")
        known = min(max(self.known - self.tile.first, 0), len(entries))
        hashes = tuple(map(merkle.leaf_hash, entries))
        return self._bundle(entries[known:], hashes, known, digest)

    def _bundle(
        self, new: Sequence[bytes], hashes: Sequence[bytes] | None, known: int, digest: bytes
    ) -> Bundle:
        sealed = Sealed.of(new, self.keys)
        return Bundle(tile=self.tile, hashes=hashes, known=known, sealed=sealed, digest=digest)
