"""What a backup machine is told to bring back, and how far it has come. Standard library only."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from standfast.core.units import parse_stamp
from standfast.mechanisms.backup.engine import Target
from standfast.mechanisms.backup.places import USER

ORDERS = "/var/lib/standfast-recoveries"
"""One file for each folder that was ordered; it goes when the folder is discarded. Root's, and
readable for whoever's database it is."""

STATE = "state.json"
"""In the folder itself."""

RECEIVED = "received"
"""In the folder on a database machine: what the backup machine had received of the primary's WAL
and not in its repository yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """`to` is the moment, None for the latest; `copy` the engine's name of the one it begins with,
    `copy_bytes` what comes back of it, and `segments` how many of WAL are replayed at most, from
    `first_segment` on.

    On a database machine, in the site's place: from which `repository`, by PostgreSQL's `programs`,
    when it was `begun`, and of what moment the `newest` change was that was known then. Empty on a
    backup machine, which has all of its own, and where what came back stays to be looked at."""

    folder: str
    to: str | None
    copy: str
    copy_bytes: int
    first_segment: str
    segments: int
    repository: int = 0
    programs: str = ""
    begun: str = ""
    newest: str | None = None

    @property
    def in_place(self) -> bool:
        return self.repository > 0

    @property
    def user(self) -> str:
        """Whose files those of a database are."""
        return "postgres" if self.in_place else USER

    @property
    def run(self) -> str:
        """The name of this recovery, as a part of a file's name."""
        return re.sub(r"[^0-9TZ]", "", self.begun)

    @property
    def key(self) -> str:
        return key(self.folder)

    @property
    def unit(self) -> str:
        return unit(self.folder)

    @property
    def target(self) -> Target:
        moment = None if self.to is None else parse_stamp(self.to)
        return Target(copy=self.copy, moment=moment)

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Order":
        return cls(**json.loads(text))


def key(folder: str) -> str:
    """A short name for what is in the folder."""
    return hashlib.sha256(folder.encode()).hexdigest()[:12]


def unit(folder: str) -> str:
    return f"standfast-recovered-{key(folder)}.service"


def file_of(folder: str, orders: str = ORDERS) -> Path:
    return Path(orders) / f"{key(folder)}.json"


class Phase(StrEnum):
    ORDERED = "ordered"
    RESTORING = "restoring"
    REPLAYING = "replaying"
    READY = "ready"
    BROUGHT = "brought back"
    """And stopped again, because it is to run elsewhere."""

    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """`run`: which start of the unit said this. `copied`: all files are there, so another start
    goes on from them. `reached` is the time of the last change that came back; None where WAL had
    none to replay."""

    run: str = ""
    phase: Phase = Phase.ORDERED
    problem: str = ""
    copied: bool = False
    restore_s: float | None = None
    replay_s: float | None = None
    reached: str | None = None

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> "State":
        return cls(**{**document, "phase": Phase(document["phase"])})

    @classmethod
    def read(cls, folder: Path) -> "State":
        path = folder / STATE
        return cls.from_dict(json.loads(path.read_bytes())) if path.is_file() else cls()
