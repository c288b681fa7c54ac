"""The monitors: the real ones, with clocks of their own, on a network and an etcd made here.

What they ask takes as long as it does in `daemons/monitor.py`'s `Network` and in `EtcdStore`, and
ends after their patience; whatever else happens, happens meanwhile.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar

from standfast.core.errors import Unreachable
from standfast.daemons import monitor as daemon
from standfast.mechanisms.hosts.agent.severed import REFUSED_S
from standfast.mechanisms.hosts.agent.severed import TIMEOUT_S as SEVERED_TIMEOUT_S
from standfast.mechanisms.monitor.gateway import Change, Value
from standfast.mechanisms.monitor.store import CONNECT_TIMEOUT_S
from standfast.proofs.monitoring import exchange, knock
from standfast.proofs.monitoring.silence import Silence

from .engine import Actor, Engine, Steps
from .network import AGENT, DATA, KNOCK, MONITORS, TOLD, Network
from .patroni import Patroni
from .voters import NoAnswer, Voters

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
SKEW_S = 2.0
DRIFT = 1e-4
ANSWERS_S = 0.004
"""What a program takes to answer over mutual TLS."""

Alter = Callable[[Change], Change]
Answer = TypeVar("Answer")


class SkewedClock:
    """Up to two seconds off, and up to nine seconds a day faster or slower than true time."""

    def __init__(self, actor: Actor, chance: Random) -> None:
        self.actor = actor
        self._rate = 1 + chance.uniform(-DRIFT, DRIFT)
        self._wall_s = chance.uniform(-SKEW_S, SKEW_S)
        self._start_s = chance.uniform(0, 1e6)

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self._wall_s + self.actor.engine.now * self._rate)

    def monotonic(self) -> float:
        return self._start_s + self.actor.engine.now * self._rate

    def sleep(self, seconds: float) -> None:
        self.actor.wait(seconds / self._rate)


class Store:
    """Asks as `EtcdStore` does: one voter, until it does not answer. `alter` breaks a change, on
    purpose; `hesitates_s`: so long the machine stands still just before it asks for one."""

    def __init__(self, actor: Actor, voters: Voters, name: str, alter: Alter) -> None:
        self.actor, self.voters, self.name, self.alter = actor, voters, name, alter
        self.hesitates_s = 0.0
        self.term = 0
        self._is_connected = False
        own = MONITORS.index(name)
        self._addresses = (*MONITORS[own:], *MONITORS[:own])
        self._at = 0

    def read(self) -> Mapping[str, Value]:
        return self._ask(self.voters.kept.read)

    def commit(self, change: Change) -> bool:
        altered = self.alter(change)
        if self.hesitates_s:
            self.actor.wait(self.hesitates_s)
        return self._ask(lambda: self.voters.kept.commit(altered))

    def grant(self, ttl_s: int) -> int:
        return self._ask(lambda: self.voters.kept.grant(ttl_s))

    def keep_alive(self, lease: int) -> bool:
        return self._ask(lambda: self.voters.kept.keep_alive(lease))

    def left_s(self, lease: int) -> int:
        return self._ask(lambda: self.voters.kept.left_s(lease))

    def revoke(self, lease: int) -> None:
        self._ask(lambda: self.voters.kept.revoke(lease))

    def _ask(self, what: Callable[[], Answer]) -> Answer:
        voter = self._addresses[self._at]
        if not self._is_connected and not self.voters.is_open(self.name, voter):
            self.actor.wait(CONNECT_TIMEOUT_S)
            raise self._left(voter)
        self._is_connected = True
        answers: list[Answer] = self.actor.follow(self._question(voter, what))
        if not answers:
            raise self._left(voter)
        self.term = self.voters.term
        return answers[0]

    def _left(self, voter: str) -> Unreachable:
        self._at = (self._at + 1) % len(self._addresses)
        self._is_connected = False
        return Unreachable(f"etcd at {voter} does not answer")

    def _question(self, voter: str, what: Callable[[], object]) -> Steps:
        """Return the answer, or nothing."""
        patience_s = daemon.ETCD_TIMEOUT_S
        try:
            asked = self.voters.ask(self.name, voter, what, patience_s, is_done_late=True)
            return [(yield from asked)]
        except NoAnswer:
            return []


class World:
    """What `Network` of the daemon asks of other machines, and their programs answer."""

    def __init__(
        self,
        actor: Actor,
        network: Network,
        name: str,
        databases: Mapping[str, Patroni],
        watchers: "Mapping[str, Watcher]",
    ) -> None:
        self.actor, self.network, self.name = actor, network, name
        self.databases, self.watchers = databases, watchers
        self.knocks = 0

    def answers(self, machine: str) -> bool:
        """Both ports at once, for as long as the slower takes. Patroni's accepts while its process
        is there, even frozen; the agent's always."""
        self.knocks += 1
        has_patroni = self.databases[machine].runs
        tried = [self._tries(machine, listens) for listens in (has_patroni, True)]
        self.actor.wait(max(took_s for took_s, _ in tried))
        return any(accepted for _, accepted in tried)

    def _tries(self, machine: str, listens: bool) -> tuple[float, bool]:
        took_s = self.network.connects_s(self.name, machine, KNOCK)
        if took_s is None or took_s > knock.TIMEOUT_S:
            return knock.TIMEOUT_S, False
        return took_s, listens

    def told(self, machine: str) -> Mapping[str, float]:
        """Each says what is so when the question arrives there. Who has heard enough waits no more;
        who has not heard of all waits to the end."""
        began = self.actor.engine.now
        said: dict[str, float | None] = {}
        told: dict[str, float] = {}
        heard = 0
        for after_s, other, is_back in sorted(self._moments()):
            self.actor.wait(began + after_s - self.actor.engine.now)
            watcher = self.watchers[other]
            if not is_back:
                if not watcher.actor.held:
                    said[other] = watcher.monitor.silence.of(machine)
                continue
            heard += other in said
            if (silent := said.get(other)) is not None:
                told[other] = silent
                if len(told) >= len(MONITORS) // 2:
                    return told
        if heard < len(MONITORS) - 1:
            self.actor.wait(began + exchange.TIMEOUT_S - self.actor.engine.now)
        return told

    def _moments(self) -> Iterator[tuple[float, str, bool]]:
        """When a question reaches another monitor, and when its answer is back."""
        for other in MONITORS:
            there = self.network.message_s(self.name, other, TOLD) if other != self.name else None
            if there is None or there >= exchange.TIMEOUT_S:
                continue
            yield there, other, False
            back = self.network.message_s(other, self.name, TOLD)
            if back is not None and there + back + ANSWERS_S < exchange.TIMEOUT_S:
                yield there + back + ANSWERS_S, other, True

    def severed(self, leader: str, secondaries: Sequence[str]) -> str | None:
        for name in secondaries:
            if self._is_healthy(name) and self._is_severed(name, leader):
                return name
        return None

    def _is_healthy(self, name: str) -> bool:
        """`GET /health`: refused where its Patroni does not run, without an answer where it is
        frozen."""
        patroni = self.databases[name]
        way_s = self._there_and_back_s(name)
        if way_s is None or (patroni.runs and not patroni.responds):
            self.actor.wait(daemon.SECONDARY_TIMEOUT_S)
            return False
        self.actor.wait(way_s)
        return patroni.responds and patroni.server.runs

    def _is_severed(self, name: str, leader: str) -> bool:
        """The agent there tries both ports of the leader's machine, at once."""
        way_s = self._there_and_back_s(name)
        if way_s is None:
            self.actor.wait(daemon.SECONDARY_TIMEOUT_S)
            return False
        self.actor.wait(way_s / 2)
        asked, other = self.databases[name], self.databases[leader]
        accepted, longest_s = False, 0.0
        for listens in (other.runs, other.server.runs):
            took_s = self.network.connects_s(name, leader, DATA)
            if took_s is None or took_s > SEVERED_TIMEOUT_S:
                took_s, listens = SEVERED_TIMEOUT_S, False
            accepted, longest_s = accepted or listens, max(longest_s, took_s)
        self.actor.wait(longest_s)
        if not (accepted or asked.rules_fail):
            asked.refused_until = self.actor.engine.now + REFUSED_S
        self.actor.wait(way_s / 2)
        return not accepted

    def _there_and_back_s(self, name: str) -> float | None:
        there = self.network.message_s(self.name, name, AGENT)
        back = self.network.message_s(name, self.name, AGENT)
        if there is None or back is None or there + back > daemon.SECONDARY_TIMEOUT_S:
            return None
        return there + back + ANSWERS_S


class Told(daemon.Monitor):
    """Its words go into the story of the site."""

    tell: Callable[[str], None] = print

    def say(self, words: str) -> None:
        if words != self.said:
            self.tell(words)
        self.said = words


class Watcher:
    """A monitor's machine, from now on."""

    def __init__(
        self,
        name: str,
        engine: Engine,
        voters: Voters,
        databases: Mapping[str, Patroni],
        watchers: "Mapping[str, Watcher]",
        *,
        alter: Alter,
        tell: Callable[[str], None],
    ) -> None:
        self.actor = engine.actor()
        self.store = Store(self.actor, voters, name, alter)
        self.world = World(self.actor, voters.network, name, databases, watchers)
        clock = SkewedClock(self.actor, voters.chance)
        self.monitor = Told(
            machine=name,
            monitors=len(MONITORS),
            site="shop",
            clock=clock,
            store=self.store,
            world=self.world,
            silence=Silence(clock=clock),
        )
        self.monitor.tell = tell
        self.actor.begin(lambda: daemon.run(self.monitor))
