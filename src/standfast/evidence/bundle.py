"""What a look at one bundle of entries shows, apart from all others."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from standfast.core.errors import CannotVerify
from standfast.evidence import merkle
from standfast.evidence.envelope import Unsealed, unsealed
from standfast.evidence.note import Verifier
from standfast.evidence.tiles import Tile, read_entries


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """`hashes` are those of its entries as they were found, None where the file is missing or
    cannot be read. `content` has a place for each; None where it was known. `digest` is of the
    whole file, empty where nobody wants to know."""

    tile: Tile
    hashes: Sequence[bytes] | None
    content: Sequence[Unsealed | None]
    digest: bytes = b""


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
        if file is None:
            return Bundle(tile=self.tile, hashes=None, content=())
        digest = hashlib.sha256(file).digest() if self.again else b""
        if self.digest and digest == self.digest:
            content = [None] * len(self.hashes)
            return Bundle(tile=self.tile, hashes=self.hashes, content=content, digest=digest)
        try:
            entries = read_entries(file)
        except CannotVerify:
            return Bundle(tile=self.tile, hashes=None, content=())
        new = min(max(self.known - self.tile.first, 0), len(entries))
        return Bundle(
            tile=self.tile,
            hashes=tuple(map(merkle.leaf_hash, entries)),
            content=[*[None] * new, *unsealed(entries[new:], self.keys)],
            digest=digest,
        )
