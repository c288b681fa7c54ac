"""etcd on three monitors: who may answer, what is kept, what a watch tells, and when leases end.

What is kept is the store of the unit tests, which a site test holds to the real one's contract.
Around it: a leader that needs a majority, an election when it is lost, after which every lease
begins anew, and the changes in order, for those who watch.
"""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from tests.unit.monitor.memory_store import MemoryStore

from standfast.mechanisms.monitor.gateway import Change, Value

from .engine import Engine, Steps
from .network import ETCD, MONITORS, PEERS, Network

ELECTION_S = (1.0, 2.0)
"""etcd draws the time to an election between its timeout and twice that."""

APPLY_S = 0.003
RETRY_S = 0.1


class NoAnswer(Exception):
    """It may have been done."""


class Changed(NamedTuple):
    """`value` is None where the key is gone."""

    at: float
    key: str
    value: Value | None
    revision: int


class Kept(MemoryStore):
    """Tells of each change, key by key and in its order."""

    def __init__(self, monotonic: Callable[[], float], prefix: str) -> None:
        super().__init__(monotonic, prefix)
        self.changes: list[Changed] = []
        self.told: Callable[[str], None] = lambda key: None
        self.renewed: Callable[[int], None] = lambda lease: None

    def commit(self, change: Change) -> bool:
        if not super().commit(change):
            return False
        for key in change.deletes:
            self._tell(key, None)
        for put in change.puts:
            self._tell(put.key, self.kept[put.key])
        return True

    def keep_alive(self, lease: int) -> bool:
        self.renewed(lease)
        return super().keep_alive(lease)

    def _end(self, lease: int) -> None:
        hanging = [key for key, value in self.kept.items() if value.lease == lease]
        super()._end(lease)
        for key in hanging:
            self._tell(key, None)

    def _tell(self, key: str, value: Value | None) -> None:
        name = key.removeprefix(self.prefix)
        self.changes.append(Changed(self.monotonic(), name, value, self.revision))
        self.told(name)


class Voters:
    def __init__(self, engine: Engine, network: Network, chance: Random, prefix: str) -> None:
        self.engine = engine
        self.network = network
        self.chance = chance
        self.kept = Kept(lambda: engine.now, prefix)
        self.stopped: set[str] = set()
        self.leader: str | None = chance.choice(MONITORS)
        self.elections = 0
        self.term = 1
        self.elected: Callable[[], None] = lambda: None

    def review(self) -> None:
        """After anything has changed: a leader without a majority is none."""
        if self.leader is not None and self._leads(self.leader):
            return
        self.leader = None
        self.elections += 1
        number = self.elections
        self.engine.after(self.chance.uniform(*ELECTION_S), lambda: self._elect(number))

    def _elect(self, number: int) -> None:
        if self.leader is not None or number != self.elections:
            return
        able = [each for each in MONITORS if self._leads(each)]
        if not able:
            self.review()
            return
        self.leader = self.chance.choice(able)
        self.term += 1
        now, leases = self.engine.now, self.kept.leases
        for lease, (ttl_s, ends) in leases.items():
            leases[lease] = (ttl_s, max(ends, now + ttl_s))
        self.elected()

    def _leads(self, voter: str) -> bool:
        return 2 * sum(self._agree(voter, each) for each in MONITORS) > len(MONITORS)

    def _agree(self, voter: str, other: str) -> bool:
        if {voter, other} & (self.stopped | self.network.silent):
            return False
        return voter == other or self.network.is_open_both_ways(voter, other, PEERS)

    def answers(self, voter: str) -> bool:
        """Whether it can say what a majority has."""
        return self.leader is not None and self._agree(voter, self.leader)

    def is_reached(self, client: str) -> bool:
        """Whether a client has a voter that answers, with open ways."""
        return any(self.answers(voter) and self.is_open(client, voter) for voter in MONITORS)

    def is_open(self, client: str, voter: str) -> bool:
        return client == voter or self.network.is_open_both_ways(client, voter, ETCD)

    def ask(
        self,
        client: str,
        voter: str,
        what: Callable[[], object],
        patience_s: float,
        *,
        is_done_late: bool = False,
    ) -> Steps:
        """One question to one voter, and its answer; `NoAnswer` after the patience of the client.
        What is asked is done on arrival, though its answer may be lost or too late; and also when
        it arrives after the client has gone, where `is_done_late`."""
        until = self.engine.now + patience_s
        there = self._way(client, voter)
        if there is None or there >= patience_s:
            if there is not None and is_done_late:
                self.engine.after(there, lambda: self.answers(voter) and what())
            yield patience_s
            raise NoAnswer
        yield there + APPLY_S
        while not self.answers(voter):
            left = until - self.engine.now
            if left <= RETRY_S:
                yield max(left, 0.001)
                raise NoAnswer
            yield RETRY_S
        answer = what()
        back = self._way(voter, client)
        left = until - self.engine.now
        if back is None or back > left:
            yield max(left, 0.001)
            raise NoAnswer
        yield back
        return answer

    def _way(self, source: str, target: str) -> float | None:
        if source != target:
            return self.network.message_s(source, target, ETCD)
        return None if source in self.network.silent else 0.0003
