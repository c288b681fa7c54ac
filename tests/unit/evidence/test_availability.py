"""Shares are of looks, time in which nobody looked is shown as such, and nothing counts twice."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standfast.core.errors import CannotVerify
from standfast.core.units import stamp
from standfast.evidence.availability import Answered, Available, availability, document
from standfast.evidence.entries import Entry
from standfast.evidence.statement import Availability, Kind, Statement

from .test_statement import changed

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ONE, OTHER = "203.0.113.11", "203.0.113.12"


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def count(
    start: float,
    end: float,
    *,
    looks: int | None = None,
    missed: int = 0,
    outages: Sequence[tuple[float, float]] = (),
    down: bool = False,
) -> Availability:
    """Seconds after `NOON`, a look every ten of them; each address answered what was answered."""
    made = looks or max(1, round((end - start) / 10))
    return Availability.model_validate(
        {
            "from": at(start),
            "until": at(end),
            "every_s": 10,
            "looks": made,
            "answered": made - missed,
            "addresses": [{"address": each, "answered": made - missed} for each in (ONE, OTHER)],
            "outages": [(at(first), at(last)) for first, last in outages],
            "down": down,
        }
    )


def found(*counts: Availability, now: float) -> Available | None:
    entries = [
        Entry(index=index, signer="monitor-1", statement=Statement(site="example", predicate=each))
        for index, each in enumerate(counts)
    ]
    return availability(entries, now=at(now))


def sure(*counts: Availability, now: float) -> Available:
    made = found(*counts, now=now)
    assert made is not None
    return made


HOUR, DAY = 3600.0, 86_400.0


def test_a_log_without_a_count_says_nothing() -> None:
    assert found(now=0) is None


def test_an_hour_that_was_looked_at_is_a_share_of_its_looks() -> None:
    made = sure(count(0, HOUR, missed=3, outages=[(60, 90)]), now=HOUR + 60)
    assert (made.looks, made.answered) == (360, 357)
    assert (made.looked_s, made.unlooked_s) == (HOUR, 0)
    assert (made.outages, made.longest_outage_s) == (1, 30)
    assert (made.starts_at, made.until) == (at(0), at(HOUR))
    assert made.addresses == (
        Answered(address=ONE, looks=360, answered=357),
        Answered(address=OTHER, looks=360, answered=357),
    )


def test_time_in_which_nobody_looked_is_not_available_and_its_length_is_shown() -> None:
    made = sure(count(0, HOUR), count(3 * HOUR, 4 * HOUR), now=4 * HOUR)
    assert (made.looks, made.looked_s, made.unlooked_s) == (720, 2 * HOUR, 2 * HOUR)


def test_what_is_being_counted_now_is_not_unlooked_until_it_should_have_been_published() -> None:
    one = count(0, HOUR)
    assert sure(one, now=3 * HOUR).unlooked_s == 0
    late = sure(one, now=3 * HOUR + 1)
    assert (late.until, late.unlooked_s) == (at(3 * HOUR + 1), 2 * HOUR + 1)


def test_two_that_counted_the_same_hour_count_once_and_the_worse_one_counts() -> None:
    good, bad = count(0, HOUR), count(0, HOUR, missed=9, outages=[(0, 90)])
    for both in ((good, bad), (bad, good)):
        made = sure(*both, now=HOUR)
        assert (made.looks, made.answered, made.looked_s) == (360, 351, HOUR)
        assert (made.outages, made.longest_outage_s) == (1, 90)


def test_a_count_that_overlaps_another_one_counts_for_the_rest_of_its_time() -> None:
    made = sure(count(0, HOUR), count(HOUR / 2, 3 * HOUR / 2), now=2 * HOUR)
    assert (made.looks, made.answered) == (540, 540)
    assert (made.looked_s, made.unlooked_s) == (1.5 * HOUR, 0)


def test_of_a_part_of_a_count_failures_are_rounded_up() -> None:
    bad = count(0, HOUR, missed=1, outages=[(10, 20)])
    worse = count(HOUR / 2, HOUR, missed=90, outages=[(HOUR / 2, HOUR)], down=True)
    made = sure(bad, worse, now=HOUR)
    assert (made.looks, made.answered) == (360, 360 - 90 - 1)


def test_what_is_older_than_ninety_days_is_cut_off_at_the_edge() -> None:
    old = count(0, HOUR, missed=60, outages=[(0, 600)])
    made = sure(old, count(90 * DAY, 90 * DAY + HOUR), now=90 * DAY + HOUR / 2 + 1800)
    assert made.starts_at == at(HOUR)
    assert (made.looks, made.answered, made.outages) == (360, 360, 0)
    edge = sure(old, now=90 * DAY + HOUR / 2)
    assert (edge.starts_at, edge.looked_s) == (at(HOUR / 2), HOUR / 2)
    assert (edge.looks, edge.answered, edge.outages) == (180, 150, 0)


def test_where_nobody_has_looked_for_ninety_days_no_look_is_left() -> None:
    made = sure(count(0, HOUR), now=100 * DAY)
    assert (made.looks, made.answered) == (0, 0)
    assert made.unlooked_s == 90 * DAY


def test_an_outage_that_goes_on_in_the_next_count_is_one() -> None:
    first = count(0, HOUR, missed=2, outages=[(HOUR - 10, HOUR)], down=True)
    second = count(HOUR, 2 * HOUR, missed=5, outages=[(HOUR, HOUR + 60)])
    made = sure(first, second, now=2 * HOUR)
    assert (made.outages, made.longest_outage_s) == (1, 70)


def test_outages_before_and_after_a_time_without_looks_are_two() -> None:
    first = count(0, HOUR, missed=2, outages=[(HOUR - 10, HOUR)], down=True)
    second = count(2 * HOUR, 3 * HOUR, missed=5, outages=[(2 * HOUR, 2 * HOUR + 60)])
    made = sure(first, second, now=3 * HOUR)
    assert (made.outages, made.longest_outage_s) == (2, 60)


def test_a_clock_that_went_back_makes_no_time_out_of_nothing() -> None:
    made = sure(count(0, HOUR), count(HOUR - 600, 2 * HOUR - 600), now=2 * HOUR)
    assert made.looked_s == 2 * HOUR - 600
    assert made.looks == 720 - 60


def test_a_count_of_the_future_does_not_count_before_its_time() -> None:
    early = count(10 * HOUR, 11 * HOUR)
    assert found(early, now=0) is None
    assert sure(count(0, HOUR), early, now=HOUR).looks == 360
    assert sure(count(0, HOUR), early, now=11 * HOUR).looks == 720


def test_an_outage_that_one_look_saw_has_no_length_and_is_one() -> None:
    made = sure(count(0, 0, missed=1, outages=[(0, 0)], down=True), now=10)
    assert (made.looks, made.answered, made.outages, made.longest_outage_s) == (1, 0, 1, 0)


def test_an_address_that_was_added_later_has_fewer_looks() -> None:
    alone = count(0, HOUR).model_copy(update={"addresses": count(0, HOUR).addresses[:1]})
    made = sure(alone, count(HOUR, 2 * HOUR), now=2 * HOUR)
    assert [(each.address, each.looks) for each in made.addresses] == [(ONE, 720), (OTHER, 360)]


def test_a_program_is_told_the_same() -> None:
    made = sure(count(0, HOUR, missed=3, outages=[(60, 90)]), now=HOUR)
    assert json.loads(json.dumps(document(made))) == {
        "from": stamp(at(0)),
        "until": stamp(at(HOUR)),
        "every_s": 10,
        "looks": 360,
        "answered": 357,
        "looked_s": 3600,
        "unlooked_s": 0,
        "outages": 1,
        "longest_outage_s": 30,
        "addresses": [
            {"address": ONE, "looks": 360, "answered": 357},
            {"address": OTHER, "looks": 360, "answered": 357},
        ],
        "index": 0,
    }
    assert document(None) is None


@st.composite
def counts(draw: st.DrawFn) -> Availability:
    start, looks = draw(st.integers(0, 2000)), draw(st.integers(1, 60))
    missed = draw(st.integers(0, looks))
    end = start + 10 * looks
    return count(start, end, looks=looks, missed=missed, outages=[(start, end)] if missed else ())


@settings(max_examples=200, derandomize=True, database=None, deadline=None)
@given(st.lists(counts(), min_size=1, max_size=8), st.integers(0, 10**9))
def test_no_order_and_no_overlap_makes_more_of_it_than_there_was(
    made: list[Availability], seed: int
) -> None:
    """Against the plain way to say it: second by second."""
    seconds = {
        second
        for each in made
        for second in range(
            int((each.starts_at - NOON).total_seconds()), int((each.until - NOON).total_seconds())
        )
    }
    shuffled = list(made)
    Random(seed).shuffle(shuffled)
    one, other = sure(*made, now=4000), sure(*shuffled, now=4000)
    assert one.looked_s == len(seconds)
    assert 0 <= one.answered <= one.looks <= sum(each.looks for each in made)
    assert one.looked_s + one.unlooked_s == (one.until - one.starts_at).total_seconds()
    for each in ("looks", "answered", "looked_s", "outages", "longest_outage_s"):
        assert abs(getattr(one, each) - getattr(other, each)) <= len(made), each
    least = min(each.answered / each.looks for each in made)
    most = max(each.answered / each.looks for each in made)
    slack = len(made) / one.looks
    assert least - slack <= one.answered / one.looks <= most + slack


def payload(**fields: object) -> bytes:
    statement = Statement(site="example", predicate=count(0, HOUR, missed=3, outages=[(60, 90)]))
    return bytes(changed(statement.payload(), **fields))


def test_a_count_is_written_and_read_in_one_way() -> None:
    statement = Statement.from_payload(payload())
    assert (statement.kind, statement.about) == (Kind.AVAILABILITY, "service")
    outer = json.loads(payload())
    assert outer["predicateType"] == "urn:standfast:availability:v1"
    assert outer["subject"][0]["name"] == "example/service"
    assert outer["predicate"]["every_s"] == 10
    assert outer["predicate"]["outages"] == [[stamp(at(60)), stamp(at(90))]]


OUTAGE = [stamp(at(60)), stamp(at(90))]
MANY = [[stamp(at(each)), stamp(at(each + 1))] for each in range(0, 42, 2)]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"until": stamp(at(-1))}, "ends before it starts"),
        ({"looks": 361_000}, "too many for the time"),
        ({"looks": 100, "answered": 97}, "too few for the time"),
        ({"answered": 361}, "make that many looks"),
        ({"answered": 350}, "make that many looks"),
        ({"outages": []}, "no outage is named"),
        ({"outages": [OUTAGE[::-1]]}, "not in order"),
        ({"outages": [OUTAGE, OUTAGE]}, "not in order"),
        ({"outages": [[stamp(at(-1)), stamp(at(90))]]}, "outside of what was counted"),
        ({"outages": [[stamp(at(60)), stamp(at(HOUR + 1))]]}, "outside of what was counted"),
        ({"outages": MANY}, "at most 20"),
        ({"down": True}, "goes on is not named"),
        ({"addresses": []}, "at least 1"),
        ({"addresses": [{"address": ONE, "answered": 357}] * 2}, "counted twice"),
        ({"every_s": 61}, "less than or equal to 60"),
        ({"every_s": 0.5}, "greater than or equal to 1"),
        ({"looks": 0, "answered": 0}, "greater than 0"),
        ({"surprise": 1}, "Extra inputs"),
        ({"down": 0}, "the form that it must"),
        ({"looks": "360"}, "the form that it must"),
        ({"until": "2026-03-01T13:00:00Z"}, "the form that it must"),
    ],
)
def test_a_count_that_cannot_be_is_refused(fields: dict[str, object], why: str) -> None:
    with pytest.raises(CannotVerify, match=why):
        Statement.from_payload(payload(**fields))
