"""Patroni's own copy of what etcd keeps, fed by a watch (`patroni/dcs/etcd3.py`, `KVCache`).

It is behind by as long as events are on their way, takes them one by one, and holds what its owner
has written as soon as that was answered. After a question without an answer it is put together
anew, from a voter that can be reached.
"""

import json
from dataclasses import dataclass
from functools import lru_cache

from standfast.mechanisms.database import claim as keys
from standfast.mechanisms.monitor.gateway import Value

from .network import ETCD, MONITORS
from .voters import Voters

HISTORY = "history"
LAG_S = 0.002
LONG_LAG_S = 1.0
RARELY = 0.03
"""How often events take up to `LONG_LAG_S`; and how often a reader sees no more than the first of
several, though they are parts of one change."""


class NoVoter(Exception):
    """None was reached."""


@dataclass(frozen=True, slots=True)
class Known:
    """`lease`: the leader's. `sync`: who wrote it, and who may be promoted beside him ("" for
    nobody). `status`: how far the leader said it had written. `timeline`: the last one that
    `/history` tells of."""

    leader: str
    lease: int
    sync: tuple[str, str]
    sync_revision: int
    status: bytes
    timeline: int


NOTHING = Known("", 0, ("", ""), 0, b"", 1)


class Copy:
    """`ready`: it need not be put together anew. `voter`: whom its owner asks."""

    def __init__(self, voters: Voters, owner: str, prefix: str) -> None:
        self.voters, self.owner, self.prefix = voters, owner, prefix
        self.voter = voters.chance.choice(MONITORS)
        self.ready = False
        self._kept: dict[str, Value] = {}
        self._next = 0

    def leave_voter(self) -> None:
        self.ready = False
        self.voter = MONITORS[(MONITORS.index(self.voter) + 1) % len(MONITORS)]

    def read(self) -> Known:
        if not self.ready:
            self._rebuild()
        self._hear()
        kept = self._kept
        leader, sync, history = kept.get(keys.LEADER), kept[keys.SYNC], kept.get(HISTORY)
        status = kept.get(keys.STATUS)
        return Known(
            leader=leader.data.decode() if leader else "",
            lease=leader.lease if leader else 0,
            sync=parsed(sync.data),
            sync_revision=sync.modified,
            status=status.data if status else b"",
            timeline=int(history.data) if history else 1,
        )

    def has_written(self, key: str, value: Value) -> None:
        """Its owner was told so."""
        mine = self._kept.get(key)
        if mine is None or mine.modified < value.modified:
            self._kept[key] = value

    def has_released(self) -> None:
        mine = self._kept.get(keys.LEADER)
        if mine is not None and mine.data.decode() == self.owner:
            del self._kept[keys.LEADER]

    def _rebuild(self) -> None:
        """As a voter has it; one that is cut off from the others has nothing newer."""
        if not any(self.voters.is_open(self.owner, each) for each in MONITORS):
            raise NoVoter
        self.ready = True
        if not self._kept or self.voters.is_reached(self.owner):
            kept = self.voters.kept
            self._kept = {key.removeprefix(self.prefix): each for key, each in kept.kept.items()}
            self._next = len(kept.changes)

    def _hear(self) -> None:
        changes, voters = self.voters.kept.changes, self.voters
        if self._next == len(changes) or not self._is_watching():
            return
        chance = voters.chance.random
        lag_s = LAG_S * chance()
        if chance() < RARELY:
            lag_s += LONG_LAG_S * chance()
        until = voters.engine.now - lag_s
        while self._next < len(changes) and changes[self._next].at <= until:
            self._apply(*changes[self._next][1:])
            self._next += 1
            if chance() < RARELY:
                return

    def _apply(self, key: str, value: Value | None, revision: int) -> None:
        mine = self._kept.get(key)
        if mine is not None and mine.modified >= revision:
            return
        if value is None:
            self._kept.pop(key, None)
        else:
            self._kept[key] = value

    def _is_watching(self) -> bool:
        voters = self.voters
        return voters.answers(self.voter) and voters.network.is_open(self.voter, self.owner, ETCD)


@lru_cache(maxsize=64)
def parsed(sync: bytes) -> tuple[str, str]:
    said = json.loads(sync)
    return said["leader"], said["sync_standby"] or ""
