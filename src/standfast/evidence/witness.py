"""A witness cosigns a checkpoint if it continues the last one that it cosigned, and no other.

`decide` is pure; a `Witness` remembers for it. *Invariant: of one log, a witness never cosigns two
checkpoints of which one does not continue the other.* What it remembers is on the disk, flushed,
before a cosignature leaves: killed in between it remembers a checkpoint that nobody has a
cosignature of, and gives one when it is asked again. Two processes on one folder take turns.

What it cannot see is a folder put back to an older copy, or taken away: then it believes what it is
shown first. That is why more than one witness must cosign.
"""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from standfast.core.errors import BrokenInvariant, CannotVerify
from standfast.evidence import merkle
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.cosignature import cosigned
from standfast.evidence.log import Write, write_durably
from standfast.evidence.merkle import Hashes
from standfast.evidence.note import Verifier, joined, signature_line, signatures
from standfast.evidence.signing import Signer

CHECKPOINT = "checkpoint"
LOCK = "lock"


class Reason(StrEnum):
    UNKNOWN_LOG = "unknown log"
    ROLLBACK = "rollback"
    FORK = "fork"
    NOT_PROVEN = "bad proof"


CONTRADICTIONS = frozenset({Reason.FORK, Reason.NOT_PROVEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosign:
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    reason: Reason
    why: str

    @property
    def is_contradiction(self) -> bool:
        """Whether two things that the log's key has signed do not go together. A rollback is none:
        an older checkpoint may have been late."""
        return self.reason is Reason.FORK


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Whoever asked takes another checkpoint for the last one than this."""

    last: Checkpoint


def nothing_of(origin: str) -> Checkpoint:
    """What a witness remembers of a log that it has never cosigned."""
    return Checkpoint(origin=origin, size=0, root=merkle.root(()))


def decide(old: Checkpoint, new: Checkpoint, proof: Hashes, now: datetime) -> Cosign | Refuse:
    """`old` is what was cosigned last; `proof` leads from it to `new` (RFC 9162, 2.1.4.1), and is
    empty where there is nothing to prove. Who has signed `new` was asked before."""
    if new.origin != old.origin:
        return Refuse(reason=Reason.UNKNOWN_LOG, why=f"{new.origin} is not {old.origin}")
    if new.size < old.size:
        return Refuse(
            reason=Reason.ROLLBACK,
            why=f"the log had {old.size} entries, and now it is said to have {new.size}",
        )
    if new.size == old.size and new.root != old.root:
        return Refuse(
            reason=Reason.FORK,
            why=f"there are two logs of {old.size} entries, and the same key has signed both",
        )
    if not _continues(old, new, proof):
        return Refuse(
            reason=Reason.NOT_PROVEN,
            why=f"it is not shown that {new.size} entries begin with the {old.size} seen before",
        )
    return Cosign(at=now)


def _continues(old: Checkpoint, new: Checkpoint, proof: Hashes) -> bool:
    if old.size == 0:
        return not proof
    return merkle.consistent(
        old_size=old.size, old_root=old.root, size=new.size, root=new.root, proof=proof
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Of one log. `folder` may be that of several witnessed logs; each has its own place there."""

    folder: Path
    log: Verifier
    signer: Signer
    write: Write = field(default=write_durably, repr=False)

    @property
    def place(self) -> Path:
        return self.folder / hashlib.sha256(self.log.name.encode()).hexdigest()

    @property
    def last(self) -> Checkpoint:
        """What was cosigned last. Raises `BrokenInvariant` when that cannot be read, because then
        nothing may be cosigned."""
        path = self.place / CHECKPOINT
        if not path.exists():
            return nothing_of(self.log.name)
        try:
            found, _ = self.opened(path.read_bytes())
        except CannotVerify as error:
            raise BrokenInvariant(
                f"{path} is damaged, so this witness does not know what it has cosigned",
                remedy="Put it back from a copy, or begin anew with another key and an empty "
                "folder: under the same key a fork could be cosigned.",
            ) from error
        return found

    def opened(self, note: bytes) -> tuple[Checkpoint, bytes]:
        """The checkpoint, and the log's signature of it. Raises `CannotVerify` if there is none."""
        text, found = signatures(note, (self.log,))
        if not found:
            raise CannotVerify(
                f"the key of {self.log.name} has not signed this checkpoint",
                remedy="Is this the log, and is this the key, that you mean?",
            )
        return Checkpoint.from_text(text), found[0][1]

    def ask(self, note: bytes, proof: Hashes, now: datetime) -> str | Refuse:
        """Return the line with the cosignature, or why there is none. `proof` leads from `last`."""
        answer = self.answer(note, proof, now, from_size=None)
        assert not isinstance(answer, Conflict)
        return answer

    def answer(
        self, note: bytes, proof: Hashes, now: datetime, *, from_size: int | None
    ) -> str | Refuse | Conflict:
        """The same for who says from which size `proof` leads.

        What the log's key has signed and contradicts what was cosigned is kept: it is evidence.
        """
        new, signature = self.opened(note)
        with self._locked():
            last = self.last
            if from_size not in (None, last.size):
                return Conflict(last=last)
            decided = decide(last, new, proof, now)
            if isinstance(decided, Refuse):
                self._keep(decided.reason, note)
                return decided
            text = new.to_text()
            line = cosigned(text, self.signer, decided.at)
            signed = f"{text}\n{signature_line(self.log, signature)}".encode()
            self.write(self.place / CHECKPOINT, joined(signed, [line]))
            return line

    def refused(self, reason: Reason) -> bytes:
        """The newest note that was refused for this reason and kept; empty if there is none."""
        path = self._refused(reason)
        return path.read_bytes() if path.exists() else b""

    def _keep(self, reason: Reason, note: bytes) -> None:
        """One of each sort, so that nobody can fill the disk."""
        if reason in CONTRADICTIONS and self.refused(reason) != note:
            self.write(self._refused(reason), note)

    def _refused(self, reason: Reason) -> Path:
        return self.place / f"refused-{reason.name.lower()}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Remembering and what was decided on it are one step."""
        path = self.place / LOCK
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
