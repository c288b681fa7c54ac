"""What the command line says of promises, to programs and to people."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from standfast.cli.promises import WIDTH, document, exit_status, lines, unread
from standfast.evidence.state import PartState, PromiseState
from standfast.promises.catalog import REDUNDANT_WEB
from standfast.promises.model import Grade, State

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

PART = PartState(
    drill="web-server",
    proof="The power of one web server is cut.",
    state=State.KEPT,
    grade=Grade.REHEARSED,
    objective={"failed_requests": 0.0},
    default_objective={"failed_requests": 0.0},
    measured={"failed_requests": 0.0, "requests": 3000.0},
    worst={"failed_requests": 0.0},
    proven_at=NOW - timedelta(hours=2),
    due_at=NOW + timedelta(hours=22),
    calibrated_at=NOW - timedelta(days=3),
    reason="proven, and its check was seen red",
    latest=3,
    calibration=4,
    stand_ins=("vantage, web-1 share one kernel",),
    missed=(),
    history=(),
)

KEPT = PromiseState(
    promise="redundant-web",
    statement="Any web server can fail without interrupting access.",
    parts=(PART,),
)


def shown(**changes: Any) -> PromiseState:
    return replace(KEPT, parts=(replace(PART, **changes),))


@pytest.mark.parametrize(
    ("states", "status"),
    [
        ((), 0),
        ((State.KEPT, State.KEPT), 0),
        ((State.KEPT, State.UNPROVEN), 3),
        ((State.UNPROVEN, State.BROKEN, State.KEPT), 1),
    ],
)
def test_the_exit_status_is_that_of_the_worst(states: tuple[State, ...], status: int) -> None:
    assert exit_status(states) == status


def test_state_and_grade_are_said_together_with_what_was_measured() -> None:
    said = "\n".join(lines(document(KEPT), NOW))
    assert "redundant-web: kept, rehearsed" in said
    assert "failed_requests 0 (at most 0)" in said
    assert "proven 2 h ago, seen red 3 d ago, due in 22 h" in said


def test_what_is_not_kept_says_why() -> None:
    broken = shown(state=State.BROKEN, reason="failed_requests was 7, at most 0")
    said = "\n".join(lines(document(broken), NOW))
    assert "broken, rehearsed" in said
    assert "failed_requests was 7, at most 0." in said


def test_a_record_that_cannot_be_read_proves_nothing() -> None:
    said = unread(REDUNDANT_WEB, "the record could not be read: nobody answers")
    assert said.keys() == document(KEPT).keys()
    assert said["state"] == "unproven"
    assert "nobody answers" in "\n".join(lines(said, NOW))


def test_every_line_fits_a_terminal() -> None:
    long = shown(state=State.UNPROVEN, reason="no proof was made " * 20)
    assert all(len(line) <= WIDTH for line in lines(document(long), NOW))


def test_figures_of_several_drills_are_told_by_drill() -> None:
    host = replace(PART, drill="slow-web", objective={"outage_s": 3.0}, measured={"outage_s": 1.2})
    said = document(replace(KEPT, parts=(PART, host)))
    assert said["objective"] == {
        "web-server": {"failed_requests": 0.0},
        "slow-web": {"outage_s": 3.0},
    }
    assert said["measured"]["slow-web"] == {"outage_s": 1.2}
    assert [each["drill"] for each in said["drills"]] == ["web-server", "slow-web"]
    assert "slow-web: outage_s 1.2 (at most 3)" in "\n".join(lines(said, NOW))
