"""What the rest of this room needs of whatever copies the database, and the words for it.

The engine's own folder holds all that knows its name: its configuration, its commands, how it
lays out a repository. Standard library only, because all of this runs on backup machines.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class Kind(StrEnum):
    """What a copy holds: everything; what changed since the full one; what changed since any."""

    FULL = "full"
    DIFFERENTIAL = "differential"
    INCREMENTAL = "incremental"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One finished backup. `name` is the engine's own for it.

    It is whole with the WAL from `first_segment` to `last_segment`, and with the copies that it
    `needs`. `database_bytes` are what comes back, `stored_bytes` what it added to the repository.
    """

    name: str
    kind: Kind
    began_at: datetime
    finished_at: datetime
    first_segment: str
    last_segment: str
    needs: tuple[str, ...]
    database_bytes: int
    stored_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a restore brings back: that copy, and WAL up to the last commit at `moment`; all that
    is kept where it is None."""

    copy: str
    moment: datetime | None


class Engine(Protocol):
    def prepare(self) -> None:
        """Make the repository ready for this site's database. Safe to repeat. Fails while no
        database machine is primary."""

    def take(self, kind: Kind) -> None:
        """Copy the primary, whichever machine that is, and forget what need not be kept."""

    def copies(self) -> tuple[Copy, ...]:
        """The finished ones, oldest first, by the engine's own word."""

    def identifier(self) -> str:
        """Of the newest cluster whose copies are kept, as pg_controldata(1) prints it."""

    def segments(self) -> tuple[str, ...]:
        """Names of the whole segments of WAL that are kept of the newest cluster, in any order."""

    def history(self, timeline: int) -> str:
        """That timeline's history file, as PostgreSQL wrote it."""

    def segment(self, name: str) -> bytes:
        """One that is kept, as PostgreSQL wrote it."""

    def restore(self, into: Path, tablespaces: Path, target: Target | None = None) -> None:
        """Put a copy there, such that PostgreSQL will replay WAL when it starts. Without a target:
        the newest copy, and all WAL that is kept. With one, what an interrupted restore of the same
        has left there is used, and the server takes writes once it has replayed; other restores may
        go on beside it."""
