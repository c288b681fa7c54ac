"""Read a whole log from anywhere and keep only what its key stands for.

Nothing that comes over the transport is trusted. What cannot be believed is left out and named, so
that a reader is told about the one altered entry and still sees the others.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from standfast.core.errors import CannotVerify
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.inspection import Fetched, Found, Inspected, inspect, listed
from standfast.evidence.keyring import Keyring
from standfast.evidence.note import Verifier, open_note, parse_vkey
from standfast.evidence.statement import Kind, Statement
from standfast.evidence.tiles import (
    CHECKPOINT,
    WIDTH,
    Tile,
    bundles,
    contents,
    hash_tiles,
    narrowed,
)
from standfast.evidence.transport import Missing, Transport

READ_LIMIT = 1_000_000
"""Entries that one reader takes into memory: a site of thirty promises for some decades."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    index: int
    signer: str
    statement: Statement

    @property
    def kind(self) -> Kind:
        return self.statement.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """`leaves` are the hashes under the signed root. When they could not be found they are empty,
    and so are the entries, because none can be believed."""

    checkpoint: Checkpoint
    checkpoint_bytes: bytes
    leaves: tuple[bytes, ...]
    entries: tuple[Entry, ...]
    keyring: Keyring
    complaints: tuple[str, ...]


def read_log(transport: Transport, vkey: str, *, before: Record | None = None) -> Record:
    """Raises `CannotVerify` when there is no checkpoint of this key, `Unreachable` when nobody
    answers. Everything else that is wrong is among the record's complaints.

    `before` is what the same reader had of this log. Every file is read and hashed again all the
    same, but an entry whose hash is under both roots is not opened a second time.
    """
    verifier = parse_vkey(vkey)
    note = transport.fetch(CHECKPOINT)
    checkpoint = read_checkpoint(note, verifier)
    return _record(
        checkpoint,
        note,
        inspect(checkpoint, _fetched(transport, checkpoint.size)),
        Keyring(log=verifier),
        before,
    )


def claimed_name(note: bytes) -> str:
    """What a checkpoint calls its log, before anything is verified: it only says which key to
    try."""
    return note.partition(b"\n")[0].decode("utf-8", "replace")


def read_checkpoint(note: bytes, verifier: Verifier) -> Checkpoint:
    text, _ = open_note(note, [verifier])
    checkpoint = Checkpoint.from_text(text)
    if checkpoint.origin != verifier.name:
        raise CannotVerify(f"the checkpoint is of {checkpoint.origin}, not of {verifier.name}")
    if checkpoint.size > READ_LIMIT:
        raise CannotVerify(f"a log of {checkpoint.size} entries is longer than can be read here")
    return checkpoint


def _record(
    checkpoint: Checkpoint,
    note: bytes,
    inspected: Inspected,
    keyring: Keyring,
    before: Record | None,
) -> Record:
    leaves, complaints = inspected.leaves, inspected.complaints
    entries: list[Entry] = []
    if before is not None and _still_holds(before, inspected, keyring):
        keyring, entries = before.keyring, list(before.entries)
    known = len(entries)
    # Envelopes are let go as they are opened: a long log's would otherwise be in memory twice.
    waiting = deque(inspected.entries)
    del inspected
    refused: list[str] = []
    for index in range(len(waiting)):
        envelope = waiting.popleft()
        if envelope is None or index < known:
            continue
        try:
            found = keyring.admit(envelope)
        except CannotVerify as error:
            refused.append(f"entry {index} does not count: {error.problem}")
            continue
        keyring = keyring.after(found.statement)
        entries.append(Entry(index=index, signer=found.signer.name, statement=found.statement))
    return Record(
        checkpoint=checkpoint,
        checkpoint_bytes=note,
        leaves=leaves or (),
        entries=tuple(entries) if leaves is not None else (),
        keyring=keyring,
        complaints=(*complaints, *listed(refused), *_strangers(entries)),
    )


def _still_holds(before: Record, inspected: Inspected, keyring: Keyring) -> bool:
    """Nothing was wrong with it, it is of this key, and its entries are there and are the same.

    One that is missing now may have enrolled a key, so that all after it is to be judged anew.
    """
    size = len(before.leaves)
    return (
        not before.complaints
        and before.keyring.log == keyring.log
        and len(before.entries) == size
        and before.leaves == (inspected.leaves or ())[:size]
        and None not in inspected.entries[:size]
    )


def _strangers(entries: list[Entry]) -> Iterator[str]:
    """One log is of one site: a proof of another one would not be about this promise."""
    for entry in entries:
        if entry.statement.site != entries[0].statement.site:
            yield f"entry {entry.index} is about another site, {entry.statement.site}"


def entry_at(transport: Transport, index: int, size: int) -> bytes:
    """Entry `index` of a log of that size, as it is there: only its hash can tell whether it is the
    right one. Raises `CannotVerify` when it is missing."""
    tile = next(each for each in bundles(size) if each.index == index // WIDTH)
    content = contents(tile, fetched_tile(transport, tile))
    if index - tile.first >= len(content):
        raise CannotVerify(f"entry {index} is missing")
    return content[index - tile.first]


def entries_between(transport: Transport, start: int, size: int) -> tuple[bytes, ...]:
    """The entries from number `start` on, of a log of that size, as they are there: whether they
    are the right ones shows only when the tree is grown by them."""
    found: list[bytes] = []
    for tile in bundles(size):
        if tile.first + tile.width > start:
            content = contents(tile, fetched_tile(transport, tile))
            found += content[max(start - tile.first, 0) :]
    return tuple(found)


def _fetched(transport: Transport, size: int) -> Fetched:
    return Fetched(
        bundles={tile: _found(transport, tile) for tile in bundles(size)},
        tiles={tile: _found(transport, tile) for tile in hash_tiles(size)},
    )


def _found(transport: Transport, tile: Tile) -> Found:
    try:
        return contents(tile, fetched_tile(transport, tile))
    except CannotVerify:
        return None


def fetched_tile(transport: Transport, tile: Tile) -> bytes:
    """A narrower tile may be gone once the full one exists: then its beginning is the same."""
    try:
        return transport.fetch(tile.path)
    except Missing:
        if tile.full:
            raise
        return narrowed(tile, transport.fetch(tile.widened.path))
