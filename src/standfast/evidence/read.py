"""Read a whole log from anywhere and keep only what its key stands for.

Nothing that comes over the transport is trusted. What cannot be believed is left out and named, so
that a reader is told about the one altered entry and still sees the others.
"""

import gc
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType

from standfast.core.errors import CannotVerify
from standfast.evidence.bundle import Bundle, Look
from standfast.evidence.checkers import Checkers, checkers
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.entries import NO_ENTRIES, Entries, Entry
from standfast.evidence.envelope import Unsealed, by_id
from standfast.evidence.inspection import Found, Inspection, listed
from standfast.evidence.keyring import Keyring
from standfast.evidence.note import Verifier, open_note, parse_vkey
from standfast.evidence.rows import NO_ROWS, Rows
from standfast.evidence.statement import EnrolledNotice
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


MANY = 10_000
"""Entries of a log that is long."""

AHEAD = 2
"""Bundles for each core that wait to be looked at: as much of the log as is in memory."""


NO_FILES: Mapping[Tile, bytes] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """`leaves` are the hashes under the signed root. When they could not be found they are empty,
    and so are the entries, because none can be believed. `rows` are they and the hashes above
    them, `files` the hashes of the files in which the entries were, for who reads it again."""

    checkpoint: Checkpoint
    checkpoint_bytes: bytes
    leaves: tuple[bytes, ...]
    entries: Entries
    keyring: Keyring
    complaints: tuple[str, ...]
    rows: Rows = field(default=NO_ROWS, repr=False, compare=False)
    files: Mapping[Tile, bytes] = field(default_factory=lambda: NO_FILES, repr=False, compare=False)


def read_log(
    transport: Transport, vkey: str, *, before: Record | None = None, again: bool = False
) -> Record:
    """Raises `CannotVerify` when there is no checkpoint of this key, `Unreachable` when nobody
    answers. Everything else that is wrong is among the record's complaints.

    `before` is what the same reader had of this log. Every file is read and hashed again all the
    same, but an entry whose hash is under both roots is not opened a second time. `again`: the
    record will be such a `before`, so that it pays to keep the hash of every file.
    """
    verifier = parse_vkey(vkey)
    note = transport.fetch(CHECKPOINT)
    checkpoint = read_checkpoint(note, verifier)
    tiles = {tile: _found(transport, tile) for tile in hash_tiles(checkpoint.size)}
    inspection: Inspection[Unsealed | None] = Inspection(
        checkpoint, tiles, before.rows if before else NO_ROWS
    )
    if before is not None and _still_holds(before, inspection.signed, verifier):
        with suppress(_Changed):
            return _read(transport, note, inspection, _Reader.after(before), again)
        inspection = Inspection(checkpoint, tiles)
    return _read(transport, note, inspection, _Reader(Keyring(log=verifier)), again)


def _still_holds(before: Record, signed: Rows | None, log: Verifier) -> bool:
    """Nothing was wrong with it, it is of this key, and its entries are under this root, too."""
    size = len(before.leaves)
    return (
        not before.complaints
        and before.keyring.log == log
        and len(before.entries) == size
        and signed is not None
        and before.leaves == signed.leaves[:size]
    )


class _Changed(Exception):
    """An entry is not there any more that was read before: it may have enrolled a key, so that all
    after it is to be judged anew."""


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


class _Reader:
    """What is believed so far of a log that is read from its beginning, or from `known` on."""

    def __init__(
        self,
        keyring: Keyring,
        before: Entries = NO_ENTRIES,
        files: Mapping[Tile, bytes] = NO_FILES,
    ) -> None:
        self.keyring = keyring
        self.keys = by_id(keyring.keys)
        self.before = before
        self.known = len(before)
        self.new: list[Entry] = []
        self.files = files
        self.refused: list[str] = []

    @classmethod
    def after(cls, before: Record) -> "_Reader":
        return cls(before.keyring, before.entries, before.files)

    def take(self, first: int, placed: Sequence[Unsealed | None]) -> None:
        """Entries from number `first` on, in their places. The known ones are not looked at."""
        for index, each in enumerate(placed[max(self.known - first, 0) :], max(self.known, first)):
            if each is None:
                continue
            try:
                found = self.keyring.admitted(each.by(self.keys))
            except CannotVerify as error:
                self.refused.append(f"entry {index} does not count: {error.problem}")
                continue
            if isinstance(found.statement.predicate, EnrolledNotice):
                self.keyring = self.keyring.after(found.statement)
                self.keys = by_id(self.keyring.keys)
            self.new.append(Entry(index, found.signer.name, found.statement))


def _read(
    transport: Transport,
    note: bytes,
    inspection: Inspection[Unsealed | None],
    reader: _Reader,
    again: bool,
) -> Record:
    files: dict[Tile, bytes] = {}
    new = inspection.checkpoint.size - reader.known
    with uncollected(new), checkers(new) as others:
        for each, good in _checked(_bundles(transport, inspection, reader, again), others):
            if reader.known and not inspection.agrees(each.tile, each.hashes):
                raise _Changed
            files[each.tile] = each.digest
            content = [*[None] * each.known, *each.sealed.unsealed(good)]
            reader.take(each.tile.first, inspection.placed(each.tile, each.hashes, content))
    ended, entries = inspection.ended(), reader.before.then(reader.new)
    believed = ended.rows or NO_ROWS
    return Record(
        checkpoint=inspection.checkpoint,
        checkpoint_bytes=note,
        leaves=believed.leaves,
        entries=entries if ended.rows is not None else NO_ENTRIES,
        keyring=reader.keyring,
        complaints=(
            *ended.complaints,
            *listed(reader.refused),
            *_strangers(entries, since=reader.known),
        ),
        rows=believed,
        files=files if again else NO_FILES,
    )


def _bundles(
    transport: Transport, inspection: Inspection[Unsealed | None], reader: _Reader, again: bool
) -> Iterator[Bundle]:
    for tile in bundles(inspection.checkpoint.size):
        look = Look(
            tile=tile,
            keys=reader.keys,
            known=reader.known,
            hashes=inspection.expected(tile),
            digest=reader.files.get(tile, b""),
            again=again,
        )
        yield look.at(_file(transport, tile))


def _checked(found: Iterator[Bundle], others: Checkers) -> Iterator[tuple[Bundle, Sequence[bool]]]:
    """Each bundle with which of its signatures are good. Those after it are fetched meanwhile, but
    for the first one's, which names keys."""
    waiting: deque[tuple[Bundle, Future[list[bool]]]] = deque()
    for each in found:
        waiting.append((each, others.begin(each.sealed.checks)))
        if each.tile.index == 0 or len(waiting) > AHEAD * others.count:
            bundle, answer = waiting.popleft()
            yield bundle, answer.result()
    for bundle, answer in waiting:
        yield bundle, answer.result()


@contextmanager
def uncollected(entries: int) -> Iterator[None]:
    """Python looks through all that is in memory again and again as it grows, for what refers to
    itself. Nothing of a log does, and looking took a twentieth of the time. What a long log has
    brought is not looked through later either."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if entries >= MANY:
                gc.freeze()
            gc.enable()


def _strangers(entries: Sequence[Entry], *, since: int) -> Iterator[str]:
    """One log is of one site: a proof of another one would not be about this promise."""
    for entry in islice(entries, since, None):
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


def _found(transport: Transport, tile: Tile) -> Found:
    try:
        return contents(tile, fetched_tile(transport, tile))
    except CannotVerify:
        return None


def _file(transport: Transport, tile: Tile) -> bytes | None:
    try:
        return fetched_tile(transport, tile)
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
