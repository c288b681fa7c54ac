"""What a witness signs: that this is the largest checkpoint of the log that it has seen, and when.

C2SP tlog-cosignature, Ed25519 (type 0x04, "cosignature/v1"): the signature is eight bytes of time
(seconds since the epoch, big-endian) and 64 bytes of Ed25519 over a header line, a line with that
time, and the whole text of the checkpoint. It is one more line of the signed note, so whoever does
not know the witness passes over it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from standfast.core.errors import CannotVerify
from standfast.evidence.note import Verifier, parse_key, signature_line, signatures
from standfast.evidence.signing import SIGNATURE_BYTES, Signer, signed

TIME_BYTES = 8
TIME_LIMIT = 2**63
"""The format allows no later second than the one before this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosigner(Verifier):
    """A witness's public key. The name is not in what it signs, so one key has one name."""

    KIND: ClassVar[bytes] = b"\x04"
    WHAT: ClassVar[str] = "a witness's Ed25519 key"

    def verifies(self, signature: bytes, data: bytes) -> bool:
        seconds, proper = signature[:TIME_BYTES], signature[TIME_BYTES:]
        time = int.from_bytes(seconds, "big")
        if len(proper) != SIGNATURE_BYTES or not 0 < time < TIME_LIMIT:
            return False
        return signed(self.public_key, proper, message(data, time))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosignature:
    """`at` is what the witness's clock said, in whole seconds since the epoch."""

    witness: Cosigner
    at: int

    @property
    def moment(self) -> datetime | None:
        """None where no calendar reaches."""
        try:
            return datetime.fromtimestamp(self.at, UTC)
        except (OverflowError, ValueError, OSError):
            return None


def message(text: bytes, time: int) -> bytes:
    return b"cosignature/v1\ntime %d\n%b" % (time, text)


def cosigned(text: str, signer: Signer, now: datetime) -> str:
    """The line that goes below the checkpoint. Raises `CannotVerify` before 1970."""
    time = int(now.timestamp())
    if not 0 < time < TIME_LIMIT:
        raise CannotVerify("the clock of this witness is wrong", remedy="Set it.")
    signature = signer.sign(message(text.encode(), time))
    witness = Cosigner.of(signer.name, signer.public_key)
    return signature_line(witness, time.to_bytes(TIME_BYTES, "big") + signature)


def cosignatures(note: bytes, witnesses: Iterable[Cosigner]) -> tuple[Cosignature, ...]:
    """Which of these witnesses have cosigned, in the note's order. Raises `CannotVerify` when the
    signature of one of them is false. Whether the log has signed is asked elsewhere."""
    _, found = signatures(note, witnesses)
    return tuple(
        Cosignature(witness=witness, at=int.from_bytes(signature[:TIME_BYTES], "big"))
        for witness, signature in found
    )


def line_of(witness: Cosigner, note: bytes, said: bytes) -> str:
    """The one line of this witness in what was said to go below the note; empty if there is none.
    Nothing else of what was said goes on."""
    try:
        _, found = signatures(note + said, (witness,))
    except CannotVerify:
        return ""
    return "".join(signature_line(witness, signature) for _, signature in found)


def witness_name(origin: str, machine: str) -> str:
    """Of the witness on a monitor, below the name of the log that it witnesses."""
    return f"{origin}/{machine}"


def cosigner(signer: Signer) -> Cosigner:
    return Cosigner.of(signer.name, signer.public_key)


def parse_cosigner(text: str) -> Cosigner:
    """Read a witness's verifier key. Raises `CannotVerify` when it is anything else."""
    return parse_key(text, Cosigner)
