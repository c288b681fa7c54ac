"""Drill `web-server`: cut the power of one web machine while visitors read and save.

    degraded? refuse → sign in → load ──────────────────────────────────────→ what is stored?
                          a third of the time: power cut … power on … it serves again

Whatever happens in between, an exception or a signal too, the machine gets its power back; for
what kills this process outright there is `guard.py` around it.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, Protocol

from standfast.core.clock import Clock
from standfast.core.errors import Refused, Unreachable
from standfast.proofs.drills import interruptions, report
from standfast.proofs.drills.events import Progress
from standfast.proofs.drills.found import Found, listen
from standfast.proofs.drills.measure import measure
from standfast.proofs.drills.power_cut import Power, PowerCut
from standfast.proofs.drills.watching import Serving

RATE_PER_S = 100
DURATION_S = 30
SESSIONS = 12
CUT_S = 10.0
WRITE_SHARE = 0.4
"""At least 0.3 (design, section 11); more, because what is saved is what can be doubled."""

BACK_WITHIN_S = 60.0
"""A machine made here serves after 10 s."""

LEAST_REST_S = 2.0
"""The load speaks every second, so cut and return are up to one second late each."""


class Vantage(Protocol):
    def start(self, plan: bytes) -> IO[bytes]:
        """Start `load.py` where customers are; give it `plan`, return what it prints: a pipe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How one run goes. The power is cut after a third of the time, for `cut_s`."""

    rate_per_s: int = RATE_PER_S
    duration_s: int = DURATION_S
    sessions: int = SESSIONS
    cut_s: float = CUT_S
    back_within_s: float = BACK_WITHIN_S

    @property
    def total(self) -> int:
        return self.rate_per_s * self.duration_s

    @property
    def cut_at_s(self) -> float:
        return self.duration_s / 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What one run found. `seen` is what goes into the evidence beside the figures: plain JSON."""

    target: str
    run: str
    measured: dict[str, float]
    story: tuple[str, ...]
    seen: Mapping[str, Any]
    started_at: datetime
    ended_at: datetime


class NotBack(Unreachable):
    """The machine has its power and does not serve. What was measured stands: `ran`."""

    def __init__(self, ran: Ran, within_s: float) -> None:
        super().__init__(
            f"{ran.target} does not serve {within_s:.0f} s after its power came back",
            remedy=f"Run `standfast logs {ran.target}`; what was measured is still true.",
        )
        self.ran = ran


@dataclass(frozen=True, slots=True, kw_only=True)
class WebServerDrill:
    """`serving` is called from a second thread too."""

    power: Power
    vantage: Vantage
    serving: Serving
    clock: Clock
    tell: Callable[[str], None]

    def run(self, contract: Mapping[str, Any], target: str, run: str, course: Course) -> Ran:
        """`contract`: address, port, host, ca_file, account, password and the canary's requests.
        `run`: a random UUID, from which the ids of all writes are made.

        Raises `Refused` before anything was done; `Unreachable` or `CannotVerify` when nothing
        can be claimed; `NotBack` with the measurement. The machine has its power in any case.
        """
        refuse_unless_possible(course)
        refuse_if_degraded(self.serving(), target)
        started = self.clock.now()
        fault = self._fault(target, course)
        words = report.headline(target, course.rate_per_s)

        def on(progress: Progress) -> None:
            fault.act(progress.at_s)
            self.tell(report.with_figures(words, progress.asked, progress.failed))

        with interruptions.heard(), fault:
            plan = plan_of(contract, run, course)
            with closing(self.vantage.start(plan)) as stream:  # unheard, a load ends by itself
                found = listen(stream, total=course.total, on=on)
            fault.must_have_happened()
            back_s = fault.back_s()
        measured = figures(found, back_s)
        ran = Ran(
            target=target,
            run=run,
            measured=measured,
            story=report.story(words, fault, found, measured),
            seen=report.seen(fault, found, rate_per_s=course.rate_per_s),
            started_at=started,
            ended_at=self.clock.now(),
        )
        self.tell(ran.story[0])
        if back_s is None:
            raise NotBack(ran, course.back_within_s)
        return ran

    def _fault(self, target: str, course: Course) -> PowerCut:
        return PowerCut(
            power=self.power,
            serving=self.serving,
            clock=self.clock,
            machine=target,
            after_s=course.cut_at_s,
            lasting_s=course.cut_s,
            back_within_s=course.back_within_s,
        )


def refuse_unless_possible(course: Course) -> None:
    if course.cut_at_s + course.cut_s + LEAST_REST_S > course.duration_s:
        raise Refused(
            f"a load of {course.duration_s} s is too short for a power cut of {course.cut_s:g} s",
            remedy=f"Let the load last {3 * (course.cut_s + LEAST_REST_S) / 2:.0f} s or more.",
        )


def refuse_if_degraded(serving: Mapping[str, bool], target: str) -> None:
    """With one server down already, cutting another would be an outage, not a drill."""
    down = sorted(name for name, serves in serving.items() if not serves)
    if down:
        raise Refused(
            f"the site is already degraded: {' and '.join(down)} {plural(down)} not serve",
            remedy="Run `standfast up`, then the drill again.",
        )
    if target not in serving:
        raise Refused(f"{target} is no web server of this site")
    if len(serving) < 2:
        raise Refused("there is only one web server, so none can be spared")


def plural(names: list[str]) -> str:
    return "does" if len(names) == 1 else "do"


def plan_of(contract: Mapping[str, Any], run: str, course: Course) -> bytes:
    """`load.Plan`, as JSON."""
    return json.dumps(
        {
            **contract,
            "run": run,
            "ids": id_pattern(run),
            "write_share": WRITE_SHARE,
            "rate_per_s": course.rate_per_s,
            "duration_s": course.duration_s,
            "sessions": course.sessions,
        }
    ).encode()


def id_pattern(run: str) -> str:
    """UUIDs of one run: 18 of its own random hex digits, then the number of the request (RFC
    9562, version 8: ours to define; the digits of version and variant are not random)."""
    digits = run.replace("-", "")
    return f"{digits[:8]}-{digits[8:12]}-8{digits[13:16]}-8{digits[17:20]}-" + "{number:012d}"


def figures(found: Found, back_s: float | None) -> dict[str, float]:
    measured = measure(found.requests, found.stored)
    return measured if back_s is None else {**measured, "back_s": round(back_s, 1)}
