"""One promise with a period of a day, a calibration that lasts a week, and a slot each day."""

import pytest

from standfast.evidence.state import LOOKING_BACK, derive, doubted
from standfast.promises.model import Grade, Outcome, State

GOOD = {"requests": 3000, "failed_requests": 0, "doubled_writes": 0}
BAD = {"requests": 3000, "failed_requests": 7, "doubled_writes": 0}


@pytest.fixture
def at(hour):
    """The state of the only part of the only promise at an hour, and why."""

    def states(told, hours):
        (state,) = derive(told.entries(), now=hour(hours))
        (part,) = state.parts
        assert (part.state, part.reason) == (state.state, state.reason)
        assert (part.due_at, part.proven_at) == (state.due_at, state.proven_at)
        return part

    return states


def test_a_calibrated_promise_with_a_fresh_good_proof_is_kept_as_rehearsed(kept, at, hour):
    state = at(kept, 2)
    assert state.state is State.KEPT
    assert state.grade is Grade.REHEARSED
    assert state.stand_ins == ("web-1, web-2 share one kernel",)
    assert state.drill == "web-server"
    assert state.proof == "One web server is cut."
    assert state.measured == GOOD
    assert state.objective == {"failed_requests": 0, "doubled_writes": 0}
    assert (state.latest, state.calibration) == (2, 3)
    assert (state.proven_at, state.calibrated_at) == (hour(0.6), hour(1.4))
    assert state.missed == ()


def test_a_log_that_announces_nothing_promises_nothing(told, hour):
    told.enrol()
    assert derive(told.entries(), now=hour(1)) == ()


def test_a_promise_that_was_only_announced_is_unproven_until_the_slot_ends(told, at, hour):
    told.slot(0, 24)
    state = at(told, 1)
    assert (state.state, state.reason) == (State.UNPROVEN, "it has not been proven yet")
    assert (state.grade, state.measured, state.worst, state.latest) == (None, None, None, None)
    assert state.due_at == hour(24)


def test_each_promise_has_its_own_state(kept, hour):
    other = kept.slot(0, 24, promise="redundant-edge")
    kept.prove(other, 1.5, BAD, promise="redundant-edge")
    web, edge = derive(kept.entries(), now=hour(2))
    assert (web.promise, web.state) == ("redundant-web", State.KEPT)
    assert (edge.promise, edge.state) == ("redundant-edge", State.BROKEN)


def test_kept_ends_by_itself_at_the_moment_that_due_at_says(kept, at, hour):
    kept.slot(24, 48)
    state = at(kept, 2)
    assert state.due_at == hour(0.6 + 24)
    assert at(kept, 24.59).state is State.KEPT
    late = at(kept, 24.61)
    assert late.state is State.UNPROVEN
    assert late.reason == "the newest proof is more than 24 h old"


def test_a_calibration_that_is_too_old_ends_kept_at_the_moment_that_due_at_says(kept, at, hour):
    for day in range(1, 8):
        kept.prove(kept.slot(24 * day, 24 * day + 24), 24 * day + 0.1)
    assert at(kept, 168.5).due_at == hour(1.4 + 168)
    assert at(kept, 169.3).state is State.KEPT
    late = at(kept, 169.5)
    assert late.state is State.UNPROVEN
    assert late.reason == "its check was last seen red more than 7 d ago"


def test_a_proof_whose_check_was_never_seen_red_proves_nothing(told, at):
    told.enrol()
    told.prove(told.slot(0, 24), 1)
    state = at(told, 2)
    assert (state.state, state.reason) == (
        State.UNPROVEN,
        "its check has not been seen red yet",
    )


def test_the_newest_conclusive_proof_decides_and_broken_stays_broken(kept, at):
    kept.prove(1, 3, BAD)
    for hours in (4, 400, 40_000):
        state = at(kept, hours)
        assert state.state is State.BROKEN
        assert state.reason == "failed_requests was 7, at most 0 was promised"
        assert (state.measured, state.latest) == (BAD, 4)
    kept.prove(1, 5)
    assert at(kept, 6).state is State.KEPT


def test_an_inconclusive_proof_changes_nothing_until_time_does(kept, at):
    kept.prove(1, 3, {"requests": 3})
    kept.prove(1, 4, GOOD, outcome=Outcome.INCONCLUSIVE)
    state = at(kept, 5)
    assert (state.state, state.latest, state.measured) == (State.KEPT, 2, GOOD)
    kept.prove(1, 6, BAD)
    kept.prove(1, 7, {"requests": 3})
    assert at(kept, 8).state is State.BROKEN


def test_an_old_good_proof_put_in_again_does_not_cover_a_broken_one(kept, at):
    kept.prove(1, 3, BAD)
    kept.predicates.append(kept.predicates[2])
    assert at(kept, 4).state is State.BROKEN


@pytest.mark.parametrize(
    ("measured", "outcome"),
    [
        (BAD, Outcome.KEPT),
        (GOOD, Outcome.BROKEN),
        (BAD, Outcome.INCONCLUSIVE),
        ({"requests": 3}, Outcome.KEPT),
    ],
)
def test_a_proof_whose_outcome_does_not_follow_from_its_figures_does_not_count(
    kept, at, measured, outcome
):
    kept.prove(1, 3, measured, outcome=outcome)
    state = at(kept, 4)
    assert state.state is State.UNPROVEN
    assert state.reason == (
        f"the proof in entry 4 does not count: it says {outcome}, its figures do not"
    )
    assert state.latest == 2
    kept.prove(1, 5)
    assert at(kept, 6).state is State.KEPT


def test_a_good_proof_that_no_slot_announced_does_not_count(kept, hour):
    other = kept.slot(0, 24, promise="redundant-edge")
    for slot in (0, other, 77):
        kept.prove(slot, 3)
        web, _ = derive(kept.entries(), now=hour(4))
        assert web.reason.endswith("no slot before it announced it")


def test_a_good_proof_logged_before_its_slot_does_not_count(told, at):
    told.enrol()
    told.prove(2, 1)
    told.slot(0, 24)
    told.calibrate(2)
    assert at(told, 3).reason == (
        "the proof in entry 1 does not count: no slot before it announced it"
    )


@pytest.mark.parametrize(
    ("starts", "why"),
    [(-1, "it began before its slot did"), (23.97, "it ended after its slot had")],
)
def test_a_good_proof_outside_its_slot_does_not_count(told, at, starts, why):
    told.enrol()
    told.prove(told.slot(0, 24), starts)
    assert at(told, 24.5).reason.endswith(why)


def test_clocks_that_are_a_minute_apart_do_not_matter(told, at):
    told.enrol()
    told.prove(told.slot(0, 24), -1 / 60)
    told.calibrate(1)
    assert at(told, 2).state is State.KEPT


def test_a_slot_that_was_slipped_in_after_the_proof_does_not_announce_it(told, at):
    """The slot claims to begin at noon, but stands after a notice of six hours later."""
    told.enrol()
    told.slot(0, 24)
    told.calibrate(1)
    told.notice(6)
    back_dated = told.slot(0, 24)
    told.prove(back_dated, 3)
    assert at(told, 7).reason.endswith("it began before its slot did")


def test_a_broken_proof_counts_with_whatever_slot_it_comes(kept, at):
    kept.prove(77, 3, BAD, objective={"failed_requests": 1})
    assert at(kept, 4).state is State.BROKEN


def test_a_proof_under_another_objective_than_the_announced_one_does_not_count(kept, at):
    loose = {"failed_requests": 10}
    kept.prove(1, 3, BAD, objective=loose)
    assert at(kept, 4).reason.endswith("its objective is not the one that its slot announced")


def test_a_proof_does_not_stand_when_the_objective_has_been_tightened_since(told, at):
    told.enrol()
    told.prove(
        told.slot(0, 24, objective={"failed_requests": 10}),
        1,
        BAD,
        objective={"failed_requests": 10},
    )
    told.calibrate(2, red={**BAD, "failed_requests": 99})
    assert at(told, 3).state is State.KEPT
    told.slot(3, 27, objective={"failed_requests": 5})
    state = at(told, 4)
    assert state.reason == "the objective has changed since the newest proof"
    assert (state.objective, state.default_objective["failed_requests"]) == (
        {"failed_requests": 5},
        0,
    )


def test_a_proof_from_the_future_does_not_count_until_then(kept, at):
    kept.prove(1, 20)
    state = at(kept, 3)
    assert (state.state, state.latest) == (State.UNPROVEN, 2)
    assert state.reason == "the proof in entry 4 does not count: it ends in the future"
    assert at(kept, 21).latest == 4


def test_a_check_that_was_red_only_under_a_stricter_objective_was_not_seen_red(told, at):
    loose = {"failed_requests": 10}
    told.enrol()
    told.prove(told.slot(0, 24, objective=loose), 1, objective=loose)
    told.calibrate(2, red=BAD)
    assert at(told, 3).reason == "its check has not been seen red yet"
    told.calibrate(3, red={**BAD, "failed_requests": 11})
    assert at(told, 4).state is State.KEPT


@pytest.mark.parametrize(
    "change",
    [
        {"planted_at": 1.15},
        {"removed_at": 1.15},
        {"removed_at": 1.35},
        {"promise": "redundant-edge"},
        {"red": "green"},
        {"green": "red"},
    ],
)
def test_a_calibration_that_was_not_planted_red_removed_green_does_not_count(
    kept, at, hour, change
):
    good = dict(kept.predicates[3])
    values = {
        name: good[value] if value in good else hour(value) if name.endswith("_at") else value
        for name, value in change.items()
    }
    kept.predicates[3] = type(kept.predicates[3])(**{**good, **values})
    assert at(kept, 2).reason == "its check has not been seen red yet"


def test_the_newest_calibration_counts(kept, at, hour):
    kept.calibrate(5)
    kept.calibrate(3)
    assert (at(kept, 6).calibration, at(kept, 6).calibrated_at) == (4, hour(5.4))


def test_a_slot_that_ended_without_a_proof_is_missed_and_ends_kept(kept, at, hour):
    kept.slot(2, 4)
    kept.slot(4, 28)
    assert at(kept, 3.9).state is State.KEPT
    assert at(kept, 3.9).due_at == hour(4)
    state = at(kept, 4.1)
    assert state.state is State.UNPROVEN
    assert state.reason == (
        "no proof was made from 2026-03-01T14:00:00.000Z to 2026-03-01T16:00:00.000Z"
    )
    assert state.missed == ((hour(2), hour(4)),)


def test_after_missed_time_a_good_proof_is_enough_and_the_miss_stays_visible(kept, at, hour):
    kept.slot(2, 4)
    kept.prove(kept.slot(4, 28), 5)
    state = at(kept, 6)
    assert (state.state, state.missed) == (State.KEPT, ((hour(2), hour(4)),))


def test_a_slot_in_which_another_slots_proof_was_made_is_not_missed(told, at):
    """`up` was killed after the announcement and run again: two slots, one proof in both."""
    told.enrol()
    told.slot(0, 5)
    told.prove(told.slot(0.1, 24), 1)
    told.calibrate(2)
    assert at(told, 6).missed == ()
    assert at(told, 6).state is State.KEPT


def test_an_inconclusive_proof_fills_its_slot_but_one_that_does_not_count_does_not(kept, at):
    kept.prove(kept.slot(2, 4), 3, {"requests": 3})
    kept.prove(kept.slot(4, 6), 5, BAD, outcome=Outcome.KEPT)
    kept.slot(6, 24)
    assert [each.starts_at.hour for each in at(kept, 6.1).missed] == [16]


def test_a_stretch_longer_than_the_period_without_a_slot_is_missed(kept, at, hour):
    kept.slot(24 + 25, 24 + 49)
    state = at(kept, 50)
    assert (state.state, state.missed) == (State.UNPROVEN, ((hour(24), hour(49)),))


def test_a_log_in_which_nothing_is_announced_any_more_shows_it(kept, at, hour):
    assert at(kept, 47).missed == ()
    assert at(kept, 49).missed == ((hour(24), hour(49)),)


def test_history_and_worst_figures_go_back_ninety_days(told, at, hour):
    told.enrol()
    days = LOOKING_BACK.days + 10
    for day in range(days):
        slot = told.slot(24 * day, 24 * day + 24)
        failed = {0: 99, 50: 7}.get(day, 0)
        told.prove(slot, 24 * day + 1, {**GOOD, "failed_requests": failed, "p99_s": day / 100})
    state = at(told, 24 * days)
    assert state.worst == {
        "requests": 3000,
        "failed_requests": 7,
        "doubled_writes": 0,
        "p99_s": (days - 1) / 100,
    }
    assert len(state.history) == LOOKING_BACK.days
    assert state.history == tuple(sorted(state.history, key=lambda each: each.ended_at))
    ended_at, outcome, measured = state.history[40]
    assert (ended_at, outcome, measured["failed_requests"]) == (
        hour(24 * 50 + 1.1),
        Outcome.BROKEN,
        7,
    )


def test_of_a_log_that_cannot_be_relied_on_nothing_is_kept_and_broken_stays(kept, at, hour):
    kept.prove(kept.slot(0, 24, promise="redundant-edge"), 1.5, BAD, promise="redundant-edge")
    states = derive(kept.entries(), now=hour(2))
    assert doubted(states, ()) == states
    web, edge = doubted(states, ("entry 9 has been altered or dropped",))
    assert (web.state, web.reason, web.due_at) == (
        State.UNPROVEN,
        "the record cannot be relied on: entry 9 has been altered or dropped",
        None,
    )
    assert edge == states[1]


def test_leaving_out_any_entry_never_makes_a_promise_look_better(kept, at):
    """Whatever is dropped from a history that ends well, the rest says kept or less."""
    kept.slot(2, 4)
    kept.prove(kept.slot(4, 28), 5, BAD)
    full = at(kept, 6)
    assert full.state is State.BROKEN
    newest_bad = len(kept.predicates) - 1
    for dropped in range(1, newest_bad):
        one_less = kept.entries()[:dropped] + kept.entries()[dropped + 1 :]
        (state,) = derive(one_less, now=full.proven_at)
        assert state.state is State.BROKEN


def test_the_same_entries_and_the_same_moment_give_the_same_states(kept, hour):
    entries = kept.entries()
    for hours in range(0, 60, 7):
        assert derive(entries, now=hour(hours)) == derive(list(entries), now=hour(hours))
