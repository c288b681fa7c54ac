"""Which copy a backup machine takes, and in what order it goes about it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from standfast.core.errors import CommandFailed
from standfast.mechanisms.backup.engine import Copy, Kind
from standfast.mechanisms.backup.orders import Settings
from standfast.mechanisms.backup.take import take

from .copies import copy

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
SETTINGS = Settings(full_day="sunday", full_at="02:00", programs="/usr/lib/postgresql/15/bin")


@dataclass(frozen=True, slots=True)
class StillClock:
    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing waits here")


@dataclass(slots=True)
class Shelf:
    """An engine that keeps its copies in a list."""

    kept: tuple[Copy, ...] = ()
    has_primary: bool = True
    did: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        if not self.has_primary:
            raise CommandFailed("no primary")
        self.did.append("prepare")

    def take(self, kind: Kind) -> None:
        self.did.append(kind)

    def copies(self) -> tuple[Copy, ...]:
        return self.kept

    def restore(self, into: Path, tablespaces: Path) -> None:
        raise AssertionError("nothing is restored here")


def full(age: timedelta) -> Copy:
    began = NOW - age
    return copy(began_at=began)


def test_the_first_copy_is_full_and_the_repository_is_made_ready_before() -> None:
    shelf = Shelf()
    assert take(shelf, SETTINGS, StillClock()) is Kind.FULL
    assert shelf.did == ["prepare", "full"]


@pytest.mark.parametrize(
    ("age", "kind"),
    [
        (timedelta(minutes=30), Kind.INCREMENTAL),
        (timedelta(days=1), Kind.DIFFERENTIAL),
        (timedelta(days=6), Kind.FULL),
    ],
)
def test_later_ones_are_full_once_a_week_and_differential_once_a_day(
    age: timedelta, kind: Kind
) -> None:
    assert take(Shelf(kept=(full(age),)), SETTINGS, StillClock()) is kind


def test_without_a_primary_nothing_is_taken_and_the_failure_is_told() -> None:
    shelf = Shelf(has_primary=False)
    with pytest.raises(CommandFailed):
        take(shelf, SETTINGS, StillClock())
    assert shelf.did == []
