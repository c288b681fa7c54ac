"""What a reader remembers of each log: whose key it trusts, and what it verified last.

A folder per log, named by the digest of the log's name. A key is pinned once and never replaced by
itself: whoever could replace it could show another log.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from standfast.core.errors import CannotVerify
from standfast.core.files import write_atomically
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.note import parse_vkey
from standfast.evidence.policy import Policy, parse
from standfast.evidence.read import Record, read_checkpoint
from standfast.evidence.timestamp.judge import NOTHING, Gathered
from standfast.evidence.verify import Verification, verified

KEY = "key"
CHECKPOINT = "checkpoint"
AUTHORITY = "ca.pem"
ADDRESS = "address"
POLICY = "policy"
FILES = (KEY, CHECKPOINT, AUTHORITY, ADDRESS, POLICY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    folder: Path

    def key(self, origin: str) -> str | None:
        path = self._place(origin) / KEY
        return path.read_text().strip() if path.is_file() else None

    def authority_at(self, address: str) -> Path | None:
        """Whose certificates to believe at that address instead of the system's."""
        for path in self.folder.glob(f"*/{ADDRESS}"):
            if path.read_text().strip() == address and (path.parent / AUTHORITY).is_file():
                return path.parent / AUTHORITY
        return None

    def trust(self, vkey: str, *, address: str, authority: bytes | None) -> None:
        """Raises `CannotVerify` when another key is pinned under the same name."""
        origin = parse_vkey(vkey).name
        known = self.key(origin)
        if known and known != vkey:
            raise CannotVerify(
                f"another key is pinned for the log {origin}",
                remedy="Was the key rotated, as a notice in the log says? If you are sure, remove "
                f"{self._place(origin)}.",
            )
        place = self._place(origin)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        if authority is not None:
            write_atomically(place / AUTHORITY, authority)
        write_atomically(place / ADDRESS, f"{address}\n".encode())
        write_atomically(place / KEY, f"{vkey}\n".encode())

    def policy(self, origin: str) -> Policy | None:
        """Whose cosignatures are required of that log; None if nobody has said."""
        path = self._place(origin) / POLICY
        return parse(path.read_bytes()) if path.is_file() else None

    def require(self, origin: str, policy: Policy) -> None:
        place = self._place(origin)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(place / POLICY, policy.text.encode("utf-8", "surrogateescape"))

    def checkpoint(self, origin: str) -> Checkpoint | None:
        """What was verified last; its signature is checked again."""
        path, key = self._place(origin) / CHECKPOINT, self.key(origin)
        if key is None or not path.is_file():
            return None
        return read_checkpoint(path.read_bytes(), parse_vkey(key))

    def compared(
        self,
        record: Record,
        *,
        now: datetime,
        policy: Policy | None = None,
        gathered: Gathered = NOTHING,
    ) -> Verification:
        """Verify against what was verified last and the policy, or else the pinned one, and
        remember this one if nothing is wrong."""
        origin = record.checkpoint.origin
        found = verified(
            record,
            now=now,
            pinned=self.checkpoint(origin),
            policy=policy or self.policy(origin),
            gathered=gathered,
        )
        if not found.complaints and self.key(origin):
            write_atomically(self._place(origin) / CHECKPOINT, record.checkpoint_bytes)
        return found

    def forget(self, origin: str) -> None:
        place = self._place(origin)
        for name in FILES:
            (place / name).unlink(missing_ok=True)
        if place.is_dir():
            place.rmdir()
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _place(self, origin: str) -> Path:
        return self.folder / hashlib.sha256(origin.encode()).hexdigest()[:16]
