"""What the drill `slow-web` makes of a load, and what it does to the machine."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from standfast.core.clock import SystemClock
from standfast.core.errors import CannotVerify
from standfast.mechanisms.web.plan import DELAY_MS, SLOW
from standfast.promises.catalog import FASTEST_ROUTE
from standfast.promises.judge import judge
from standfast.promises.model import Outcome
from standfast.proofs.drills.found import Found
from standfast.proofs.drills.measure import Asked
from standfast.proofs.drills.slow_web import DELAY_S, FAULT, SETTLED_S, Slowing, figures

SLOW_AT_S = 3.0
OBJECTIVE = FASTEST_ROUTE.parts[0].objective


def load(*, met_until_s: float, every: int = 2, later: int = 50) -> Found:
    """Fifty requests a second for 24 s. One in `every` meets the slow machine until so long after
    the fault, and one in `later` from then on."""
    asked = []
    for number in range(1200):
        at = number / 50
        one_in = every if at < SLOW_AT_S + met_until_s else later
        slow = at >= SLOW_AT_S and number % one_in == 0
        took_s = DELAY_S + 0.02 if slow else 0.02
        asked.append(Asked(kind="read", id="", status=200, sent_s=at, took_s=took_s))
    return Found(requests=tuple(asked), stored=(), problem="")


def share(found: Found) -> dict[str, float]:
    return figures(found, slow_at_s=SLOW_AT_S, settled_s=SETTLED_S)


def test_a_slow_machine_that_is_left_in_time_keeps_the_promise() -> None:
    measured = share(load(met_until_s=8))
    assert measured["slow_share"] == 0.02
    assert measured["settled_requests"] == 550
    assert judge(OBJECTIVE, measured) is Outcome.KEPT


def test_one_that_is_met_for_longer_breaks_it() -> None:
    assert judge(OBJECTIVE, share(load(met_until_s=60, every=5))) is Outcome.BROKEN
    assert judge(OBJECTIVE, share(load(met_until_s=12, later=20))) is Outcome.BROKEN


def test_one_that_nobody_met_proves_nothing() -> None:
    with pytest.raises(CannotVerify, match="only 0 requests met a slow web machine"):
        share(load(met_until_s=0, later=2000))


@dataclass
class Agents:
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def ask(self, machine: str, verb: str, **values: Any) -> dict[str, Any]:
        self.asked.append((machine, verb, values["fault"]))
        return {}


def test_the_machine_is_made_slow_once_and_quick_again_whatever_happens() -> None:
    agents = Agents()
    slowing = Slowing(agents=agents, clock=SystemClock(), machine="web-2", after_s=3)
    with suppress(InterruptedError), slowing:
        for second in range(6):
            slowing.act(second)
        raise InterruptedError
    assert agents.asked == [("web-2", "plant", FAULT), ("web-2", "remove", FAULT)]


def test_a_load_that_ended_before_the_fault_proves_nothing() -> None:
    agents = Agents()
    slowing = Slowing(agents=agents, clock=SystemClock(), machine="web-2", after_s=3)
    with slowing:
        slowing.act(1)
    with pytest.raises(CannotVerify, match="web-2 was never made slow"):
        slowing.must_have_happened()
    assert agents.asked == []


def test_the_room_of_web_machines_declares_what_the_drill_does() -> None:
    assert SLOW.name == FAULT
    assert DELAY_MS == 1000 * DELAY_S
