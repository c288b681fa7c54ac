"""Drill `web-server`: cut the power of one web machine while visitors read and save.

    degraded? refuse → sign in → load ──────────────────────────────┐→ count what is stored
                          a third of the time: power cut … power on ┘   wait until it serves again

Whatever happens in between, the machine gets its power back.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, Protocol

from standfast.core.clock import Clock
from standfast.core.errors import Refused, Unreachable
from standfast.proofs.drills.measure import Asked, measure

RATE_PER_S = 100
DURATION_S = 30
SESSIONS = 12
WRITE_SHARE = 0.4
BACK_LIMIT_S = 60.0
BACK_POLL_S = 0.3


class Power(Protocol):
    def cut(self, machine: str) -> None:
        """Off, as if the plug were pulled, within 100 ms."""

    def restore(self, machine: str) -> None:
        """On again; returns before the machine has started. Safe to repeat."""


class Vantage(Protocol):
    def start(self, plan: bytes) -> IO[bytes]:
        """Start the load where customers are; return what it prints."""


Serving = Callable[[], Mapping[str, bool]]
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How one run goes."""

    rate_per_s: int = RATE_PER_S
    duration_s: int = DURATION_S
    sessions: int = SESSIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What one run found."""

    target: str
    run: str
    measured: dict[str, float]
    story: tuple[str, ...]
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WebServerDrill:
    power: Power
    vantage: Vantage
    serving: Serving
    clock: Clock
    tell: Tell

    def run(self, contract: Mapping[str, Any], target: str, run: str, course: Course) -> Ran:
        """`contract`: address, port, host, ca_file, account, password and the canary's requests."""
        refuse_if_degraded(self.serving())
        started = self.clock.now()
        plan = {
            **contract,
            "run": run,
            "ids": id_pattern(run),
            "write_share": WRITE_SHARE,
            "rate_per_s": course.rate_per_s,
            "duration_s": course.duration_s,
            "sessions": course.sessions,
        }
        events = read_events(self.vantage.start(json.dumps(plan).encode()))
        words = f"power cut of {target} at {course.rate_per_s} requests/s"
        try:
            final = self._attack(events, target, words, course)
        finally:
            self.power.restore(target)
        back_s = self._wait_until_back(target)
        measured = dict(measure([Asked(**each) for each in asked(final)], final["stored"]))
        measured["back_s"] = round(back_s, 1)
        story = f"{words} … {measured['requests']:,} asked, {measured['failed_requests']} failed"
        self.tell(story)
        return Ran(
            target=target,
            run=run,
            measured=measured,
            story=(story, f"{target} served again {back_s:.1f} s after the load"),
            started_at=started,
            ended_at=self.clock.now(),
        )

    def _attack(
        self, events: Iterator[Mapping[str, Any]], target: str, words: str, course: Course
    ) -> Mapping[str, Any]:
        cut_at = course.rate_per_s * course.duration_s // 3
        on_at = course.rate_per_s * course.duration_s * 2 // 3
        is_off = is_back = False
        for event in events:
            if "stored" in event:
                return event
            if "asked" not in event:
                continue
            if not is_off and event["asked"] >= cut_at:
                self.power.cut(target)
                is_off = True
            elif not is_back and event["asked"] >= on_at:
                self.power.restore(target)
                is_back = True
            self.tell(f"{words} … {event['asked']:,} asked, {event['failed']} failed")
        raise Unreachable(
            "the load ended before it had measured anything",
            remedy="Does the sign-in of [service.canary] work, and does the service answer?",
        )

    def _wait_until_back(self, target: str) -> float:
        begin = self.clock.monotonic()
        while not self.serving().get(target, False):
            waited = self.clock.monotonic() - begin
            if waited > BACK_LIMIT_S:
                raise Unreachable(
                    f"{target} does not serve {BACK_LIMIT_S:.0f} s after its power came back",
                    remedy=f"standfast logs {target}",
                )
            self.clock.sleep(BACK_POLL_S)
        return self.clock.monotonic() - begin


def refuse_if_degraded(serving: Mapping[str, bool]) -> None:
    """With one server down already, cutting another would be an outage, not a drill."""
    down = sorted(name for name, serves in serving.items() if not serves)
    if down:
        raise Refused(
            f"the site is already degraded: {', '.join(down)} does not serve",
            remedy="Run `standfast up`, then the drill again.",
        )
    if len(serving) < 2:
        raise Refused("there is only one web server, so none can be spared")


def read_events(lines: IO[bytes]) -> Iterator[Mapping[str, Any]]:
    for line in lines:
        event: Mapping[str, Any] = json.loads(line)
        yield event


def asked(final: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for kind, identity, status, sent_s, took_s in final["requests"]:
        yield {
            "kind": kind,
            "id": identity,
            "status": status,
            "sent_s": sent_s,
            "took_s": took_s,
        }


def id_pattern(run: str) -> str:
    """UUIDs of one run: its own 20 hex digits, then the number of the request (RFC 9562,
    version 8: ours to define)."""
    digits = run.replace("-", "")[:17]
    return f"{digits[:8]}-{digits[8:12]}-8{digits[12:15]}-8{digits[15:17]}0-" + "{number:012d}"
