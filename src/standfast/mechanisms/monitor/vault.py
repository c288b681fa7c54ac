"""What this monitor has sealed in broken proofs, until it is revealed: a file each, by its digest.

A file is written before its proof is handed in, so no proof is in the log whose details were lost
with a daemon; a file whose proof never came into the log stays, and says nothing to anybody.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from standfast.core.files import write_atomically
from standfast.evidence.entries import by_kind
from standfast.evidence.read import Record
from standfast.evidence.sealed import Details, revealed, seal_of
from standfast.evidence.statement import Proof

AHEAD = timedelta(hours=1)
"""What has to be revealed by then is so much earlier: whoever writes the log may be away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    folder: Path

    def keep(self, details: Details) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(self.folder / details.digest, details.to_json(), mode=0o600)

    def kept(self) -> tuple[Details, ...]:
        """Cheap where nothing is kept, which is nearly always."""
        if not self.folder.is_dir():
            return ()
        files = sorted(self.folder.iterdir())
        return tuple(Details.model_validate_json(each.read_bytes()) for each in files)

    def forget(self, details: Details) -> None:
        (self.folder / details.digest).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Of what is kept: what is to be revealed now, and what need not be kept any longer."""

    reveal: tuple[Details, ...] = ()
    forget: tuple[Details, ...] = ()


def due(kept: tuple[Details, ...], record: Record, *, is_over: bool, now: datetime) -> Due:
    """`is_over`: the log says that the promise is kept again, so that nobody is helped by knowing
    what was wrong. Pure."""
    known = revealed(record.entries)
    seals = {
        seal.digest: seal
        for each in by_kind(record.entries).proofs
        if isinstance(proof := each.statement.predicate, Proof) and (seal := seal_of(proof))
    }
    waiting = [each for each in kept if each.digest not in known]
    return Due(
        reveal=tuple(
            each
            for each in waiting
            if (seal := seals.get(each.digest)) and (is_over or now >= seal.by - AHEAD)
        ),
        forget=tuple(each for each in kept if each.digest in known),
    )
