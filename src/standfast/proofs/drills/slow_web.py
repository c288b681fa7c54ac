"""Drill `slow-web`: make one web machine slow while visitors read and save.

    degraded? refuse → load ──────────────────────────────────────→ quick again
                         one machine: half a second more for each answer
                                      ten seconds later: who still meets it?

The proxy before its service holds every request for `DELAY_S`, which is far more than ten times
what an answer takes; the service and all else are as they were. Whoever waited for as long as that
counts as having met it, whatever the reason, so a busy computer makes the figure worse.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from standfast.core.clock import Clock
from standfast.core.errors import CannotVerify
from standfast.mechanisms.hosts.machine import Role
from standfast.proofs.drills import report
from standfast.proofs.drills.course import Course
from standfast.proofs.drills.found import Found
from standfast.proofs.drills.ground import Asking, Ground, Ran
from standfast.proofs.drills.measure import by_second, failures, measure
from standfast.proofs.drills.power_cut import Moment
from standfast.proofs.drills.under_load import under_load
from standfast.proofs.drills.web_server import refuse_if_degraded

FAULT = "slow-web"
"""What the room of web machines declares."""

DELAY_S = 0.5
"""As it is declared there (web/plan.py)."""

LEASE_S = 120
"""Longer than the drill; whatever becomes of us, the machine is quick again by then."""

LEAST_MET = 3
"""Requests that met the slow machine before it was left: else nobody saw that it was slow."""

WHOLE = Course(rate_per_s=50, duration_s=24, calm_s=3)
SHORT = Course(rate_per_s=50, duration_s=14, calm_s=3)
SETTLED_S, SETTLED_SHORT_S = 10.0, 4.0
"""With the planted fault nothing gets better by waiting."""


@dataclass(slots=True, kw_only=True)
class Slowing:
    """Due `after_s` into the load. Leaving the block makes the machine quick again."""

    agents: Asking
    clock: Clock
    machine: str
    after_s: float
    moment: Moment | None = None

    def __enter__(self) -> "Slowing":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.moment is not None:
            self.agents.ask(self.machine, "remove", fault=FAULT)

    def act(self, at_s: float) -> None:
        """It counts from before it is planted: the ten seconds are those that a customer has."""
        if self.moment is None and at_s >= self.after_s:
            self.moment = Moment(at=self.clock.now(), at_s=at_s)
            self.agents.ask(self.machine, "plant", fault=FAULT, lease_s=LEASE_S)

    def must_have_happened(self) -> None:
        if self.moment is None:
            raise CannotVerify(
                f"{self.machine} was never made slow", remedy="Was the load too short?"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowWeb:
    def prepare(self, ground: Ground) -> None:
        ground.sign_up()

    def run(self, ground: Ground, *, short: bool) -> Ran:
        course, settled_s = (SHORT, SETTLED_SHORT_S) if short else (WHOLE, SETTLED_S)
        webs = tuple(web.name for web in ground.having(Role.WEB))
        target = ground.chosen or ground.drawn(webs)
        refuse_if_degraded(ground.serving(), target)
        started = ground.clock.now()
        words = f"{target} made slow at {course.rate_per_s} requests/s"
        slowing = Slowing(
            agents=ground.agents, clock=ground.clock, machine=target, after_s=course.cut_at_s
        )
        found = under_load(ground, course, slowing, words)
        assert slowing.moment is not None
        measured = figures(found, slow_at_s=slowing.moment.at_s, settled_s=settled_s)
        told = story(words, target, measured, settled_s)
        ground.tell(told[0])
        return Ran(
            target=target,
            run=str(ground.run),
            measured=measured,
            story=told,
            seen=seen(target, found, slowing.moment, course),
            started_at=started,
            ended_at=ground.clock.now(),
        )


def figures(found: Found, *, slow_at_s: float, settled_s: float) -> dict[str, float]:
    """`slow_share`: of the requests due from `settled_s` after the fault on, how many waited for as
    long as whoever met the slow machine. Raises `CannotVerify` if hardly anybody met it at all."""
    after = [each for each in found.requests if each.sent_s >= slow_at_s]
    met = [each for each in after if each.took_s >= DELAY_S]
    if len(met) < LEAST_MET:
        raise CannotVerify(
            f"only {len(met)} requests met a slow web machine, so nothing is known of the others",
            remedy="Is another program before the web machines, or did the edges never ask it?",
        )
    late = [each for each in after if each.sent_s >= slow_at_s + settled_s]
    slow = [each for each in late if each.took_s >= DELAY_S]
    return {
        **measure(found.requests, found.stored),
        "slow_share": round(len(slow) / max(len(late), 1), 3),
        "settled_requests": len(late),
    }


def story(
    words: str, target: str, measured: Mapping[str, float], settled_s: float
) -> tuple[str, ...]:
    away = 100 * (1 - measured["slow_share"])
    return (
        report.with_figures(words, measured["requests"], measured["failed_requests"]),
        f"{target} held every request for {DELAY_S:g} s",
        f"{settled_s:.0f} s later {away:.1f} % of {measured['settled_requests']:,.0f} requests "
        "did not meet it",
    )


def seen(target: str, found: Found, moment: Moment, course: Course) -> Mapping[str, Any]:
    return {
        "machine": target,
        "rate_per_s": course.rate_per_s,
        "slow": report.moment(moment),
        "delay_s": DELAY_S,
        "seconds": [list(second) for second in by_second(found.requests)],
        "failures": list(failures(found.requests, report.FAILURES_SHOWN)),
    }
