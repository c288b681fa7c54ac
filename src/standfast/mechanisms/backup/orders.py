"""What a backup machine is told by its files and by a drill. Standard library only."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from standfast.mechanisms.backup.places import SETTINGS


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """backup.json. `programs` is the folder of PostgreSQL's programs."""

    full_day: str
    full_at: str
    programs: str

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), indent=2, sort_keys=True).encode() + b"\n"

    @classmethod
    def read(cls, path: Path = Path(SETTINGS)) -> "Settings":
        return cls(**json.loads(path.read_text()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """To restore and to check: `identifier` is the cluster's, and WAL up to `reach` must be
    replayed. `run` tells this restore from all others."""

    run: str
    identifier: str
    reach: str

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Order":
        return cls(**json.loads(text))
