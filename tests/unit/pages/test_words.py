from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from standfast.evidence.availability import Available
from standfast.pages.trust import words
from standfast.promises.model import Grade, State


def test_a_moment_is_said_in_utc_whatever_its_zone() -> None:
    east = datetime(2026, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert words.moment(east) == "31 Dec 2025, 23:30 UTC"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("failed_requests", 0, "0"),
        ("requests", 3000, "3,000"),
        ("outage_s", 2.9, "2.9 s"),
        ("outage_s", 0, "0 s"),
        ("data_age_s", 1800, "30 min"),
        ("copy_bytes", 1_500_000, "1.5 MB"),
        ("share", 0.25, "0.25"),
    ],
)
def test_a_figure_carries_the_unit_that_its_name_ends_with(
    key: str, value: float, said: str
) -> None:
    assert words.figure(key, value) == said


def test_an_objective_is_said_as_a_limit() -> None:
    assert words.limit("failed_requests", 0) == "none"
    assert words.limit("outage_s", 3) == "at most 3 s"


def test_a_figure_this_page_has_not_met_keeps_its_own_words_and_comes_last() -> None:
    assert words.name("moved_address_s") == "moved address"
    assert words.in_order({"a_new_one": 1, "requests": 1, "failed_requests": 1}) == [
        "failed_requests",
        "requests",
        "a_new_one",
    ]


def test_state_and_grade_are_said_together() -> None:
    assert words.state(State.KEPT, Grade.REHEARSED) == "Kept · rehearsed"
    assert words.state(State.BROKEN, Grade.REAL) == "Broken · real"
    assert words.state(State.UNPROVEN, Grade.REAL) == "Unproven · last proof real"
    assert words.state(State.UNPROVEN, None) == "Unproven"


def test_only_what_is_over_its_limit_is_called_exceeded() -> None:
    objective = {"doubled_writes": 0, "failed_requests": 0, "outage_s": 3}
    measured = {"doubled_writes": 0, "failed_requests": 37, "outage_s": 4}
    assert words.exceeded(objective, measured) == (
        "37 failed requests (promised: none), time without an answer 4 s (promised: at most 3 s)"
    )


def test_moments_in_a_reason_are_written_for_people() -> None:
    reason = "no proof was made from 2026-03-07T05:00:00.000Z to 2026-03-08T05:00:00.000Z"
    assert words.plain(reason) == (
        "no proof was made from 7 Mar 2026, 05:00 UTC to 8 Mar 2026, 05:00 UTC"
    )


@pytest.mark.parametrize(
    ("some", "of_all", "said"),
    [
        (777_600, 777_600, "100 %"),
        (777_599, 777_600, "99.999 %"),
        (199, 200, "99.5 %"),
        (0, 3, "0 %"),
        (2, 3, "66.666 %"),
    ],
)
def test_a_share_is_never_rounded_up(some: int, of_all: int, said: str) -> None:
    assert words.share(some, of_all) == said


LOOKED = Available(
    starts_at=datetime(2026, 1, 1, tzinfo=UTC),
    until=datetime(2026, 1, 2, tzinfo=UTC),
    every_s=10,
    looks=8640,
    answered=8640,
    looked_s=86_400,
    unlooked_s=0,
    outages=0,
    longest_outage_s=0,
    addresses=(),
    index=1,
)


def test_availability_is_said_with_what_is_not_known_of_it() -> None:
    assert words.available(LOOKED) == (
        "Of 8,640 looks from 1 Jan 2026, 00:00 UTC to 2 Jan 2026, 00:00 UTC the service answered "
        "100 %. For 0 s nobody looked, which counts as nothing. No outage was seen. A monitor "
        "inside the site looks every 10 s at the public addresses; what lies between them and you "
        "it does not see."
    )
    one = replace(LOOKED, answered=8639, outages=1)
    assert "99.988 %." in words.available(one)
    assert "Outages: 1, the longest one look long." in words.available(one)


def test_where_nobody_looked_no_share_is_said() -> None:
    said = words.available(replace(LOOKED, looks=0, answered=0))
    assert said == "Nobody looked from 1 Jan 2026, 00:00 UTC to 2 Jan 2026, 00:00 UTC."
