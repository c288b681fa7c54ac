"""A calibration counts only if the check told the planted fault from the healthy site."""

from datetime import UTC, datetime, timedelta

import pytest

from standfast.core.errors import CannotVerify
from standfast.evidence.dossier import calibrates
from standfast.evidence.statement import Run
from standfast.promises.catalog import REDUNDANT_WEB
from standfast.promises.judge import judge
from standfast.promises.model import Grade
from standfast.proofs.calibrate import calibration

(PART,) = REDUNDANT_WEB.parts
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def run(minute: int, failed: float) -> Run:
    measured = {"failed_requests": failed, "doubled_writes": 0.0}
    return Run(
        promise=REDUNDANT_WEB.id,
        drill=PART.drill,
        outcome=judge(PART.objective, measured),
        grade=Grade.REHEARSED,
        stand_ins=("web-1, web-2 share one kernel",),
        objective=dict(PART.objective),
        measured=measured,
        started_at=NOON + timedelta(minutes=minute),
        ended_at=NOON + timedelta(minutes=minute, seconds=30),
        run="1f0e7a52-7c5b-4b1e-9d7c-3f3f6f0b6a11",
        story=(),
        seen={},
    )


def made(red: float, green: float) -> bool:
    seen = calibration(
        REDUNDANT_WEB,
        PART,
        red=run(1, red),
        green=run(3, green),
        planted_at=NOON,
        removed_at=NOON + timedelta(minutes=2),
    )
    return calibrates(seen, PART.objective, now=NOON + timedelta(minutes=5))


def test_red_with_the_fault_and_green_without_it_is_a_calibration() -> None:
    assert made(red=37, green=0)


def test_a_check_that_stays_green_with_its_fault_proves_nothing() -> None:
    with pytest.raises(CannotVerify, match="was kept while its fault was planted"):
        made(red=0, green=0)


def test_a_site_that_stays_red_without_the_fault_is_no_calibration() -> None:
    with pytest.raises(CannotVerify, match="broken after the planted fault was removed"):
        made(red=37, green=1)
