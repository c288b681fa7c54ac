"""What Patroni asks of etcd (`patroni/dcs/etcd3.py`): its copy, its lease, the lead, and the keys.

A question that got no answer is asked of the next voter, and may so be done twice. Comparisons are
with what the present loop has read.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from standfast.mechanisms.database import claim as keys
from standfast.mechanisms.database.dynamic import RETRY_TIMEOUT_S, TTL_S
from standfast.mechanisms.monitor.gateway import Change, Put, Unchanged, Value

from .engine import Steps
from .network import MONITORS
from .voters import NoAnswer, Voters
from .watch import HISTORY, NOTHING, Copy, NoVoter

PATIENCE_S = RETRY_TIMEOUT_S / len(MONITORS)


class NoEtcd(Exception):
    """Patroni's `DCSError`."""


class Lock:
    """`known`: what the present loop has read."""

    def __init__(self, voters: Voters, owner: str, prefix: str) -> None:
        self.voters, self.owner, self.prefix = voters, owner, prefix
        self.copy = Copy(voters, owner, prefix)
        self.known = NOTHING
        self._lease = 0
        self._status = -1

    def begin(self, lease: int) -> None:
        """It has led for a while."""
        self._lease = lease

    @property
    def leads(self) -> bool:
        return self.known.leader == self.owner

    def read(self) -> Steps:
        try:
            self.known = self.copy.read()
        except NoVoter:
            yield RETRY_TIMEOUT_S
            raise NoEtcd from None
        yield 0.001

    def renew(self) -> Steps:
        """With its lease alive it believes its copy; with a new one it looks at the key. Return
        whether it still leads."""
        yield from self._keep_lease()
        if self.known.lease == self._lease:
            return True
        return (yield from self._claim(("", self.owner)))

    def acquire(self) -> Steps:
        """Return whether it leads now."""
        yield from self._keep_lease()
        return (yield from self._claim(("",)))

    def touch(self) -> Steps:
        """At the end of a loop: its own key as a member, of which the lease alone matters here. So
        it notices that a voter does not answer."""
        with suppress(NoEtcd):
            yield from self._keep_lease()

    def release(self) -> Steps:
        def delete() -> None:
            if self._leader() == self.owner:
                self.voters.kept.commit(Change(deletes=(self._key(keys.LEADER),)))

        yield from self._ask(delete)
        self.copy.has_released()

    def write_status(self, length: int) -> Steps:
        """Only where something was written, and asked of one voter alone."""
        if length == self._status:
            return
        data = str(length).encode()
        with suppress(NoEtcd):
            yield from self._ask(lambda: self._put(keys.STATUS, data), tries=1)
            self._status = length

    def write_history(self, timeline: int) -> Steps:
        if self.known.timeline < timeline:
            data = str(timeline).encode()
            yield from self._ask(lambda: self._put(HISTORY, data))

    def write_sync(self, member: str) -> Steps:
        """Return whether it was written."""
        data = json.dumps({"leader": self.owner, "sync_standby": member or None}).encode()
        read = self.known.sync_revision
        try:
            value = yield from self._ask(lambda: self._put(keys.SYNC, data, modified=read))
        except NoEtcd:
            return False
        if value is None:
            self.copy.ready = False
            return False
        self.copy.has_written(keys.SYNC, value)
        self.known = replace(self.known, sync=(self.owner, member), sync_revision=value.modified)
        return True

    def _keep_lease(self) -> Steps:
        kept = self.voters.kept
        if not self._lease or not (yield from self._ask(lambda: kept.keep_alive(self._lease))):
            self._lease = yield from self._ask(lambda: kept.grant(TTL_S))

    def _claim(self, may_be: tuple[str, ...]) -> Steps:
        """Where one of these leads, "" for nobody."""

        def put() -> Value | None:
            if self._leader() not in may_be or self._lease not in self.voters.kept.leases:
                return None
            return self._put(keys.LEADER, self.owner.encode(), lease=self._lease)

        value = yield from self._ask(put)
        if value is not None:
            self.copy.has_written(keys.LEADER, value)
        return value is not None

    def _leader(self) -> str:
        kept = self.voters.kept.read().get(self._key(keys.LEADER))
        return kept.data.decode() if kept else ""

    def _put(
        self, name: str, data: bytes, *, lease: int = 0, modified: int | None = None
    ) -> Value | None:
        """None where it was not at that revision."""
        kept, key = self.voters.kept, self._key(name)
        unchanged = () if modified is None else (Unchanged(key=key, modified=modified),)
        put = Put(key=key, data=data, lease=lease)
        made = kept.commit(Change(unchanged=unchanged, puts=(put,)))
        return kept.kept[key] if made else None

    def _key(self, name: str) -> str:
        return f"{self.prefix}{name}"

    def _ask(self, what: Callable[[], object], tries: int = len(MONITORS)) -> Steps:
        for _ in range(tries):
            try:
                voter = self.copy.voter
                return (yield from self.voters.ask(self.owner, voter, what, PATIENCE_S))
            except NoAnswer:
                self.copy.leave_voter()
        raise NoEtcd
