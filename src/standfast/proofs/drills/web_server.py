"""Drill `web-server`: cut the power of one web machine while visitors read and save.

    degraded? refuse → sign in → load ──────────────────────────────────────→ what is stored?
                          a third of the time: power cut … power on … it serves again

Whatever happens in between, an exception or a signal too, the machine gets its power back; for
what kills this process outright there is `guard.py` around it.
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from standfast.core.clock import Clock
from standfast.core.errors import Refused
from standfast.mechanisms.hosts.machine import Role
from standfast.proofs.drills import interruptions, report
from standfast.proofs.drills.course import Course, plan_of, refuse_unless_possible
from standfast.proofs.drills.events import Progress
from standfast.proofs.drills.found import Found, listen
from standfast.proofs.drills.ground import Ground, NotBack, Power, Ran, Vantage
from standfast.proofs.drills.measure import measure
from standfast.proofs.drills.power_cut import PowerCut
from standfast.proofs.drills.watching import Serving

WHOLE = Course()
SHORT = Course(duration_s=12, cut_s=4.0)
"""A blind edge fails within the first second of the power cut: a short run shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebServer:
    """The drill as the register names it: a web machine is drawn, or chosen."""

    def prepare(self, ground: Ground) -> None:
        ground.sign_up()

    def run(self, ground: Ground, *, short: bool) -> Ran:
        webs = tuple(web.name for web in ground.having(Role.WEB))
        drill = WebServerDrill(
            power=ground.power,
            vantage=ground.vantage,
            serving=ground.serving,
            clock=ground.clock,
            tell=ground.tell,
        )
        target = ground.chosen or ground.drawn(webs)
        return drill.run(ground.contract, target, str(ground.run), SHORT if short else WHOLE)


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


def figures(found: Found, back_s: float | None) -> dict[str, float]:
    measured = measure(found.requests, found.stored)
    return measured if back_s is None else {**measured, "back_s": round(back_s, 1)}
