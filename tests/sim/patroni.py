"""Patroni 4.1 on a database machine, as far as `patroni/ha.py` decides who leads and who is waited
for: one loop a second, in steps, before each of which it can be made to stop.

What makes no difference to that is left out: members' data, slots, callbacks, tags.
"""

from collections.abc import Callable
from functools import partial

from standfast.mechanisms.database.dynamic import LOOP_WAIT_S, TTL_S
from standfast.mechanisms.database.patroni_start import Signs

from .engine import Engine, Process, Steps
from .lock import Lock, NoEtcd
from .network import DATA, OTHER
from .postgres import Pair
from .voters import Voters

WATCHES_LONGER_S = 0.5
"""Who does not lead gives the leader's loop a start."""

API_PATIENCE_S = 2.0
NAMES_READ_S = 0.1
"""What PostgreSQL is given to read its configuration again."""

CATCH_UP_S = 2.0
HANDED_OVER_S = 2.0
"""What somebody is given to take the lead that was handed over."""

STEP_S = (0.001, 0.005)
STOP_S = 0.1
START_S = (0.3, 1.5)
REWIND_S = (1.0, 2.5)
PROMOTION_S = (0.1, 0.5)


class Patroni:
    """`stops_at` names a step before which it is to `stop`. `refused_until`: until then the agent's
    rules refuse what it asks of the other's REST API (`hosts/agent/severed.py`); where `rules_fail`
    they never do. `failsafe_until`: so long it believes a leader that has lost etcd, unless that
    shows itself there again: `asked_at` is when it was asked to."""

    def __init__(self, name: str, engine: Engine, voters: Voters, pair: Pair, prefix: str) -> None:
        self.name, self.other, self.prefix = name, OTHER[name], prefix
        self.engine, self.voters, self.pair = engine, voters, pair
        self.network, self.chance = voters.network, voters.chance
        self.server = pair.servers[name]
        self.peer = self
        self.slow_s = self.refused_until = self.failsafe_until = self.asked_at = 0.0
        self.signs = Signs()
        self.rules_fail = False
        self.stops_at = ""
        self.stop: Callable[[], None] = lambda: None
        self.start(LOOP_WAIT_S * self.chance.random())

    def start(self, after_s: float = 0.001) -> None:
        self.lock = Lock(self.voters, self.name, self.prefix)
        self.is_promoting = self.naps = self.is_woken = False
        self.process = Process(self.engine, self._life(after_s))

    @property
    def runs(self) -> bool:
        return not self.process.ended

    @property
    def responds(self) -> bool:
        """Whether its REST API does."""
        return self.runs and not self.process.held

    def hear(self) -> None:
        """Its watch tells of a new leader or none, or that the leader has written `/status`."""
        self.is_woken = True
        if self.naps:
            self.process.wake()

    def _step(self, name: str) -> float:
        """How long it takes to come to what follows."""
        if self.stops_at == name:
            self.stops_at = ""
            self.stop()
        least, most = STEP_S
        return least + (most - least + self.slow_s) * self.chance.random()

    def _life(self, after_s: float) -> Steps:
        yield after_s
        due = self.engine.now
        while True:
            self.is_woken = False
            try:
                yield from self._loop()
                if not self.lock.leads:
                    yield from self.lock.touch()
            except NoEtcd:
                yield from self._without_etcd()
            due += LOOP_WAIT_S
            left_s = due - self.engine.now
            if left_s <= 0:
                due = self.engine.now
                yield 0.001
                continue
            if not self.is_woken:
                self.naps = True
                yield left_s + WATCHES_LONGER_S * (self.lock.known.leader == self.other)
                self.naps = False
            if self.is_woken:
                due = self.engine.now

    def _loop(self) -> Steps:
        lock, server = self.lock, self.server
        yield from lock.read()
        self._forget_failsafe()
        yield self._step("read")
        if self.is_promoting:
            if lock.leads:
                yield from lock.renew()
        elif not server.runs:
            yield from self._recover()
        elif lock.leads:
            yield from self._lead()
        elif lock.known.leader or self.failsafe_until > self.engine.now:
            yield from self._follow()
        elif (yield from self._is_healthiest()):
            yield from self._race()
        else:
            yield from self._follow()

    def _forget_failsafe(self) -> None:
        """As `patroni_start.py` has it."""
        known = self.lock.known
        if known.leader == self.other and self.signs.are_enough(self.asked_at, known.status):
            self.failsafe_until = 0.0

    def _lead(self) -> Steps:
        yield self._step("renew")
        if not (yield from self.lock.renew()):
            yield from self._demote()
            return
        yield self._step("status")
        yield from self.lock.write_status(len(self.server.log))
        yield self._step("sync")
        yield from self._be_primary()

    def _race(self) -> Steps:
        yield self._step("acquire")
        if not (yield from self.lock.acquire()):
            yield from self._follow()
            return
        yield self._step("load")
        yield from self.lock.read()
        yield from self._be_primary()

    def _be_primary(self) -> Steps:
        """`Ha.enforce_primary_role`, which does not look again at who leads."""
        if self.server.is_primary:
            yield from self._reconcile()
            yield from self.lock.write_history(self.server.timeline)
        elif (yield from self._write_sync("")):
            self.is_promoting = True
            seconds = self.chance.uniform(*PROMOTION_S)
            self.engine.after(seconds, partial(self._promote, self.process))

    def _promote(self, process: Process) -> None:
        """Once begun it is not called off: who has lost the lead meanwhile is demoted after it."""
        if process.ended or not self.server.runs:
            return
        if process.held:
            self.engine.after(PROMOTION_S[0], partial(self._promote, process))
            return
        self.is_promoting = False
        self.failsafe_until = 0.0
        self.pair.promote(self.server)
        self.hear()

    def _reconcile(self) -> Steps:
        """`Ha._process_multisync_replication`: to add a name, first in PostgreSQL; to remove one,
        first in `/sync`."""
        pair, server = self.pair, self.server
        writer, member = self.lock.known.sync
        if writer != self.name:
            if not (yield from self._write_sync("")):
                return
            member = ""
        streams = pair.streams(self.name)
        is_ready = streams and server.waits and (bool(member) or pair.has_all(self.name))
        if streams == bool(member) == server.waits:
            return
        if member and not is_ready:
            if not (yield from self._write_sync("")):
                return
            member = ""
        yield self._step("names")
        pair.wait_for(server, streams)
        yield NAMES_READ_S
        if streams and not is_ready:
            yield CATCH_UP_S
            is_ready = pair.has_all(self.name)
        if is_ready and not member:
            yield from self._write_sync(self.other)

    def _write_sync(self, member: str) -> Steps:
        yield self._step("add" if member else "drop")
        return (yield from self.lock.write_sync(member))

    def _is_healthiest(self) -> Steps:
        """A primary looks at its timeline alone; a standby must be in `/sync`, and asks the other's
        REST API whether a primary is alive there."""
        if self.server.is_primary:
            return self.server.timeline >= self.lock.known.timeline
        if self.name not in self.lock.known.sync:
            return False
        if self.refused_until > self.engine.now or (self._is_open() and not self.peer.runs):
            return True
        if not (self._is_open() and self.peer.responds):
            yield API_PATIENCE_S
            return True
        yield STEP_S[1]
        return not (self.peer.server.runs and self.peer.server.is_primary)

    def _is_open(self) -> bool:
        return self.network.is_open_both_ways(self.name, self.other, DATA)

    def _follow(self) -> Steps:
        """Whoever leads, or nobody."""
        server, source = self.server, self.peer.server
        leads = self.lock.known.leader == self.other
        if server.is_primary:
            yield from self._demote()
            return
        if leads and source.accepts and not server.is_behind(source):
            self.pair.stop(server)
            yield self.chance.uniform(*REWIND_S)
            if source.accepts and self._is_open():
                self.pair.rewind(server)
            self.pair.start(server, follows=True)
        elif leads and not server.follows:
            server.follows = True
            self.pair.ask(server)
        yield STEP_S[0]

    def _demote(self) -> Steps:
        """PostgreSQL is stopped at once, and started again as a standby."""
        self.pair.stop(self.server)
        yield STOP_S + self.chance.uniform(*START_S)
        self.pair.start(self.server, follows=self.lock.known.leader == self.other)

    def _recover(self) -> Steps:
        """PostgreSQL does not run. Who leads hands the lead over where somebody can take it."""
        if self.lock.leads and (yield from self.lock.renew()):
            may = self.other in self.lock.known.sync and self.peer.server.runs
            if may and self._is_open() and self.peer.responds:
                yield from self.lock.release()
                yield HANDED_OVER_S
        yield self.chance.uniform(*START_S)
        self.pair.start(self.server, follows=self.lock.known.leader == self.other)

    def _without_etcd(self) -> Steps:
        is_primary = self.server.runs and self.server.is_primary
        if is_primary and not (yield from self._is_agreed_to()):
            yield from self._demote()

    def _is_agreed_to(self) -> Steps:
        """Failsafe mode: whether the other agrees that the leader goes on without etcd."""
        peer = self.peer
        if not (self._is_open() and peer.responds):
            yield STEP_S[0] if self._is_open() and not peer.runs else 2 * API_PATIENCE_S
            return False
        yield STEP_S[1]
        if peer.server.runs and peer.server.is_primary:
            return False
        peer.failsafe_until, peer.asked_at = self.engine.now + TTL_S, self.engine.now
        return True
