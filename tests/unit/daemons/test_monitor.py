"""Three monitors, one etcd in memory and a primary that lives, pauses or dies."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from tests.unit.clocks import HandClock
from tests.unit.monitor.memory_store import MemoryStore

from standfast.core.errors import Unreachable
from standfast.daemons.monitor import BACK_OFF_S, Monitor, RunsDown, until_next
from standfast.mechanisms.database.claim import prefix
from standfast.mechanisms.monitor.gateway import Change, Put
from standfast.proofs.monitoring.silence import Silence

KEYS = prefix("shop")
NAMES = ("monitor-1", "monitor-2", "monitor-3")
TTL_S = 20
STEP_S = 0.05
BOUND_S = 3.0
"""From the last sign of life to the removal, however the monitors' turns fall."""


@dataclass
class Site:
    """`reaches`: who gets an answer from the primary's machine. `period_s`: its Patroni's loop."""

    clock: HandClock = field(default_factory=lambda: HandClock(1000.0))
    period_s: float = 1.0
    alive: bool = True
    reaches: set[str] = field(default_factory=lambda: {*NAMES, "db-2"})
    store: MemoryStore = field(init=False)
    monitors: dict[str, Monitor] = field(default_factory=dict)
    next_loop: float = 0.0
    due: dict[str, float] = field(default_factory=dict)
    removed_at: float | None = None
    lease: int = 0
    severed_asked: int = 0

    def __post_init__(self) -> None:
        self.store = MemoryStore(self.clock.monotonic, prefix=KEYS)
        self.lease = self.store.grant(TTL_S)
        self.put("leader", b"db-1", self.lease)
        self.put("sync", json.dumps({"leader": "db-1", "sync_standby": "db-2"}).encode())
        self.put("config", json.dumps({"synchronous_mode": True}).encode())
        self.put("status", b"0")
        for name in NAMES:
            self.monitors[name] = Monitor(
                machine=name,
                monitors=len(NAMES),
                site="shop",
                clock=self.clock,
                store=self.store,
                world=Around(site=self, name=name),
                silence=Silence(clock=self.clock),
            )
            self.due[name] = self.clock.seconds

    def put(self, key: str, data: bytes, lease: int = 0) -> None:
        self.store.commit(Change(puts=(Put(key=f"{KEYS}{key}", data=data, lease=lease),)))

    def loop(self) -> None:
        """The primary's Patroni: renews, and says how far it has written."""
        self.next_loop = self.clock.seconds + self.period_s
        if self.store.keep_alive(self.lease):
            self.put("status", str(self.clock.seconds).encode())

    def run(self, seconds: float) -> None:
        end = self.clock.seconds + seconds
        while self.clock.seconds < end and self.removed_at is None:
            if self.alive and self.clock.seconds >= self.next_loop:
                self.loop()
            for name, monitor in self.monitors.items():
                if self.clock.seconds >= self.due[name]:
                    self.due[name] = self.clock.seconds + self.turned(monitor)
            if f"{KEYS}leader" not in self.store.kept:
                self.removed_at = self.clock.seconds
            self.clock.sleep(STEP_S)

    def turned(self, monitor: Monitor) -> float:
        try:
            return monitor.turn()
        except Unreachable:
            monitor.blind()
            return BACK_OFF_S

    def die(self) -> None:
        self.alive, self.reaches = False, set()


@dataclass
class Around:
    site: Site
    name: str

    def answers(self, machine: str) -> bool:
        return self.name in self.site.reaches

    def told(self, machine: str) -> Mapping[str, float]:
        silent = {
            name: monitor.silence.of(machine)
            for name, monitor in self.site.monitors.items()
            if name != self.name
        }
        return {name: age for name, age in silent.items() if age is not None}

    def severed(self, leader: str, secondaries: Sequence[str]) -> str | None:
        self.site.severed_asked += 1
        return None if "db-2" in self.site.reaches else "db-2"


@pytest.mark.parametrize("seed", range(40))
def test_a_dead_primary_is_removed_once_within_the_bound(seed: int) -> None:
    chance = random.Random(seed)
    site = Site()
    for name in NAMES:
        site.due[name] += chance.random()
    site.run(5 + chance.random())
    assert site.removed_at is None
    site.die()
    last = float(site.store.kept[f"{KEYS}status"].data)
    site.run(30)
    assert site.removed_at is not None
    assert site.removed_at - last <= BOUND_S
    assert site.lease in site.store.leases, "whoever takes the lock again holds it by right"
    why = json.loads(site.store.kept[f"{KEYS}removal"].data)
    assert (why["from"], why["successor"]) == ("db-1", "db-2")
    assert json.loads(site.store.kept[f"{KEYS}sync"].data)["leader"] == "db-1"


@pytest.mark.parametrize(
    "reaches",
    [
        {*NAMES, "db-2"},
        {*NAMES},
        {"monitor-1", "monitor-2"},
        {"db-2"},
    ],
    ids=["all", "monitors", "two of three", "the secondary"],
)
def test_one_that_is_silent_in_etcd_but_answers_somebody_who_counts_is_left(
    reaches: set[str],
) -> None:
    """A frozen Patroni, or a primary that has lost etcd alone: not a machine that died."""
    site = Site()
    site.run(5)
    site.alive, site.reaches = False, reaches
    site.run(15)
    assert site.removed_at is None


def test_one_whose_loop_is_slow_is_left_though_nobody_reaches_it() -> None:
    site = Site(period_s=1.9)
    site.reaches = set()
    site.run(60)
    assert site.removed_at is None


def test_without_a_majority_in_etcd_nobody_acts() -> None:
    site = Site()
    site.run(5)
    site.die()
    site.store.has_majority = False
    site.run(15)
    assert site.removed_at is None
    site.store.has_majority = True
    site.run(5)
    assert site.removed_at is not None


def test_two_removals_are_a_minute_apart() -> None:
    site = Site()
    before = site.clock.now() - timedelta(seconds=48)
    site.put("removal", json.dumps({"at": before.isoformat()}).encode())
    site.run(5)
    site.die()
    site.run(5)
    assert site.removed_at is None
    site.run(5)
    assert site.removed_at is not None


def test_a_monitor_that_starts_anew_knows_how_long_ago_the_last_one_was() -> None:
    site = Site()
    long_ago = site.clock.now() - timedelta(minutes=5)
    site.put("removal", json.dumps({"at": long_ago.isoformat()}).encode())
    site.run(5)
    site.die()
    site.run(5)
    assert site.removed_at is not None


@pytest.mark.parametrize("after_s", [1.3, 1.9, 2.0, 2.1])
def test_a_machine_that_answers_again_is_left_whatever_was_heard_before(after_s: float) -> None:
    """Its Patroni stays frozen; its network was away for a moment."""
    site = Site()
    site.run(5)
    site.die()
    last = float(site.store.kept[f"{KEYS}status"].data)
    site.run(last + after_s - site.clock.seconds)
    site.reaches = {*NAMES, "db-2"}
    site.run(10)
    assert site.removed_at is None


def test_the_secondary_is_not_asked_before_a_majority_is_silent() -> None:
    site = Site()
    site.run(5)
    site.alive, site.reaches = False, {"monitor-1", "monitor-2"}
    site.run(15)
    assert site.severed_asked == 0


def test_while_nothing_may_be_removed_nobody_is_asked() -> None:
    site = Site()
    site.put("removal", json.dumps({"at": site.clock.now().isoformat()}).encode())
    site.run(5)
    site.die()
    site.run(15)
    assert site.severed_asked == 0


@dataclass
class Leased:
    """A lease of twenty seconds, told as etcd tells it; its owner last showed itself in term 3."""

    clock: HandClock = field(default_factory=lambda: HandClock(1000.0))
    lease: RunsDown = field(init=False)

    def __post_init__(self) -> None:
        self.lease = RunsDown(clock=self.clock)

    def runs_down(self, left_s: int, *, term: int = 3) -> bool:
        return self.lease.seen(7, left_s, asked_at=self.clock.monotonic(), term=term, shown_in=3)


def test_a_lease_runs_down_when_it_was_not_renewed_for_a_second() -> None:
    leased = Leased()
    assert not leased.runs_down(18)
    leased.clock.sleep(1.1)
    assert leased.runs_down(17)
    assert not leased.runs_down(20)
    leased.clock.sleep(0.9)
    assert not leased.runs_down(19)
    leased.clock.sleep(0.2)
    assert leased.runs_down(18)


def test_a_renewal_just_after_the_first_look_is_seen() -> None:
    leased = Leased()
    assert not leased.runs_down(18)
    leased.clock.sleep(1.0)
    assert not leased.runs_down(18)


def test_what_a_new_leader_of_etcd_adds_to_a_lease_is_no_renewal() -> None:
    leased = Leased()
    assert not leased.runs_down(18)
    assert leased.runs_down(20, term=4)
    leased.clock.sleep(0.5)
    assert leased.runs_down(19, term=4)
    leased.clock.sleep(0.6)
    assert not leased.runs_down(20, term=4)
    leased.clock.sleep(0.9)
    assert not leased.runs_down(19, term=4)
    leased.clock.sleep(0.2)
    assert leased.runs_down(18, term=4)


def test_a_lease_first_seen_under_a_new_leader_of_etcd_runs_down() -> None:
    assert Leased().runs_down(20, term=4)


@pytest.mark.parametrize("another_term", [False, True])
def test_a_primary_that_dies_with_the_leader_of_etcd_is_not_waited_for_longer(
    another_term: bool,
) -> None:
    site = Site()
    site.run(5)
    site.die()
    site.store.has_majority = False
    last = float(site.store.kept[f"{KEYS}status"].data)
    site.run(last + 2.0 - site.clock.seconds)
    site.store.has_majority = True
    site.store.term += another_term
    for lease, (ttl_s, ends) in site.store.leases.items():
        site.store.leases[lease] = (ttl_s, ends + 2.0)
    site.run(10)
    assert site.removed_at is not None
    took_s = site.removed_at - last
    assert (took_s < 2.9) is another_term, took_s


def test_questions_are_asked_when_a_sign_of_life_is_due() -> None:
    assert until_next(0.0) == 0.5
    assert until_next(0.7) == pytest.approx(0.3)
    assert until_next(1.1) == 0.1
