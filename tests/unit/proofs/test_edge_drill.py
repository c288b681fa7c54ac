"""What the drill `edge` makes of a load: which address was silent for how long, and whether all of
them answer in the end."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from standfast.core.errors import CannotVerify, Refused
from standfast.mechanisms.edge.moving.vrrp import PINNED
from standfast.promises.catalog import REDUNDANT_EDGE
from standfast.promises.judge import judge
from standfast.promises.model import Outcome
from standfast.proofs.drills import edge
from standfast.proofs.drills.course import refuse_unless_possible
from standfast.proofs.drills.edge import SHORT, WHOLE, by_address, chosen, figures, silent_s
from standfast.proofs.drills.found import Found
from standfast.proofs.drills.measure import Asked
from standfast.proofs.drills.mix import place
from standfast.proofs.register import REGISTER

OBJECTIVE = REDUNDANT_EDGE.parts[0].objective
ADDRESSES = ("203.0.113.11", "203.0.113.12")
CUT_AT_S = 4.0


def load(*dark: tuple[float, float], at: int = 0, doubled: bool = False) -> Found:
    """All forty requests a second for 40 s. Those at the address number `at` fail that are due
    between any of these moments."""
    asked = []
    for number in range(WHOLE.total):
        due = number / WHOLE.rate_per_s
        here = place(number, sessions=WHOLE.sessions, places=len(ADDRESSES)) == at
        fails = here and any(since <= due < until for since, until in dark)
        asked.append(
            Asked(
                kind="write" if number % 5 < 2 else "read",
                id=f"id-{number}" if number % 5 < 2 else "",
                status=0 if fails else 200,
                sent_s=round(due, 3),
                took_s=0.02,
                error="ConnectionResetError" if fails else "",
            )
        )
    stored = [each.id for each in asked if each.id and each.acknowledged]
    return Found(requests=tuple(asked), stored=(*stored, *stored[: int(doubled)]), problem="")


def measured(found: Found, back_s: float | None = 9.0) -> dict[str, float]:
    heard = by_address(found.requests, WHOLE, ADDRESSES)
    silences = silent_s(heard, fault_at_s=CUT_AT_S, ends_s=WHOLE.duration_s)
    return figures(found, heard, silences, WHOLE, back_s)


def test_every_request_is_counted_at_the_address_that_its_visitor_keeps_to() -> None:
    heard = by_address(load().requests, WHOLE, ADDRESSES)
    assert [len(heard[each]) for each in ADDRESSES] == [WHOLE.total / 2] * 2
    failed = by_address(load((4, 5), at=1).requests, WHOLE, ADDRESSES)
    assert all(each.acknowledged for each in failed[ADDRESSES[0]])
    assert sum(not each.acknowledged for each in failed[ADDRESSES[1]]) == 20


@pytest.mark.parametrize("at", [0, 1])
def test_an_address_that_is_taken_over_in_time_keeps_the_promise(at: int) -> None:
    said = measured(load((CUT_AT_S, CUT_AT_S + 1.5), at=at))
    assert 1.5 <= said["outage_s"] <= 1.65
    assert said["failed_requests"] == 30
    assert (said["silent_addresses"], said["back_s"]) == (0, 9.0)
    assert judge(OBJECTIVE, said) is Outcome.KEPT


@pytest.mark.parametrize("at", [0, 1])
def test_the_worst_address_counts_whatever_the_other_one_answers(at: int) -> None:
    said = measured(load((CUT_AT_S, CUT_AT_S + 3.5), at=at))
    assert said["outage_s"] > OBJECTIVE["outage_s"]
    assert judge(OBJECTIVE, said) is Outcome.BROKEN


def test_the_way_back_counts_as_much_as_the_way_there() -> None:
    said = measured(load((CUT_AT_S, CUT_AT_S + 1), (21, 25)))
    assert 4 <= said["outage_s"] <= 4.2
    assert judge(OBJECTIVE, said) is Outcome.BROKEN


def test_an_address_that_does_not_answer_in_the_end_breaks_it() -> None:
    said = measured(load((CUT_AT_S, CUT_AT_S + 1), (39, 40), at=1))
    assert said["outage_s"] < OBJECTIVE["outage_s"]
    assert said["silent_addresses"] == 1
    assert judge(OBJECTIVE, said) is Outcome.BROKEN


def test_a_change_that_was_saved_twice_breaks_it() -> None:
    assert judge(OBJECTIVE, measured(load(doubled=True))) is Outcome.BROKEN
    assert judge(OBJECTIVE, measured(load())) is Outcome.KEPT


def test_an_address_that_never_answered_proves_nothing() -> None:
    with pytest.raises(CannotVerify, match=r"nothing was answered at 203\.0\.113\.12 before"):
        measured(load((0, 40), at=1))


@dataclass(frozen=True)
class Chosen:
    chosen: str | None = None

    def drawn(self, names: tuple[str, ...]) -> str:
        return names[-1]


def test_an_edge_is_drawn_or_named_and_nobody_else() -> None:
    two: Any = tuple(SimpleNamespace(name=each) for each in ("edge-1", "edge-2"))
    draw: Any = Chosen
    assert chosen(draw(), two) == "edge-2"
    assert chosen(draw("edge-1"), two) == "edge-1"
    with pytest.raises(Refused, match="web-1 is no edge of this site"):
        chosen(draw("web-1"), two)
    with pytest.raises(Refused, match="only one edge"):
        chosen(draw(), two[:1])


def cut(restored_at_s: float) -> Any:
    return SimpleNamespace(machine="edge-1", restored=SimpleNamespace(at_s=restored_at_s))


def test_a_way_back_that_no_visitor_met_proves_nothing() -> None:
    edge.must_have_seen_the_way_back(cut(13), 20, WHOLE)
    with pytest.raises(CannotVerify, match="edge-1 took its address back 26 s after"):
        edge.must_have_seen_the_way_back(cut(13), 26, WHOLE)


def test_the_courses_are_possible_and_longer_than_the_promise() -> None:
    for course in (WHOLE, SHORT):
        refuse_unless_possible(course)
        assert course.pinned
        assert course.cut_s > OBJECTIVE["outage_s"] + 2
        assert course.sessions % len(ADDRESSES) == 0


def test_the_room_of_edges_declares_the_fault_that_turns_it_red() -> None:
    assert REDUNDANT_EDGE.parts[0].fault == PINNED
    assert REGISTER["edge"].planted_on == "edge"
