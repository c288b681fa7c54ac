"""etcd in memory, as far as the monitors need it. `tests/site/test_etcd_store.py` holds it and the
real one to the same contract."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from standfast.core.errors import Unreachable
from standfast.mechanisms.monitor.gateway import Change, Value


@dataclass
class MemoryStore:
    """`monotonic` says when leases end. Without a majority nobody is answered."""

    monotonic: Callable[[], float]
    prefix: str = "/standfast-evidence/"
    has_majority: bool = True
    kept: dict[str, Value] = field(default_factory=dict)
    leases: dict[int, tuple[int, float]] = field(default_factory=dict)
    revision: int = 1
    leases_given: int = 100
    term: int = 1

    def read(self) -> Mapping[str, Value]:
        self._up_to_date()
        return {key: value for key, value in self.kept.items() if key.startswith(self.prefix)}

    def commit(self, change: Change) -> bool:
        self._up_to_date()
        if any(self._modified(each.key) != each.modified for each in change.unchanged):
            return False
        for put in change.puts:
            if put.lease and put.lease not in self.leases:
                raise Unreachable("etcd answered 404: etcdserver: requested lease not found")
        self.revision += 1
        for key in change.deletes:
            self.kept.pop(key, None)
        for put in change.puts:
            created = self.kept[put.key].created if put.key in self.kept else self.revision
            self.kept[put.key] = Value(
                data=put.data, created=created, modified=self.revision, lease=put.lease
            )
        return True

    def grant(self, ttl_s: int) -> int:
        self._up_to_date()
        self.leases_given += 1
        self.leases[self.leases_given] = (ttl_s, self.monotonic() + ttl_s)
        return self.leases_given

    def keep_alive(self, lease: int) -> bool:
        self._up_to_date()
        if lease not in self.leases:
            return False
        ttl_s, _ = self.leases[lease]
        self.leases[lease] = (ttl_s, self.monotonic() + ttl_s)
        return True

    def left_s(self, lease: int) -> int:
        self._up_to_date()
        _, ends = self.leases.get(lease, (0, self.monotonic() - 1))
        return math.floor(ends - self.monotonic())

    def revoke(self, lease: int) -> None:
        self._up_to_date()
        if lease not in self.leases:
            raise Unreachable("etcd answered 404: etcdserver: requested lease not found")
        self._end(lease)

    def _modified(self, key: str) -> int:
        return self.kept[key].modified if key in self.kept else 0

    def _up_to_date(self) -> None:
        if not self.has_majority:
            raise Unreachable("etcd answered 503: etcdserver: request timed out")
        for lease in [each for each, (_, end) in self.leases.items() if end <= self.monotonic()]:
            self._end(lease)

    def _end(self, lease: int) -> None:
        del self.leases[lease]
        hanging = [key for key, value in self.kept.items() if value.lease == lease]
        self.revision += bool(hanging)
        for key in hanging:
            del self.kept[key]
