"""The line at the top, for every mixture of states, and when the first claims expire."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from standfast.evidence.state import derive
from standfast.pages.trust.headline import headlines
from standfast.pages.trust.model import Claim, Mark, mark
from standfast.pages.trust.view import claim
from standfast.promises.model import Grade, State

from .conftest import NOON, Story


@pytest.fixture
def kept(stories: Mapping[str, Callable[[], Story]]) -> Claim:
    record = stories["kept-real"]().record()
    (state,) = derive(record.entries, now=NOON)
    return claim(record, state, {}, now=NOON)


def like(kept: Claim, state: State, grade: Grade | None, until: datetime | None = None) -> Claim:
    valid = (until or kept.valid_until) if state is State.KEPT else None
    return replace(kept, state=state, grade=grade, mark=mark(state, grade), valid_until=valid)


def first(*claims: Claim) -> tuple[Mark, str, str]:
    line = headlines(claims)[0]
    return line.mark, line.line, line.detail


def test_all_real_and_kept_is_said_without_a_but(kept: Claim) -> None:
    assert first(kept, kept) == (Mark.REAL, "2 of 2 promises kept", "")


def test_a_rehearsal_is_never_counted_as_kept(kept: Claim) -> None:
    rehearsed = like(kept, State.KEPT, Grade.REHEARSED)
    assert first(rehearsed) == (
        Mark.REHEARSED,
        "1 of 1 promises kept in rehearsal",
        "None is proven for real yet.",
    )
    assert first(kept, rehearsed) == (
        Mark.REHEARSED,
        "1 of 2 promises kept",
        "1 kept in rehearsal only.",
    )


def test_what_is_broken_comes_before_everything_else(kept: Claim) -> None:
    broken = like(kept, State.BROKEN, Grade.REAL)
    unproven = like(kept, State.UNPROVEN, None)
    assert first(kept, unproven, broken) == (
        Mark.BROKEN,
        "1 of 3 promises broken",
        "1 kept, 1 unproven.",
    )


def test_a_document_is_counted_apart(kept: Claim) -> None:
    attested = like(kept, State.KEPT, Grade.ATTESTED)
    assert first(kept, attested)[2] == "1 attested by a document."
    assert first(attested)[:2] == (Mark.ATTESTED, "1 of 1 promises attested")


def test_without_any_promise_nothing_is_proven() -> None:
    assert first() == (Mark.UNPROVEN, "Nothing is proven yet", "")


def test_unproven_alone_is_counted(kept: Claim) -> None:
    assert first(like(kept, State.UNPROVEN, None))[1] == "1 of 1 promises unproven"


def test_each_expiry_has_its_line_and_they_leave_no_moment_without_one(kept: Claim) -> None:
    later = NOON + timedelta(days=3)
    lines = headlines((kept, like(kept, State.KEPT, Grade.REAL, later)))
    assert [line.line for line in lines] == [
        "2 of 2 promises kept",
        "1 of 2 promises kept",
        "2 of 2 promises unproven — expired",
    ]
    assert lines[1].detail == "1 unproven — expired."
    assert lines[0].valid_from is None
    assert lines[-1].valid_until is None
    assert all(one.valid_until == two.valid_from for one, two in pairwise(lines))


def test_what_is_broken_stays_broken_when_the_rest_expires(kept: Claim) -> None:
    lines = headlines((kept, like(kept, State.BROKEN, Grade.REAL)))
    assert [line.mark for line in lines] == [Mark.BROKEN, Mark.BROKEN]
    assert lines[1].detail == "1 unproven — expired."


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("grade", [*Grade, None])
def test_only_what_is_kept_and_real_carries_the_real_sign(
    state: State, grade: Grade | None
) -> None:
    is_real = mark(state, grade) is Mark.REAL
    assert is_real == (state is State.KEPT and grade is Grade.REAL)
