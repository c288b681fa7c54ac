from datetime import timedelta

from standfast.evidence.slots import Span
from standfast.evidence.state import Past
from standfast.pages.trust.model import Change
from standfast.pages.trust.plot import FLOOR, STEPS, TOP, Plot, plot
from standfast.promises.model import Outcome

from .conftest import NOON

KEY = "outage_s"


def past(days_ago: float, value: float, outcome: Outcome = Outcome.KEPT) -> Past:
    return Past(NOON - timedelta(days=days_ago), outcome, {KEY: value})


def drawn(*history: Past, missed: tuple[Span, ...] = (), limit: float = 3) -> Plot:
    made = plot(history, missed, KEY, limit, now=NOON)
    assert made is not None
    return made


def test_nothing_is_drawn_where_nothing_was_tried() -> None:
    assert plot((), (), KEY, 3, now=NOON) is None
    assert plot((past(91, 1),), (), KEY, 3, now=NOON) is None


def test_one_proof_that_kept_it_needs_no_picture_and_anything_else_does() -> None:
    assert plot((past(1, 3),), (), KEY, 3, now=NOON) is None
    assert plot((past(1, 4),), (), KEY, 3, now=NOON) is not None
    assert plot((past(1, 3), past(91, 1)), (), KEY, 3, now=NOON) is None
    gap = Span(NOON - timedelta(hours=9), NOON - timedelta(hours=2))
    assert plot((past(1, 3),), (gap,), KEY, 3, now=NOON) is not None


def test_what_is_over_the_objective_is_a_cross_and_above_its_line() -> None:
    made = drawn(past(2, 1), past(1, 6))
    assert made.within.count("M") == 1
    assert made.beyond.count("M") == 1
    assert TOP < made.limit < FLOOR


def test_a_value_at_the_objective_is_within_it() -> None:
    assert drawn(past(2, 3), past(1, 3)).beyond == ""
    assert drawn(past(2, 0), past(1, 0), limit=0).beyond == ""


def test_an_inconclusive_proof_is_a_ring_and_never_a_dot() -> None:
    made = drawn(past(1, 0, Outcome.INCONCLUSIVE))
    assert made.unsure
    assert not made.within
    assert made.summary.endswith("0 within the objective, 1 inconclusive")


def test_a_figure_that_was_not_measured_is_a_ring_too() -> None:
    history = (Past(NOON - timedelta(days=1), Outcome.KEPT, {}),)
    made = plot(history, (), KEY, 3, now=NOON)
    assert made is not None
    assert made.unsure
    assert not made.within


def test_a_long_history_is_thinned_and_the_one_bad_hour_in_it_stays() -> None:
    hourly = [past(hours / 24, 1) for hours in range(90 * 24)]
    hourly[777] = past(777 / 24, 9)
    made = drawn(*hourly)
    assert made.beyond.count("M") == 1
    assert made.within.count("M") <= STEPS
    assert made.summary.startswith("2160 proofs")
    assert "1 over it" in made.summary


def test_missed_time_is_a_stretch_within_the_plot() -> None:
    span = Span(NOON - timedelta(days=4), NOON - timedelta(days=2))
    long_ago = Span(NOON - timedelta(days=70), NOON - timedelta(days=60))
    made = drawn(past(8, 1), past(1, 1), missed=(long_ago, span))
    ((left, width),) = made.gaps
    assert 0 < left < left + width < made.width


def test_a_new_site_is_drawn_on_a_day_at_least() -> None:
    made = drawn(past(1 / 12, 1), past(1 / 24, 1))
    assert (made.since, made.until) == ("8 Mar 2026", "9 Mar 2026")


def test_what_was_over_the_objective_of_its_day_stays_a_cross_when_less_is_promised() -> None:
    loosened = Change(at=NOON - timedelta(days=2), index=7, key=KEY, before=3, after=10)
    history = (past(3, 4), past(1, 4))
    made = plot(history, (), KEY, 10, (loosened,), now=NOON)
    assert made is not None
    assert (made.beyond.count("M"), made.within.count("M")) == (1, 1)
    assert made.summary.endswith("1 within the objective, 1 over it")


def test_a_figure_that_was_not_promised_then_is_held_to_the_objective_of_today() -> None:
    new = Change(at=NOON - timedelta(days=2), index=7, key=KEY, before=None, after=3)
    made = plot((past(3, 4),), (), KEY, 3, (new,), now=NOON)
    assert made is not None
    assert made.beyond.count("M") == 1
