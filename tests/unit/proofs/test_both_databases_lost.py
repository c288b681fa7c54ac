"""The drill against a site that says what the test wants: what it does to it, in which order, and
what it claims of it."""

import json
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import IO, Any, cast
from uuid import UUID

import pytest

from standfast.core.clock import SystemClock
from standfast.core.errors import CannotVerify, CommandFailed, Refused, StandfastError, Unreachable
from standfast.mechanisms.hosts.machine import Machine, Reach, Role
from standfast.promises.catalog import BOTH_DATABASES_LOST
from standfast.promises.judge import judge
from standfast.promises.model import Outcome
from standfast.proofs.drills import loss
from standfast.proofs.drills.both_databases_lost import CALM_S, BothDatabasesLost, drawn
from standfast.proofs.drills.course import Course
from standfast.proofs.drills.found import Found
from standfast.proofs.drills.ground import Brought, Ground
from standfast.proofs.drills.losing import Losing
from standfast.proofs.drills.loss import Fate
from standfast.proofs.drills.measure import Asked
from standfast.proofs.drills.power_cut import Moment
from standfast.proofs.drills.under_load import under_load

OBJECTIVE = BOTH_DATABASES_LOST.parts[0].objective
LOST_AT = datetime(2026, 11, 29, 13, 0, 10, tzinfo=UTC)
DATABASES = ("db-1", "db-2")
RUN = UUID("1f0e7a52-7c5b-4b1e-9d7c-3f3f6f0b6a11")
COURSE = Course(rate_per_s=2, duration_s=9, sessions=1, mended_s=1)


def brought(age_s: float | None = 2.0) -> Brought:
    newest = None if age_s is None else datetime.now(UTC) - timedelta(seconds=age_s)
    return Brought(machine="db-1", copy="one", newest=newest)


@dataclass(slots=True, kw_only=True)
class Site:
    """`back`: what comes back, or why nothing does. `broken_switch`: it does nothing."""

    back: Brought | StandfastError = field(default_factory=brought)
    fails_to_take: bool = False
    broken_switch: bool = False
    wait: Callable[[], None] = lambda: None
    did: list[str] = field(default_factory=list)
    off: set[str] = field(default_factory=set)

    def cut(self, machine: str) -> None:
        """Both at once, so in any order."""
        self.did.append("cut")
        if not self.broken_switch:
            self.off.add(machine)

    def restore(self, machine: str) -> None:
        self.did.append(f"restore {machine}")
        self.off.discard(machine)

    def well(self, machine: str) -> bool:
        return machine not in self.off

    def must_be_possible(self) -> None:
        """Nothing keeps it from being done."""

    def lose(self) -> None:
        self.did.append("lose")

    def reach(self) -> None:
        assert not self.off
        self.did.append("reach")

    def bring(self) -> Brought:
        self.did.append("bring")
        self.wait()
        if isinstance(self.back, StandfastError):
            raise self.back
        return self.back

    def take_over(self) -> None:
        self.did.append("take over")
        if self.fails_to_take:
            raise CommandFailed("no database takes writes")

    def put_back(self) -> None:
        self.did.append("put back")

    def keep(self) -> Mapping[str, str]:
        return {}

    def stop(self) -> None:
        self.did.append("stop")


@dataclass(slots=True, kw_only=True)
class Database:
    """As psql answers: that it takes writes, and when its newest row was written."""

    machine: Machine
    newest: datetime | None

    def run(self, argv: Any, *, stdin: bytes = b"", **others: Any) -> Any:
        asked = stdin.decode()
        said = "f" if "recovery" in asked else str(self.newest.timestamp() if self.newest else "")
        return type("Said", (), {"text": f"{said}\n"})()


@dataclass(slots=True, kw_only=True)
class Vantage:
    """A load that has said `seconds` of itself, and goes on when it is let; after `pause_s` it says
    that it still fails."""

    seconds: int = 9
    cannot: bool = False
    pause_s: float = 0.0
    ends: threading.Event = field(default_factory=threading.Event)

    def start(self, plan: bytes) -> IO[bytes]:
        out, into = os.pipe()
        progress = [{"asked": n, "failed": 0, "at_s": n} for n in range(self.seconds)]
        os.write(into, b"".join(json.dumps(each).encode() + b"\n" for each in progress))

        def end() -> None:
            if self.pause_s:
                SystemClock().sleep(self.pause_s)
                late = {"asked": 18, "failed": 9, "at_s": self.seconds}
                os.write(into, json.dumps(late).encode() + b"\n")
            self.ends.wait(5)
            if self.cannot:
                os.write(into, b'{"cannot": "go on"}\n')
                os.close(into)
                return
            rows = [["write", f"id-{n}", 200, n / 2, 0.01, ""] for n in range(18)]
            for event in ({"rows": rows}, {"stored": [], "problem": "", "asked": 18}):
                os.write(into, json.dumps(event).encode() + b"\n")
            os.close(into)

        threading.Thread(target=end, daemon=True).start()
        return os.fdopen(out, "rb")


def suffered(site: Site, vantage: Vantage | None = None, newest: datetime | None = None) -> Losing:
    load = vantage or Vantage()
    load.ends.set()
    machines = tuple(
        Machine(
            name=name,
            roles=frozenset({Role.DATABASE}),
            address=IPv4Address("10.0.0.1"),
            reach=Reach(host=name),
        )
        for name in DATABASES
    )
    ground = type("SmallGround", (), {})()
    ground.__dict__ |= {
        "having": lambda role: machines,
        "connections": {each.name: Database(machine=each, newest=newest) for each in machines},
        "database": "shop",
        "power": site,
        "recovery": site,
        "well": site.well,
        "vantage": load,
        "contract": {},
        "clock": SystemClock(),
        "tell": lambda words: None,
        "run": RUN,
    }
    losing = Losing(ground=cast(Ground, ground), after_s=3.0, limit_s=OBJECTIVE["data_age_s"])
    under_load(cast(Ground, ground), COURSE, losing, "all databases lost")
    return losing


BEFORE = ["lose", "cut", "cut", "restore db-1", "restore db-2", "reach", "bring"]


def test_all_are_lost_and_off_together_and_what_came_back_takes_their_place() -> None:
    site, newest = Site(), datetime(2026, 11, 29, 13, tzinfo=UTC)
    fate = suffered(site, newest=newest).fate
    assert site.did == [*BEFORE, "take over"]
    assert fate is not None
    assert (fate.in_place, fate.problem, fate.newest) == (True, "", newest)
    assert fate.machines == DATABASES
    assert fate.lost.at_s >= 3.0


def test_where_nothing_comes_back_what_was_there_is_put_back() -> None:
    site = Site(back=CommandFailed("db-1 brought nothing back: nobody is let in"))
    fate = suffered(site).fate
    assert site.did == [*BEFORE, "put back"]
    assert fate is not None
    assert (fate.in_place, fate.brought) == (False, None)
    assert "nobody is let in" in fate.problem


def test_what_is_older_than_was_promised_does_not_take_the_place_of_what_was_there() -> None:
    site = Site(back=brought(OBJECTIVE["data_age_s"] + 60))
    fate = suffered(site).fate
    assert site.did[-1] == "put back"
    assert fate is not None
    assert fate.problem == "it is older than 30 min"


def test_what_has_begun_to_take_the_place_is_never_undone_here() -> None:
    site = Site(fails_to_take=True)
    with pytest.raises(CommandFailed, match="takes writes"):
        suffered(site)
    assert "put back" not in site.did


def test_a_switch_that_does_nothing_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("standfast.proofs.drills.losing.SEEN_WITHIN_S", 0.1)
    site = Site(broken_switch=True)
    with pytest.raises(CannotVerify, match="never seen to be off"):
        suffered(site)
    assert site.did == [*BEFORE[:5], "stop"]


def test_visitors_who_still_fail_are_not_waited_for_until_the_end_of_the_load(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("standfast.proofs.drills.losing.MENDED_WITHIN_S", -1.0)
    site, vantage = Site(), Vantage(pause_s=0.5)
    with pytest.raises(CannotVerify, match="visitors still fail"):
        suffered(site, vantage)
    assert site.did == [*BEFORE, "take over", "stop"]


def test_a_load_that_ends_before_anything_is_lost_proves_nothing() -> None:
    site = Site()
    with pytest.raises(CannotVerify, match="before anything was lost"):
        suffered(site, Vantage(seconds=2))
    assert site.did == ["stop"]


def test_whoever_is_interrupted_has_the_recovery_stop() -> None:
    """The load breaks off while it goes on, and it ends at its next word."""
    site, vantage = Site(), Vantage()

    def wait() -> None:
        end = SystemClock().monotonic() + 5
        while "stop" not in site.did:
            assert SystemClock().monotonic() < end, "nobody stopped it"
        raise CannotVerify("the recovery was interrupted")

    site.wait = wait
    vantage.cannot = True
    with pytest.raises(Unreachable, match="the load could not go on"):
        suffered(site, vantage)
    assert sorted(site.did) == sorted([*BEFORE, "stop", "put back"])
    assert "take over" not in site.did


def load(*, lost: int, out_s: float = 16.0, rate: int = 4) -> Found:
    """Four writes a second, the loss 10 s after the beginning; as many as `lost` are missing."""
    asked = []
    for number in range(40 * rate):
        at = number / rate
        good = not 10 <= at < 10 + out_s
        asked.append(
            Asked(
                kind="write",
                id=f"id-{number}",
                status=200 if good else 503,
                sent_s=at,
                took_s=0.0,
                error="" if good else "status 503",
            )
        )
    before = [each.id for each in asked if each.acknowledged and each.sent_s < 10]
    after = [each.id for each in asked if each.acknowledged and each.sent_s >= 10]
    kept = before[: len(before) - lost] if lost else before
    return Found(requests=tuple(asked), stored=(*kept, *after), problem="")


def fate(age_s: float | None, *, in_place: bool = True, problem: str = "") -> Fate:
    newest = None if age_s is None else LOST_AT - timedelta(seconds=age_s)
    return Fate(
        machines=DATABASES,
        lost=Moment(at=LOST_AT, at_s=10.0),
        brought=Brought(machine="db-1", copy="one", newest=newest) if newest else None,
        newest=newest if in_place else None,
        in_place=in_place,
        problem=problem,
    )


def test_the_age_of_the_data_and_the_outage_are_measured_and_lost_writes_counted() -> None:
    measured = loss.figures(load(lost=9), fate(2.25), redundancy_s=26.44)
    assert measured["data_age_s"] == 2.25
    assert 16.0 <= measured["outage_s"] <= 16.5
    assert (measured["lost_writes"], measured["ghost_writes"]) == (9, 0)
    assert (measured["doubled_writes"], measured["failed_recoveries"]) == (0, 0)
    assert measured["redundancy_s"] == 26.4
    assert judge(OBJECTIVE, measured) is Outcome.KEPT


@pytest.mark.parametrize(
    ("came", "outcome"),
    [
        (fate(1800.0), Outcome.KEPT),
        (fate(1800.5), Outcome.BROKEN),
        (fate(None), Outcome.INCONCLUSIVE),
        (fate(None, in_place=False, problem="nobody is let in"), Outcome.BROKEN),
        (fate(7200.0, in_place=False, problem="it is older than 30 min"), Outcome.BROKEN),
        (fate(-0.2), Outcome.KEPT),
    ],
)
def test_the_outcome_follows_from_the_age_and_from_whether_it_came_back(
    came: Fate, outcome: Outcome
) -> None:
    measured = loss.figures(load(lost=0), came, redundancy_s=None)
    assert judge(OBJECTIVE, measured) is outcome
    assert measured.get("data_age_s", 0.0) >= 0


def test_it_is_told_in_words() -> None:
    words, found = "all databases lost at 10 requests/s", load(lost=9)
    measured = loss.figures(found, fate(2.25), redundancy_s=26.44)
    told = loss.story(words, found, fate(2.25), measured)
    assert told[0] == f"{words} … 160 asked, 73 failed"
    assert told[1] == "db-1 and db-2 lost their power and their data, and were seen to be off"
    assert told[2].endswith("no write was acknowledged; then on db-1, with data 2.2 s old")
    assert told[3].startswith("9 acknowledged writes were lost")
    assert told[4] == "two copies again after 26 s"
    gone = fate(None, in_place=False, problem="nobody is let in")
    told = loss.story(words, found, gone, loss.figures(found, gone, redundancy_s=None))
    assert told[2].startswith("nothing came back in its place: nobody is let in; for ")
    assert len(told) == 4


def test_what_is_not_known_to_be_too_old_takes_the_place() -> None:
    assert loss.is_too_old(Brought(machine="", copy="", newest=None), LOST_AT, 1800) is False
    recent = LOST_AT - timedelta(seconds=1800)
    assert loss.is_too_old(Brought(machine="", copy="", newest=recent), LOST_AT, 1800) is False
    older = recent - timedelta(seconds=1)
    assert loss.is_too_old(Brought(machine="", copy="", newest=older), LOST_AT, 1800) is True


def test_the_evidence_stays_small_however_long_it_took() -> None:
    seconds = [(10, 10, 0.001)] * 10_000
    assert len(json.dumps(loss.seconds(seconds))) < 16 * 1024
    said = loss.seen(fate(2.0), load(lost=0), rate_per_s=10, kept={"db-1": "/former"})
    assert json.loads(json.dumps(said))["kept"] == {"db-1": "/former"}


def test_the_loss_comes_at_a_moment_that_is_drawn() -> None:
    moments = {drawn(UUID(int=number)) for number in range(2000)}
    assert len(moments) == 1000
    assert CALM_S[0] <= min(moments) < max(moments) < CALM_S[1]


def test_no_machine_can_be_chosen() -> None:
    ground = cast(Ground, type("SmallGround", (), {"chosen": "db-1"})())
    with pytest.raises(Refused, match="no machine can be chosen"):
        BothDatabasesLost().prepare(ground)
