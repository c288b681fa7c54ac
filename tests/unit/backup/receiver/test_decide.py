"""What of received WAL is let go of, and what is saved."""

from itertools import product

import pytest

from standfast.mechanisms.backup import wal
from standfast.mechanisms.backup.receiver import files
from standfast.mechanisms.backup.receiver.decide import (
    ENOUGH_SEGMENTS,
    LATE_S,
    LEAST_SEGMENTS,
    Release,
    Save,
    Seen,
    Step,
    decide,
    may_receive,
)

A, B, C = (wal.name(1, number) for number in (4, 5, 6))
FORKED = wal.name(2, 6)
LATE = LATE_S + 1


def partial(segment: str) -> str:
    return f"{segment}.partial"


def steps(
    held: dict[str, float], kept: frozenset[str] = frozenset(), newest: str | None = None
) -> list[Step]:
    return list(decide(Seen(files=held, kept=kept, newest_kept=newest)))


def test_a_segment_goes_once_the_repository_has_it_and_not_before() -> None:
    held = {A: 3.0, B: 1.0, partial(C): 0.0}
    assert steps(held) == []
    assert steps(held, frozenset({A}), A) == [Release(name=A)]
    assert steps(held, frozenset({A, B}), B) == [Release(name=A), Release(name=B)]


def test_one_that_nobody_sends_is_saved_by_this_machine() -> None:
    """The primary died before it had sent it, and its successor takes it for sent."""
    history = "00000002.history"
    held = {A: LATE, B: LATE_S, history: LATE, partial(C): LATE}
    assert steps(held) == [Save(name=A), Save(name=history)]
    assert steps(held, frozenset({A, history})) == [Release(name=A), Release(name=history)]


def test_what_is_being_received_stays_whatever_the_repository_has() -> None:
    for newest in (None, A, C, wal.name(1, 900), FORKED, wal.name(2, 900)):
        assert steps({partial(C): LATE}, newest=newest) == []


def test_a_segment_that_was_left_in_the_middle_goes_once_the_log_went_on_behind_it() -> None:
    held = {partial(C): LATE, partial(FORKED): 0.0}
    for too_early in (None, B, wal.name(2, 5)):
        assert steps(held, newest=too_early) == []
    for behind in (FORKED, wal.name(2, 7), wal.name(3, 9)):
        assert steps(held, newest=behind) == [Release(name=partial(C))]


def test_what_is_none_of_ours_is_left_alone() -> None:
    assert steps({"notes": LATE, "000000010000000000000004.gz": LATE}, newest=C) == []


def test_stopped_after_any_step_the_next_turn_does_the_rest() -> None:
    """And at no moment is a segment in neither place."""
    held = {A: LATE, B: LATE, partial(C): 0.0}
    for kept in (frozenset[str](), frozenset({A}), frozenset({A, B})):
        for stop in range(3):
            here, there = dict(held), set(kept)
            for step in (*steps(here, frozenset(there))[:stop],):
                done(step, here, there)
            for _ in range(2):
                for step in steps(here, frozenset(there & set(here))):
                    done(step, here, there)
                    assert {A, B} <= {*here, *there}
            assert (set(here), there) == ({partial(C)}, {A, B})


def done(step: Step, here: dict[str, float], there: set[str]) -> None:
    if isinstance(step, Release):
        del here[step.name]
    else:
        there.add(step.name)


@pytest.mark.parametrize("receives", [True, False])
def test_memory_has_an_end(receives: bool) -> None:
    least = LEAST_SEGMENTS if receives else ENOUGH_SEGMENTS
    assert may_receive(least * wal.SEGMENT_BYTES, receives=receives)
    assert not may_receive(least * wal.SEGMENT_BYTES - 1, receives=receives)


def test_whoever_stops_for_want_of_room_does_not_begin_at_once() -> None:
    for free, receives in product(range(ENOUGH_SEGMENTS), (False,)):
        assert not may_receive(free * wal.SEGMENT_BYTES, receives=receives)


def test_files_are_known_by_their_names() -> None:
    assert files.is_finished(A)
    assert files.is_finished("0000000A.history")
    assert not files.is_finished(partial(A))
    assert files.segment(partial(A)) == files.segment(A) == A
    assert files.segment("0000000A.history") is None
    assert not files.is_partial("notes.partial")


def test_the_program_goes_on_from_the_place_that_is_furthest_in_the_log() -> None:
    assert files.newest([partial(wal.name(1, 7)), FORKED]) == wal.name(1, 7)
    assert files.newest([partial(C), partial(FORKED)]) == FORKED
    assert files.newest(["00000002.history"]) is None
