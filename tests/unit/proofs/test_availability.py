"""What looks become: a count that says no more than was seen, whatever happens to its clock."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standfast.evidence.availability import availability
from standfast.evidence.entries import Entry
from standfast.evidence.statement import MOST_OUTAGES, Availability, Statement, apart_s
from standfast.proofs.monitoring.availability import Look, Pace, counted, is_over

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ONE, OTHER = "203.0.113.11", "203.0.113.12"
PACE = Pace(every_s=10, period_s=3600)
BOTH, NONE = {ONE: True, OTHER: True}, {ONE: False, OTHER: False}


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def look(seconds: float, answers: dict[str, bool] = BOTH) -> Look:
    return Look(at=at(seconds), answers=answers)


def counts(looks: Sequence[Look], pace: Pace = PACE) -> list[Availability]:
    """All that is logged of them, the last one as it is."""
    return list(logged(looks, pace))


def logged(looks: Sequence[Look], pace: Pace) -> Iterator[Availability]:
    running = None
    for each in looks:
        ended, running = counted(running, each, pace)
        if ended:
            yield ended
    if running:
        yield running


def spans(found: Sequence[Availability]) -> list[tuple[float, float]]:
    return [
        ((each.starts_at - NOON).total_seconds(), (each.until - NOON).total_seconds())
        for each in found
    ]


def outages(of: Availability) -> list[tuple[float, float]]:
    return [((a - NOON).total_seconds(), (b - NOON).total_seconds()) for a, b in of.outages]


def test_a_look_is_answered_when_one_address_does_and_each_is_counted() -> None:
    half = {ONE: True, OTHER: False}
    (found,) = counts([look(0), look(10, half), look(20, NONE), look(30)])
    assert (found.looks, found.answered, found.down) == (4, 3, False)
    assert [(each.address, each.answered) for each in found.addresses] == [(ONE, 3), (OTHER, 2)]
    assert outages(found) == [(20, 30)]


def test_an_outage_lasts_from_the_first_look_that_failed_to_the_next_that_did_not() -> None:
    (found,) = counts([look(0), look(10, NONE), look(20, NONE), look(30), look(40, NONE)])
    assert outages(found) == [(10, 30), (40, 40)]
    assert found.down


def test_every_hour_is_one_entry_and_no_time_is_lost_between_two() -> None:
    found = counts([look(10 * number) for number in range(361 + 360 + 10)])
    assert spans(found) == [(0, 3600), (3600, 7200), (7200, 7300)]
    assert [each.looks for each in found] == [361, 360, 10]


def test_an_outage_that_goes_on_into_the_next_hour_is_in_both() -> None:
    looks = [look(10 * each, NONE if 359 <= each <= 362 else BOTH) for each in range(370)]
    first, second = counts(looks)
    assert outages(first) == [(3590, 3600)]
    assert outages(second) == [(3600, 3630)]
    assert (first.down, second.down) == (True, False)


def test_time_in_which_nobody_looked_is_in_no_count() -> None:
    found = counts([look(0), look(10), look(10 + apart_s(10)), look(60 + apart_s(10))])
    assert spans(found) == [(0, 10 + apart_s(10)), (60 + apart_s(10), 60 + apart_s(10))]


@pytest.mark.parametrize("back_s", [8, 3600, 86_400])
def test_a_clock_that_goes_back_begins_a_new_count(back_s: float) -> None:
    found = counts([look(0), look(10), look(20 - back_s), look(30 - back_s)])
    assert spans(found) == [(0, 10), (20 - back_s, 30 - back_s)]


def test_a_clock_that_goes_forward_makes_no_looks_out_of_nothing() -> None:
    assert spans(counts([look(0), look(10), look(7200)])) == [(0, 10), (7200, 7200)]


def test_other_addresses_or_another_pace_are_another_count() -> None:
    assert len(counts([look(0), look(10, {ONE: True})])) == 2
    ended, _ = counted(counts([look(0)])[0], look(10), Pace(every_s=5, period_s=3600))
    assert ended


def test_a_count_that_can_name_no_more_outages_is_followed_by_another() -> None:
    looks = [look(10 * each, NONE if each % 2 else BOTH) for each in range(100)]
    found = counts(looks)
    assert max(len(each.outages) for each in found) == MOST_OUTAGES
    assert len(found) == 3
    entries = [
        Entry(index=index, signer="m", statement=Statement(site="example", predicate=each))
        for index, each in enumerate(found)
    ]
    derived = availability(entries, now=at(990))
    assert derived is not None
    assert (derived.outages, derived.longest_outage_s) == (50, 10)
    assert (derived.looks, derived.answered) == (100, 50)


def test_a_count_that_no_look_can_join_is_over() -> None:
    (found,) = counts([look(0), look(10)])
    assert not is_over(found, at(10 + apart_s(10)))
    assert is_over(found, at(11 + apart_s(10)))
    assert is_over(found, at(-3600))


moments = st.lists(
    st.tuples(
        st.sampled_from([0.2, 4.9, 5, 10, 10.004, 29.999, 30, 31, -1, -40, 4000])
        | st.floats(-100, 5000),
        st.booleans(),
        st.booleans(),
    ),
    max_size=60,
)


@settings(max_examples=300, derandomize=True, database=None, deadline=None)
@given(moments)
def test_whatever_the_clock_does_every_count_can_be_logged_and_no_look_is_lost(
    steps: list[tuple[float, bool, bool]],
) -> None:
    """A predicate refuses what cannot be, so that it is made at all is the test."""
    seconds, looks = 0.0, []
    for step, one, other in steps:
        seconds += step
        looks.append(look(seconds, {ONE: one, OTHER: other}))
    found = counts(looks)
    assert sum(each.looks for each in found) == len(looks)
    assert sum(each.answered for each in found) == sum(each.answered for each in looks)
    for each in found:
        statement = Statement(site="example", predicate=each)
        assert Statement.from_payload(statement.payload()) == statement
