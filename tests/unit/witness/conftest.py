"""A log that grows, and a witness of it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.written import WrittenLog

from standfast.evidence.note import Verifier
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.transport import FolderTransport
from standfast.evidence.witness import Witness

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORIGIN = "example.test/trust/log"
LOG = Ed25519Signer.from_seed(ORIGIN, bytes(32))
KEY = Verifier.of(LOG.name, LOG.public_key)
ANN = Ed25519Signer.from_seed("ann.example/witness", b"a" * 32)


@dataclass
class HandClock:
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - NOON).total_seconds() + 1000

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Kept:
    """A log in a folder, and its forks."""

    folder: Path
    leaves: list[bytes] = field(default_factory=list)

    def grow(self, count: int, word: str = "entry") -> bytes:
        new = [b"%s %d" % (word.encode(), len(self.leaves) + each) for each in range(count)]
        self.leaves += new
        return WrittenLog(self.folder, LOG).append(new)

    def fork(self, folder: Path, size: int, count: int) -> "Kept":
        """The same up to that size, and then something else."""
        other = Kept(folder)
        other.leaves = self.leaves[:size]
        WrittenLog(folder, LOG).append(other.leaves)
        other.grow(count, "another")
        return other

    @property
    def note(self) -> bytes:
        return (self.folder / "checkpoint").read_bytes()

    @property
    def transport(self) -> FolderTransport:
        return FolderTransport(self.folder)


@pytest.fixture
def log(tmp_path: Path) -> Kept:
    kept = Kept(tmp_path / "log")
    kept.grow(3)
    return kept


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(folder=tmp_path / "witness", log=KEY, signer=ANN)
