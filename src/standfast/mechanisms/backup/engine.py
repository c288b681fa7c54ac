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
    """One finished backup. `name` is the engine's own for it."""

    name: str
    kind: Kind
    began_at: datetime
    finished_at: datetime


class Engine(Protocol):
    def prepare(self) -> None:
        """Make the repository ready for this site's database. Safe to repeat. Fails while no
        database machine is primary."""

    def take(self, kind: Kind) -> None:
        """Copy the primary, whichever machine that is, and forget what need not be kept."""

    def copies(self) -> tuple[Copy, ...]:
        """The finished ones, oldest first, by the engine's own word."""

    def restore(self, into: Path, tablespaces: Path) -> None:
        """Put the newest copy there, such that PostgreSQL will replay all WAL that is kept."""
