"""Signed notes: a text and the signatures of those who stand by it.

C2SP signed-note 1.0. The text ends in a line feed, an empty line follows, then one line for each
signature: an em dash, a space, the key's name, a space, and base64 of the key's identifier (4
bytes) and the signature. Only Ed25519 (type 0x01) is signed and verified here, and what witnesses
sign in `cosignature.py`; a signature of an unknown key, and so of any other type, is ignored, as
the format demands.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Self, TypeVar

from standfast.core.errors import CannotVerify
from standfast.evidence.base64_text import decoded, encoded
from standfast.evidence.signing import PUBLIC_KEY_BYTES, Signer, signed

ED25519 = b"\x01"
KEY_ID_BYTES = 4
SIGNATURE_LIMIT = 100
"""The format asks verifiers to accept at least 16; beyond 100 somebody wants our time."""

NOTE_LIMIT_BYTES = 1_000_000
DASH = "— "


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """A public key and the name under which its owner signs."""

    KIND: ClassVar[bytes] = ED25519
    WHAT: ClassVar[str] = "an Ed25519 key"

    name: str
    key_id: bytes
    public_key: bytes

    @classmethod
    def of(cls, name: str, public_key: bytes) -> Self:
        if not good_name(name):
            raise _bad_key(f"{name!r} is no key name")
        if len(public_key) != PUBLIC_KEY_BYTES:
            raise _bad_key(f"the key of {name} has {len(public_key)} bytes instead of 32")
        identifier = key_id(name, public_key, cls.KIND)
        return cls(name=name, key_id=identifier, public_key=public_key)

    @property
    def id(self) -> str:
        """The name and the identifier, which together never mean two keys."""
        return f"{self.name}+{self.key_id.hex()}"

    @property
    def vkey(self) -> str:
        """One line of text that holds the whole key: `name+hex(identifier)+base64(type‖key)`."""
        return f"{self.id}+{encoded(self.KIND + self.public_key)}"

    def verifies(self, signature: bytes, data: bytes) -> bool:
        return signed(self.public_key, signature, data)


Kind = TypeVar("Kind", bound=Verifier)


def key_id(name: str, public_key: bytes, kind: bytes = ED25519) -> bytes:
    data = name.encode() + b"\n" + kind + public_key
    return hashlib.sha256(data).digest()[:KEY_ID_BYTES]


def good_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(each.isspace() for each in name)


def vkey(signer: Signer) -> str:
    return Verifier.of(signer.name, signer.public_key).vkey


def parse_vkey(text: str) -> Verifier:
    """Read a verifier key. Raises `CannotVerify` when it is cut off or of another type."""
    return parse_key(text, Verifier)


def parse_key(text: str, kind: type[Kind]) -> Kind:
    parts = text.strip().split("+", 2)
    if len(parts) != 3:
        raise _bad_key(f"{text!r} is not of the form name+identifier+key")
    name, identifier, rest = parts
    key = decoded(rest)
    if key is None or key[:1] != kind.KIND:
        raise _bad_key(f"the key of {name} is not {kind.WHAT} in base64")
    verifier = kind.of(name, key[1:])
    if verifier.key_id.hex() != identifier:
        raise _bad_key(f"the key of {name} does not have the identifier {identifier}")
    return verifier


def sign(text: str, signers: Iterable[Signer]) -> bytes:
    """Return the note. The same text and keys give the same bytes: Ed25519 draws no randomness."""
    lines = [_signature_line(text, signer) for signer in signers]
    return f"{text}\n{''.join(lines)}".encode()


def open_note(note: bytes, verifiers: Iterable[Verifier]) -> tuple[str, tuple[str, ...]]:
    """Return the text and the names of the keys that signed it.

    Raises `CannotVerify` when no known key signed, or when a known key's signature is false: a
    false one beside a good one means that somebody is trying something.
    """
    text, found = signatures(note, verifiers)
    if not found:
        raise CannotVerify(
            "no known key has signed this note",
            remedy="Is this the log, and is this the key, that you mean?",
        )
    return text, tuple(verifier.name for verifier, _ in found)


def signatures(
    note: bytes, verifiers: Iterable[Kind]
) -> tuple[str, tuple[tuple[Kind, bytes], ...]]:
    """Return the text, and which of these keys have signed it with what, each key once.

    Raises `CannotVerify` when the signature of one of them is false.
    """
    known = {(each.name, each.key_id): each for each in verifiers}
    text, lines = _split(note)
    found: list[tuple[Kind, bytes]] = []
    for name, identifier, signature in map(_parsed_line, lines):
        verifier = known.pop((name, identifier), None)
        if verifier is None:
            continue
        if not verifier.verifies(signature, text.encode()):
            raise CannotVerify(f"the signature of {name} is false")
        found.append((verifier, signature))
    return text, tuple(found)


def note_text(note: bytes) -> str:
    """What is signed below, by whomever. Raises `CannotVerify` when this is no note."""
    text, lines = _split(note)
    for line in lines:
        _parsed_line(line)
    return text


def joined(note: bytes, lines: Iterable[str]) -> bytes:
    """The note with further signatures, each a whole line."""
    return note + "".join(lines).encode()


def signature_line(verifier: Verifier, signature: bytes) -> str:
    return f"{DASH}{verifier.name} {encoded(verifier.key_id + signature)}\n"


def _signature_line(text: str, signer: Signer) -> str:
    verifier = Verifier.of(signer.name, signer.public_key)
    return signature_line(verifier, signer.sign(text.encode()))


def _split(note: bytes) -> tuple[str, Iterator[str]]:
    """Split at the last empty line."""
    if len(note) > NOTE_LIMIT_BYTES:
        raise _bad_note("it is longer than 1 MB")
    try:
        whole = note.decode()
    except UnicodeDecodeError as error:
        raise _bad_note("it is not UTF-8") from error
    if any(each < " " and each != "\n" for each in whole):
        raise _bad_note("it has control characters")
    text, empty_line, signatures = whole.rpartition("\n\n")
    if not empty_line or not signatures.endswith("\n"):
        raise _bad_note("no signatures follow its text")
    lines = signatures.removesuffix("\n").split("\n")
    if len(lines) > SIGNATURE_LIMIT:
        raise _bad_note(f"it has more than {SIGNATURE_LIMIT} signatures")
    return text + "\n", iter(lines)


def _parsed_line(line: str) -> tuple[str, bytes, bytes]:
    name, space, rest = line.removeprefix(DASH).partition(" ")
    signature = decoded(rest)
    if not line.startswith(DASH) or not space or not good_name(name) or signature is None:
        raise _bad_note("a line after its text is no signature")
    if len(signature) <= KEY_ID_BYTES:
        raise _bad_note(f"the signature of {name} is cut off")
    return name, signature[:KEY_ID_BYTES], signature[KEY_ID_BYTES:]


def _bad_key(problem: str) -> CannotVerify:
    return CannotVerify(problem, remedy="Copy the whole key, one line, from a source you trust.")


def _bad_note(problem: str) -> CannotVerify:
    return CannotVerify(
        f"this is no signed note: {problem}", remedy="Does the address really lead to a log?"
    )
