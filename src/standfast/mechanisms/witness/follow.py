"""One look at a log from outside: what it shows, and whether that continues what it showed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from standfast.core.errors import CannotVerify, StandfastError, Unreachable
from standfast.core.units import stamp
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.consistency import proof
from standfast.evidence.read import fetched_tile
from standfast.evidence.tiles import CHECKPOINT
from standfast.evidence.transport import Transport
from standfast.evidence.witness import Refuse, Witness

SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """`line` is the cosignature, empty where there is none; `problem` why nothing could be judged:
    nobody answered, or what came is no log of this key. `note` is what was shown."""

    at: datetime
    last: Checkpoint
    shown: Checkpoint | None = None
    note: bytes = b""
    line: str = ""
    refused: Refuse | None = None
    problem: str = ""

    @property
    def status(self) -> int:
        """As an exit status: 0 cosigned, 1 refused, 3 nothing could be judged."""
        if self.refused:
            return 1
        return 0 if self.line else 3

    @property
    def trouble(self) -> str:
        if self.refused:
            return str(self.refused.reason)
        return "" if self.line else SILENT

    def evidence(self) -> Mapping[str, Any]:
        return {**self.document(), "note": self.note.decode("utf-8", "replace") or None}

    def document(self) -> Mapping[str, Any]:
        shown = self.shown
        return {
            "at": stamp(self.at),
            "origin": self.last.origin,
            "size": shown.size if shown else None,
            "root": shown.root.hex() if shown else None,
            "size_before": self.last.size,
            "cosigned": self.line.strip() or None,
            "refused": {"reason": self.refused.reason, "why": self.refused.why}
            if self.refused
            else None,
            "problem": self.problem or None,
        }

    @property
    def words(self) -> str:
        if self.refused:
            return f"REFUSED ({self.refused.reason}): {self.refused.why}"
        if self.shown is None:
            return f"nothing cosigned: {self.problem}"
        grown = self.shown.size - self.last.size
        return f"cosigned {self.shown.size} entries of {self.shown.origin}, {grown} of them new"


def look(transport: Transport, witness: Witness, now: datetime) -> Look:
    """Raises `BrokenInvariant` when the witness's own memory is damaged."""
    last = witness.last
    try:
        note = transport.fetch(CHECKPOINT)
        shown, _ = witness.opened(note)
        grows = 0 < last.size < shown.size
        tiles = partial(fetched_tile, transport)
        leads = proof(tiles, last.size, shown.size) if grows else ()
    except (CannotVerify, Unreachable) as error:
        return unjudged(error, last, now)
    found = witness.ask(note, leads, now)
    if isinstance(found, Refuse):
        return Look(at=now, last=last, shown=shown, note=note, refused=found)
    return Look(at=now, last=last, shown=shown, note=note, line=found)


def unjudged(error: StandfastError, last: Checkpoint, now: datetime) -> Look:
    return Look(at=now, last=last, problem=error.problem)
