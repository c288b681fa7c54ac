"""What is said of two copies follows from what both ends say, and never from silence."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from standfast.promises.catalog import MIRRORED_DATABASE
from standfast.promises.judge import judge
from standfast.promises.model import Outcome
from standfast.proofs.monitoring.copies import (
    GREEN_AFTER_S,
    RED_AFTER_S,
    Look,
    PrimaryEnd,
    SecondaryEnd,
    Word,
    decide,
    figures,
    recent,
    seen,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OBJECTIVE = MIRRORED_DATABASE.parts[0].objective
SYNC = ("db-2", "streaming", "sync")
KEPT, BROKEN, BLIND = Outcome.KEPT, Outcome.BROKEN, Outcome.INCONCLUSIVE


def primary(
    *senders: tuple[str, str, str], acknowledged: bool = True, level: str = "on", at: float = 0.01
) -> PrimaryEnd:
    return PrimaryEnd(acknowledged=acknowledged, level=level, senders=senders, answered_at=at)


def secondary(*, has_come: bool = True, receives: bool = True, at: float = 0.02) -> SecondaryEnd:
    return SecondaryEnd(has_come=has_come, receives=receives, answered_at=at)


def look(
    db_1: PrimaryEnd | SecondaryEnd | None,
    db_2: PrimaryEnd | SecondaryEnd | None,
    *,
    began: float = 0.0,
    took: float = 0.1,
) -> Look:
    ends = {"db-1": db_1, "db-2": db_2}
    return Look(
        began_at=began,
        ended_at=began + took,
        now=NOON + timedelta(seconds=began + took),
        run="1f0e7a52-7c5b-4b1e-9d7c-3f3f6f0b6a11",
        primaries={name: end for name, end in ends.items() if isinstance(end, PrimaryEnd)},
        secondaries={name: end for name, end in ends.items() if isinstance(end, SecondaryEnd)},
    )


@pytest.mark.parametrize(
    ("db_1", "db_2", "outcome"),
    [
        pytest.param(primary(SYNC), secondary(), KEPT, id="both ends agree"),
        pytest.param(primary(), None, BROKEN, id="nobody is waited for, and nobody is there"),
        pytest.param(primary(), secondary(), BROKEN, id="it comes, and nobody waits for it"),
        pytest.param(
            primary(("db-2", "streaming", "async")), secondary(), BROKEN, id="asynchronous"
        ),
        pytest.param(primary(("db-2", "catchup", "sync")), secondary(), BROKEN, id="behind"),
        pytest.param(primary(SYNC, level="local"), secondary(), BROKEN, id="commits do not wait"),
        pytest.param(
            primary(acknowledged=False), None, BROKEN, id="commits wait for one that has gone"
        ),
        pytest.param(
            primary(SYNC, acknowledged=False), None, BLIND, id="the primary has not seen it go yet"
        ),
        pytest.param(
            primary(SYNC, acknowledged=False),
            secondary(has_come=False),
            BROKEN,
            id="cut from each other, and both are seen",
        ),
        pytest.param(primary(SYNC), secondary(receives=False), BROKEN, id="it does not receive"),
        pytest.param(primary(SYNC), secondary(at=1.2), BROKEN, id="too late"),
        pytest.param(primary(SYNC), None, BLIND, id="the observer is cut from the secondary"),
        pytest.param(None, secondary(has_come=False), BLIND, id="it is cut from the primary"),
        pytest.param(None, None, BLIND, id="it is cut from both"),
        pytest.param(primary(SYNC), primary(), BLIND, id="two say that they are primary"),
        pytest.param(secondary(has_come=False), secondary(has_come=False), BLIND, id="none does"),
        pytest.param(
            primary(SYNC, acknowledged=False), secondary(), BLIND, id="come, not acknowledged"
        ),
    ],
)
def test_what_one_look_tells(
    db_1: PrimaryEnd | SecondaryEnd | None, db_2: PrimaryEnd | SecondaryEnd | None, outcome: Outcome
) -> None:
    assert judge(OBJECTIVE, figures(look(db_1, db_2))) is outcome


def test_one_of_two_secondaries_that_is_waited_for_is_enough() -> None:
    both = look(primary(SYNC, ("db-3", "streaming", "sync")), secondary())
    assert figures(both) == {"missing_copies": 0, "mirrored_s": 0.01}


def good(began: float) -> Look:
    return look(primary(SYNC), secondary(), began=began)


def bad(began: float) -> Look:
    return look(primary(), None, began=began, took=1.3)


def blind(began: float) -> Look:
    return look(primary(SYNC), None, began=began, took=1.3)


def word(looks: Iterable[Look], said: Outcome | None) -> Word | None:
    return decide(tuple(looks), said, OBJECTIVE)


def test_a_lost_copy_is_red_after_two_looks_and_not_after_one() -> None:
    assert word([good(0), bad(2)], KEPT) is None
    red = word([good(0), bad(2), bad(3.5)], KEPT)
    assert red is not None
    assert (red.outcome, red.measured) == (BROKEN, {"missing_copies": 1})
    assert red.story == ("for 3 s db-1 has waited for no other machine to have a change",)


def test_looks_that_follow_too_soon_wait_for_more() -> None:
    quick = [look(primary(), secondary(), began=began / 10) for began in range(5)]
    assert word(quick, KEPT) is None
    assert word([*quick, look(primary(), secondary(), began=RED_AFTER_S)], KEPT) is not None


def test_a_receiver_that_was_gone_for_a_moment_is_no_red() -> None:
    assert word([bad(0), good(1.5), bad(3)], KEPT) is None


def test_a_blind_look_between_two_is_passed_over_and_a_last_one_says_nothing() -> None:
    assert word([bad(0), blind(1.5), bad(3)], KEPT) is not None
    assert word([bad(0), bad(1.5), blind(3)], KEPT) is None


def test_an_observer_that_is_cut_off_never_says_red() -> None:
    assert word((blind(began) for began in range(30)), KEPT) is None


def test_it_is_green_when_the_copy_was_there_for_a_while() -> None:
    back = [bad(0), *(good(began) for began in (2, 3, 4, 5))]
    assert word(back, BROKEN) is None
    green = word([*back, good(2 + GREEN_AFTER_S)], BROKEN)
    assert green is not None
    assert (green.outcome, green.measured) == (KEPT, {"missing_copies": 0, "mirrored_s": 0.01})
    assert green.story[0] == "5 canaries in 4 s, written on db-1, were on db-2 within 0.01 s"


def test_a_copy_that_flaps_stays_red() -> None:
    flapping = [good(0), good(2), bad(3), good(5), good(6)]
    assert word(flapping, BROKEN) is None


@pytest.mark.parametrize("said", [None, KEPT, BROKEN])
def test_what_the_log_says_already_is_not_said_again(said: Outcome | None) -> None:
    looks = {KEPT: good, BROKEN: bad, None: bad}[said]
    assert word((looks(began) for began in range(0, 20, 2)), said) is None


def test_what_was_seen_goes_into_the_evidence() -> None:
    red = word([bad(0), bad(1.5)], KEPT)
    assert red is not None
    assert seen("monitor-1", red) == {
        "observer": "monitor-1",
        "primary": "db-1",
        "synchronous_commit": "on",
        "receivers": [],
        "answered": [],
        "looks": 2,
    }


def test_old_looks_are_forgotten() -> None:
    assert recent([good(0), good(20)], now=40.0) == (good(20),)
