"""One entry that can be checked offline, by whoever has the log's key: C2SP tlog-proof.

A text file: a line that names the format, the entry itself as `extra` in base64, its number, the
hashes beside the way up to the root, an empty line, and the checkpoint as it was published. The
format does not authenticate `extra`; here the entry is what is hashed, so a changed one leads to
another root.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from standfast.core.errors import CannotVerify
from standfast.evidence import merkle
from standfast.evidence.base64_text import decoded, encoded
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.note import NOTE_LIMIT_BYTES, Verifier
from standfast.evidence.read import read_checkpoint
from standfast.evidence.tiles import ENTRY_LIMIT_BYTES

FORMAT = "c2sp.org/tlog-proof@v1"
SUFFIX = ".tlog-proof"

PATH_LIMIT = 63
"""Sizes have 63 bits, so no way up is longer."""

LIMIT_BYTES = NOTE_LIMIT_BYTES + 2 * ENTRY_LIMIT_BYTES + 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryProof:
    """`path` are the hashes from the entry's sibling up (RFC 9162, 2.1.3.1); `note` is the signed
    checkpoint, byte for byte."""

    entry: bytes
    index: int
    path: tuple[bytes, ...]
    note: bytes

    def to_bytes(self) -> bytes:
        lines = [
            FORMAT,
            f"extra {encoded(self.entry)}",
            f"index {self.index}",
            *map(encoded, self.path),
            "",
        ]
        return "".join(f"{line}\n" for line in lines).encode() + self.note

    @classmethod
    def from_bytes(cls, data: bytes) -> "EntryProof":
        """Read exactly what `to_bytes` writes; anything else raises `CannotVerify`."""
        if len(data) > LIMIT_BYTES:
            raise _bad("it is longer than a proof can be")
        head, empty_line, note = data.partition(b"\n\n")
        try:
            lines = iter(head.decode("ascii").split("\n"))
        except UnicodeDecodeError:
            raise _bad("it has letters that no proof has") from None
        if not empty_line or next(lines) != FORMAT:
            raise _bad(f"it does not begin with {FORMAT}, or no checkpoint follows")
        proof = cls(
            entry=_bytes(_after("extra ", lines)),
            index=_number(_after("index ", lines)),
            path=tuple(map(_hash, lines)),
            note=note,
        )
        if len(proof.path) > PATH_LIMIT or not 0 < len(proof.entry) <= ENTRY_LIMIT_BYTES:
            raise _bad("its entry or its way to the root is longer than any")
        return proof

    def checked(self, key: Verifier) -> Checkpoint:
        """The checkpoint of this key under which the entry stands at its number. Raises
        `CannotVerify` when it does not."""
        checkpoint = read_checkpoint(self.note, key)
        if not merkle.included(
            leaf=merkle.leaf_hash(self.entry),
            index=self.index,
            size=checkpoint.size,
            proof=self.path,
            root=checkpoint.root,
        ):
            raise CannotVerify(
                f"this is not entry {self.index} of the {checkpoint.size} that were signed",
                remedy="Was the file changed on its way? Ask for it again.",
            )
        return checkpoint


def prove(entry: bytes, index: int, leaves: merkle.Hashes, note: bytes) -> EntryProof:
    """`leaves` are the hashes under the checkpoint in `note`. Raises `CannotVerify` when the entry
    is not the one that was signed at this number."""
    if merkle.leaf_hash(entry) != leaves[index]:
        raise CannotVerify(f"entry {index} has been altered or dropped")
    path = tuple(merkle.inclusion_proof(leaves, index))
    return EntryProof(entry=entry, index=index, path=path, note=note)


def _after(word: str, lines: Iterator[str]) -> str:
    line = next(lines, "")
    if not line.startswith(word):
        raise _bad(f"a line that begins with {word.strip()} is missing")
    return line.removeprefix(word)


def _number(text: str) -> int:
    if not text.isdigit() or len(text) > len(str(2**63)) or str(int(text)) != text:
        raise _bad("its index is not a number as it is to be written")
    return int(text)


def _hash(text: str) -> bytes:
    found = _bytes(text)
    if len(found) != merkle.HASH_BYTES:
        raise _bad(f"one of its hashes has {len(found)} bytes instead of {merkle.HASH_BYTES}")
    return found


def _bytes(text: str) -> bytes:
    found = decoded(text)
    if found is None:
        raise _bad("a line is not base64")
    return found


def _bad(problem: str) -> CannotVerify:
    return CannotVerify(
        f"this is no proof of an entry: {problem}",
        remedy="Is it a file that `standfast evidence proof` wrote, and is it whole?",
    )
