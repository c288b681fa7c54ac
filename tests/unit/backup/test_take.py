"""Which copy a backup machine takes, and in what order it goes about it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from standfast.core.errors import CommandFailed
from standfast.mechanisms.backup import wal
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
    wal: tuple[str, ...] = ()
    did: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        if not self.has_primary:
            raise CommandFailed("no primary")
        self.did.append("prepare")

    def take(self, kind: Kind) -> None:
        self.did.append(kind)

    def copies(self) -> tuple[Copy, ...]:
        return self.kept

    def segments(self) -> tuple[str, ...]:
        return self.wal

    def history(self, timeline: int) -> str:
        return "1\t0/A000000\tno recovery target specified\n"

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


def numbered(*numbers: int, timeline: int = 1) -> tuple[str, ...]:
    return tuple(wal.name(timeline, number) for number in numbers)


def test_after_a_gap_a_full_copy_is_due_whatever_the_day() -> None:
    before = copy("1F", began_at=NOW - timedelta(hours=1), first=3)
    shelf = Shelf(kept=(before,), wal=numbered(3, 4, 5, 9, 10))
    assert take(shelf, SETTINGS, StillClock()) is Kind.FULL
    since = copy("2F", began_at=NOW - timedelta(minutes=20), first=9)
    shelf = Shelf(kept=(before, since), wal=numbered(3, 4, 5, 9, 10, 11))
    assert take(shelf, SETTINGS, StillClock()) is Kind.INCREMENTAL


def test_a_failover_is_no_gap() -> None:
    before = copy("1F", began_at=NOW - timedelta(hours=1), first=3)
    log = (*numbered(3, *range(4, 11)), *numbered(10, 11, timeline=2))
    shelf = Shelf(kept=(before,), wal=log)
    assert take(shelf, SETTINGS, StillClock()) is Kind.INCREMENTAL
