"""What runs by itself, when, and whether its check is seen red first."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from standfast.evidence.consent import Pause, Standing
from standfast.evidence.state import PartState
from standfast.promises.catalog import BOTH_DATABASES_LOST, MIRRORED_DATABASE, REDUNDANT_WEB
from standfast.promises.model import Grade, Promise, State
from standfast.proofs.permission import Rules
from standfast.proofs.rota import Known, Turn, turns
from standfast.proofs.windows import parse

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
HALF = HOUR / 2
HERE = Rules(listed=False, zone=ZoneInfo("UTC"))
NIGHTS = Rules(listed=True, windows=(parse("daily 02:00-04:00"),), zone=ZoneInfo("UTC"))
SUNDAYS = Rules(listed=True, windows=(parse("sun 11:00-13:00"),), zone=ZoneInfo("UTC"))
AGREED = Standing(consented={"web-server": NOON - DAY, "mirrored-database": NOON - DAY})

PROVEN = PartState(
    drill="web-server",
    proof="",
    state=State.KEPT,
    grade=Grade.REHEARSED,
    objective={},
    default_objective={},
    measured={},
    worst={},
    proven_at=NOON,
    due_at=NOON + DAY,
    calibrated_at=NOON,
    reason="",
    latest=3,
    calibration=4,
    stand_ins=(),
    missed=(),
    history=(),
)
LOOKED = replace(PROVEN, drill="mirrored-database")
WEB_ONLY = (REDUNDANT_WEB,)
COPIES_ONLY = (replace(MIRRORED_DATABASE, parts=MIRRORED_DATABASE.parts[:1]),)


def known(
    *states: PartState,
    rules: Rules = HERE,
    said: Standing = AGREED,
    tried: dict[str, datetime] | None = None,
) -> Known:
    by_drill = {each.drill: each for each in states}
    return Known(states=by_drill, tried=tried or {}, standing=said, rules=rules)


def next_turn(
    seen: Known, now: datetime = NOON, promises: tuple[Promise, ...] = WEB_ONLY
) -> Turn | None:
    found = turns(promises, seen, now=now)
    return found[0] if found else None


def moment(turn: Turn | None) -> tuple[timedelta, bool]:
    assert turn is not None
    return turn.at - NOON, turn.doubt


def test_what_was_never_proven_is_seen_red_and_proven_at_once() -> None:
    assert moment(next_turn(known())) == (timedelta(), True)


def test_what_is_kept_is_proven_again_with_a_fourth_of_its_period_left() -> None:
    assert moment(next_turn(known(PROVEN))) == (18 * HOUR, False)


def test_its_check_is_seen_red_again_with_a_fourth_of_that_time_left() -> None:
    old = replace(PROVEN, calibrated_at=NOON - 5 * DAY)
    assert moment(next_turn(known(old))) == (6 * HOUR, True)
    assert moment(next_turn(known(old), NOON + 6 * HOUR)) == (6 * HOUR, True)


def test_a_proof_in_every_slot_of_a_month_whenever_somebody_looks() -> None:
    """Slots follow each other without a gap; the schedule knows nothing of them."""
    at, state, ended = NOON, PROVEN, [NOON]
    while at < NOON + 30 * DAY:
        turn = next_turn(known(state), at)
        assert turn is not None
        if turn.at <= at:
            ended.append(at)
            red = at if turn.doubt else state.calibrated_at
            state = replace(state, proven_at=at, due_at=at + DAY, calibrated_at=red)
        assert state.calibrated_at is not None
        assert at - state.calibrated_at < REDUNDANT_WEB.calibrated_within
        at += timedelta(minutes=10)
    slots = [NOON + number * DAY for number in range(29)]
    assert all(any(begin <= each <= begin + DAY for each in ended) for begin in slots)
    assert len(ended) <= 42


@pytest.mark.parametrize("state", [State.BROKEN, State.UNPROVEN])
def test_what_is_not_kept_is_proven_at_once_but_rests_after_each_try(state: State) -> None:
    red = replace(PROVEN, state=state)
    assert moment(next_turn(known(red))) == (timedelta(), False)
    assert moment(next_turn(known(red, tried={"web-server": NOON}))) == (HALF, False)
    late = NOON + 2 * HALF
    turn = next_turn(known(red, tried={"web-server": NOON}), late)
    assert turn is not None
    assert turn.at == late


def test_what_is_due_monthly_disturbs_no_more_often_than_each_fifteen_hours() -> None:
    monthly = (BOTH_DATABASES_LOST,)
    proven = replace(PROVEN, drill="both-databases-lost", due_at=NOON + 30 * DAY)
    assert moment(next_turn(known(proven), promises=monthly)) == (22.5 * DAY, False)
    red = replace(proven, state=State.BROKEN)
    tried = known(red, tried={"both-databases-lost": NOON})
    assert moment(next_turn(tried, promises=monthly)) == (15 * HOUR, False)


def test_on_somebodys_machines_it_waits_for_consent_and_a_window() -> None:
    assert next_turn(known(PROVEN, rules=NIGHTS, said=Standing())) is None
    # 18 h after noon is six in the morning; the night after that would be too late
    assert moment(next_turn(known(PROVEN, rules=NIGHTS))) == (14 * HOUR, False)
    far = replace(PROVEN, due_at=NOON + 2 * DAY)
    assert moment(next_turn(known(far, rules=NIGHTS))) == (38 * HOUR, False)


def test_where_windows_are_too_rare_it_runs_in_each() -> None:
    assert moment(next_turn(known(PROVEN, rules=SUNDAYS))) == (timedelta(), False)
    seen = known(PROVEN, rules=SUNDAYS, tried={"web-server": NOON + 2 * HOUR})
    assert moment(next_turn(seen, NOON + 2 * HOUR)) == (7 * DAY - HOUR, True)


def test_where_no_window_is_set_nothing_disturbs() -> None:
    closed = Rules(listed=True, zone=ZoneInfo("UTC"))
    assert next_turn(known(PROVEN, rules=closed)) is None


def test_an_observation_needs_no_window_but_its_planted_fault_does() -> None:
    old = replace(LOOKED, calibrated_at=NOON - 6 * DAY)
    seen = known(old, rules=NIGHTS)
    assert moment(next_turn(seen, promises=COPIES_ONLY)) == (14 * HOUR, True)
    never = replace(LOOKED, state=State.UNPROVEN, calibrated_at=None)
    alone = known(never, rules=NIGHTS, said=Standing())
    assert moment(next_turn(alone, promises=COPIES_ONLY)) == (18 * HOUR, False)


def test_a_pause_leaves_observations_and_moves_drills_to_its_end() -> None:
    stopped = Pause(reason="the auditors are here", since=NOON, until=None)
    for_now = replace(stopped, until=NOON + DAY)
    assert next_turn(known(PROVEN, said=Standing(pause=stopped))) is None
    assert moment(next_turn(known(PROVEN, said=Standing(pause=for_now)))) == (DAY, False)
    looked = known(LOOKED, said=Standing(pause=stopped))
    assert moment(next_turn(looked, promises=COPIES_ONLY)) == (18 * HOUR, False)


def test_they_come_in_the_order_in_which_they_are_due() -> None:
    seen = known(PROVEN, replace(LOOKED, proven_at=NOON - HOUR))
    found = turns((REDUNDANT_WEB, MIRRORED_DATABASE), seen, now=NOON)
    assert [each.part.drill for each in found] == [
        "secondary-host",
        "mirrored-database",
        "web-server",
    ]
