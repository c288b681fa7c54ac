"""A log that one hand writes, where a test is about what is read from it."""

from collections.abc import Sequence
from pathlib import Path

from standfast.evidence.log import Log, Write, write_durably
from standfast.evidence.note import Verifier, sign
from standfast.evidence.signing import Signer


class WrittenLog:
    def __init__(self, folder: Path, signer: Signer, *, write: Write = write_durably) -> None:
        self.copy = Log(folder, Verifier.of(signer.name, signer.public_key), write=write)
        self._signer = signer

    def append(self, leaves: Sequence[bytes]) -> bytes:
        """Return the signed checkpoint that is published then."""
        then = self.copy.grown(leaves)
        self.copy.extend(leaves, then)
        note = sign(then.to_text(), [self._signer])
        self.copy.publish(note)
        return note
