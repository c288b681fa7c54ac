"""The drill against a load that says what the test wants, and a switch that notes what it did."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import IO, Any

import pytest

from standfast.core.errors import CannotVerify, Refused, StandfastError, Unreachable
from standfast.evidence.statement import Run
from standfast.promises.catalog import REDUNDANT_WEB
from standfast.promises.grade import grade
from standfast.promises.model import Grade, Outcome
from standfast.proofs.drills import course, load
from standfast.proofs.drills.body import proof_body
from standfast.proofs.drills.course import Course, plan_of
from standfast.proofs.drills.ground import NotBack, Ran
from standfast.proofs.drills.web_server import WebServerDrill

RUN = "1f0e7a52-7c5b-4b1e-9d7c-3f3f6f0b6a11"
SHORT = Course(rate_per_s=2, duration_s=9, sessions=1, cut_s=3)
STARTED = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(slots=True)
class QuickClock:
    """A day on which a minute of waiting takes no time."""

    seconds: float = 0.0

    def now(self) -> datetime:
        return STARTED + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass(slots=True, kw_only=True)
class Site:
    """Two web machines with one switch. `broken_switch`: it does nothing. `stays_down`: with its
    power back the machine does not serve."""

    on: dict[str, bool] = field(default_factory=lambda: {"web-1": True, "web-2": True})
    did: list[str] = field(default_factory=list)
    broken_switch: bool = False
    stays_down: bool = False
    fail_in_cut: BaseException | None = None

    def cut(self, machine: str) -> None:
        self.did.append(f"cut {machine}")
        self.on[machine] = self.broken_switch
        if self.fail_in_cut is not None:
            raise self.fail_in_cut

    def restore(self, machine: str) -> None:
        self.did.append(f"restore {machine}")
        self.on[machine] = not self.stays_down

    def serving(self) -> Mapping[str, bool]:
        return dict(self.on)


@dataclass(slots=True, kw_only=True)
class ScriptedVantage:
    """A load that says `words` at once: a pipe holds them all."""

    words: list[Any]
    plan: dict[str, Any] = field(default_factory=dict)
    closed: Callable[[], bool] = lambda: False

    def start(self, plan: bytes) -> IO[bytes]:
        self.plan = json.loads(plan)
        out, into = os.pipe()
        os.write(into, b"".join(json.dumps(each).encode() + b"\n" for each in self.words))
        os.close(into)
        stream = os.fdopen(out, "rb")
        self.closed = lambda: stream.closed
        return stream


def row(number: int, status: int = 200) -> list[Any]:
    error = "" if status == 200 else f"status {status}"
    kind, identity = ("write", f"id-{number}") if number % 2 else ("read", "")
    return [kind, identity, status, number / 2, 0.01, error]


def progress(second: float, failed: int = 0) -> dict[str, Any]:
    return {"asked": round(second * 2), "failed": failed, "at_s": second}


ROWS = [row(number) for number in range(18)]
STORED = [f"id-{number}" for number in range(18) if number % 2]
ENDED = {"stored": [], "problem": "", "asked": 18}
SECONDS = [progress(second + 0.01) for second in range(9)]


def script(rows: Any = ROWS, stored: Any = STORED, problem: str = "") -> list[Any]:
    return [
        *SECONDS,
        {"rows": rows[:10]},
        {"rows": rows[10:]},
        {"stored": stored, "problem": problem, "asked": len(rows)},
    ]


@dataclass(slots=True, kw_only=True)
class Told:
    site: Site
    vantage: ScriptedVantage
    words: list[str] = field(default_factory=list)

    def tell(self, words: str) -> None:
        self.words.append(words)
        time.sleep(0.003)  # a second of the script lasts this long: whoever watches can look

    def drill(self) -> Ran:
        drill = WebServerDrill(
            power=self.site,
            vantage=self.vantage,
            serving=self.site.serving,
            clock=QuickClock(),
            tell=self.tell,
        )
        return drill.run({"account": "canary"}, "web-1", RUN, SHORT)


def told(words: list[Any] | None = None, site: Site | None = None) -> Told:
    said = script() if words is None else words
    return Told(site=site or Site(), vantage=ScriptedVantage(words=said))


def failing(each: Told, error: type[BaseException], match: str | None = None) -> None:
    with pytest.raises(error, match=match):
        each.drill()


def test_the_power_is_cut_after_a_third_and_comes_back_in_time() -> None:
    each = told()
    ran = each.drill()
    assert each.site.did == ["cut web-1", "restore web-1"]
    assert ran.seen["power_cut"]["at_s"] == 3.01
    assert ran.seen["power_back"]["at_s"] == 6.01
    assert each.site.on["web-1"]
    assert each.vantage.closed()


def test_it_measures_and_tells_in_words_while_it_goes_on() -> None:
    each = told()
    ran = each.drill()
    assert ran.measured["requests"] == 18
    assert ran.measured["failed_requests"] == ran.measured["doubled_writes"] == 0
    assert ran.measured["back_s"] >= 0
    assert each.words[-1] == "power cut of web-1 at 2 requests/s … 18 asked, 0 failed"
    assert each.words[4] == "power cut of web-1 at 2 requests/s … 8 asked, 0 failed"
    assert ran.story[0] == each.words[-1]
    assert ran.story[3] == "of 9 writes every acknowledged one was stored, none twice"


@pytest.mark.parametrize(
    ("rows", "stored", "outcome"),
    [
        (ROWS, STORED, Outcome.KEPT),
        ([*ROWS[:-1], row(17, 503)], STORED, Outcome.BROKEN),
        (ROWS, [*STORED, "id-1"], Outcome.BROKEN),
        (ROWS, STORED[1:], Outcome.BROKEN),
        (ROWS, None, Outcome.INCONCLUSIVE),
        ([*ROWS[:-1], row(17, 503)], None, Outcome.BROKEN),
    ],
)
def test_the_outcome_follows_from_what_was_measured(
    rows: Any, stored: Any, outcome: Outcome
) -> None:
    ran = told(script(rows, stored, "nobody could say")).drill()
    body = proof_body(ran, promise=REDUNDANT_WEB, part=REDUNDANT_WEB.parts[0], graded=grade({}))
    assert body.outcome is outcome
    assert (body.grade, body.drill, body.run) == (Grade.REHEARSED, "web-server", RUN)
    assert body.started_at == STARTED
    assert Run.model_validate_json(body.model_dump_json()) == body


@pytest.mark.parametrize(
    ("on", "reason"),
    [
        ({"web-1": True, "web-2": False}, "already degraded: web-2 does not serve"),
        ({"web-1": False, "web-2": False}, "web-1 and web-2 do not serve"),
        ({"web-1": True}, "only one web server"),
        ({"web-2": True, "web-3": True}, "web-1 is no web server"),
        ({}, "web-1 is no web server"),
    ],
)
def test_a_degraded_site_is_left_alone(on: dict[str, bool], reason: str) -> None:
    each = told(site=Site(on=on))
    failing(each, Refused, reason)
    assert not each.site.did
    assert not each.vantage.plan


def test_a_switch_that_does_nothing_proves_nothing() -> None:
    each = told(site=Site(broken_switch=True))
    failing(each, CannotVerify, "never seen to be off")
    assert each.site.did == ["cut web-1", "restore web-1"]


def test_a_machine_that_does_not_come_back_is_an_error_that_holds_the_measurement() -> None:
    each = told(site=Site(stays_down=True))
    with pytest.raises(NotBack, match="web-1 does not serve 60 s after") as caught:
        each.drill()
    assert caught.value.ran.measured["failed_requests"] == 0
    assert "back_s" not in caught.value.ran.measured


@pytest.mark.parametrize(
    ("words", "error", "match"),
    [
        ([], Unreachable, "0 of 18 requests"),
        ([{"cannot": "the sign-in was answered with status 401"}], Unreachable, "status 401"),
        (SECONDS[:5], Unreachable, "0 of 18 requests"),
        ([*SECONDS, {"rows": ROWS}], Unreachable, "18 of 18 requests"),
        ([*SECONDS, {"rows": ROWS[1:]}, ENDED], Unreachable, "17 of 18"),
        ([*SECONDS[:6], "what?"], Unreachable, "no event"),
        (
            [*SECONDS[:3], {"rows": ROWS}, ENDED],
            CannotVerify,
            "ended before",
        ),
    ],
)
def test_whatever_the_load_does_the_machine_has_its_power(
    words: list[Any], error: type[StandfastError], match: str
) -> None:
    each = told(words)
    failing(each, error, match)
    assert each.site.on["web-1"]
    assert each.site.did.count("cut web-1") == each.site.did.count("restore web-1")
    assert each.vantage.closed()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Unreachable("the switch hung")])
def test_a_cut_that_is_interrupted_halfway_is_undone(error: BaseException) -> None:
    each = told(site=Site(fail_in_cut=error))
    failing(each, type(error))
    assert each.site.did == ["cut web-1", "restore web-1"]
    assert each.site.on["web-1"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("when", range(1, 9))
def test_a_signal_at_any_moment_leaves_the_machine_on(number: signal.Signals, when: int) -> None:
    each = told()
    said: list[str] = []

    def tell(words: str) -> None:
        each.tell(words)
        said.append(words)
        if len(said) == when:
            signal.raise_signal(number)

    drill = WebServerDrill(
        power=each.site,
        vantage=each.vantage,
        serving=each.site.serving,
        clock=QuickClock(),
        tell=tell,
    )
    with pytest.raises(KeyboardInterrupt):
        drill.run({}, "web-1", RUN, SHORT)
    assert each.site.on["web-1"]
    assert each.site.did.count("cut web-1") == each.site.did.count("restore web-1")


@pytest.fixture(autouse=True)
def _handlers_are_as_before() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGHUP)
    yield
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGHUP)) == before


def test_a_cut_longer_than_the_load_is_refused() -> None:
    each = told()
    drill = WebServerDrill(
        power=each.site,
        vantage=each.vantage,
        serving=each.site.serving,
        clock=QuickClock(),
        tell=each.tell,
    )
    with pytest.raises(Refused, match="too short"):
        drill.run({}, "web-1", RUN, Course(duration_s=12, cut_s=10))
    assert not each.site.did


def test_the_plan_is_what_the_load_reads() -> None:
    contract = {
        **{"addresses": ["192.0.2.1"], "port": 443, "host": "example.com", "ca_file": "ca.pem"},
        **{"account": "a", "password": "p", "sign_in": {}, "read": [], "write": {}, "find": {}},
    }
    plan = load.Plan(**json.loads(plan_of(contract, RUN, Course())))
    assert plan.total == 1200
    assert plan.write_share >= 0.3
    assert "password" not in repr(plan)
    assert course.id_pattern(RUN) == plan.ids
