"""Which snapshot is brought back to be checked, and how that went: what a drill and the units of a
backup machine tell each other. Standard library only."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """`identifier` is the cluster's, and WAL up to `reach` must be in it. `run` tells this from all
    others; `folder` is where the snapshot's files lay."""

    run: str
    snapshot: str
    folder: str
    copy: str
    taken_at: str
    identifier: str
    reach: str

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Return":
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """How fetching it went. `problem` is empty where it came back whole, by restic's word."""

    run: str
    problem: str
    seconds: float

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Note":
        return cls(**json.loads(text))
