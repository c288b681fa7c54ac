"""A site that has been well for a while: three monitors, two databases, and somebody who writes to
every server that takes writes, not only to the one that a listener would find."""

import json
from random import Random

from standfast.mechanisms.database import claim as keys
from standfast.mechanisms.database.dynamic import TTL_S
from standfast.mechanisms.monitor.gateway import Change, Put

from .engine import Engine, Process, Steps
from .machines import Machines
from .network import DATABASES, MONITORS, OTHER, Network
from .patroni import Patroni
from .postgres import Pair, Server, Write
from .verdict import Verdict
from .voters import Voters
from .watchers import Alter, Watcher

PRIMARY, SECONDARY = DATABASES
PREFIX = keys.prefix("shop")
WRITES_APART_S = (0.06, 0.2)
WAKES_S = (0.001, 0.004)


def unaltered(change: Change) -> Change:
    return change


class Site:
    """`told`: what happened, where somebody wants to read it. `alter` breaks the removal."""

    def __init__(self, seed: int, *, alter: Alter = unaltered, tells: bool = False) -> None:
        self.alter = alter
        self.told: list[str] | None = [] if tells else None
        self.chance = Random(seed)
        self.engine = Engine()
        self.network = Network(self.chance)
        self.voters = Voters(self.engine, self.network, self.chance, PREFIX)
        self.pair = Pair(self.engine, self.network)
        self.verdict = Verdict(self.engine)
        self.databases = {
            name: Patroni(name, self.engine, self.voters, self.pair, PREFIX) for name in DATABASES
        }
        for name, patroni in self.databases.items():
            patroni.peer = self.databases[OTHER[name]]
        self._be_well()
        self.watchers: dict[str, Watcher] = {}
        self.watchers.update((name, self._watcher(name)) for name in MONITORS)
        self.machines = Machines(
            *(self.engine, self.network, self.voters, self.pair),
            *(self.databases, self.watchers, self._watcher, self.verdict),
        )
        self._listen()
        self.writes = 0
        self.write_apart_s = WRITES_APART_S
        self.writer = Process(self.engine, self._write())

    def tell(self, who: str, words: str) -> None:
        if self.told is not None:
            self.told.append(f"{self.engine.now:8.3f}  {who:10}  {words}")

    def leader(self) -> str:
        kept = self.voters.kept.kept.get(f"{PREFIX}{keys.LEADER}")
        return kept.data.decode() if kept else ""

    def end(self) -> None:
        """Whoever leads and takes writes has all that was acknowledged."""
        for name, server in self.pair.servers.items():
            if name == self.leader() and server.accepts:
                self.verdict.look_at(server)

    def _be_well(self) -> None:
        kept = self.voters.kept
        lease = kept.grant(TTL_S)
        sync = json.dumps({"leader": PRIMARY, "sync_standby": SECONDARY}).encode()
        config = json.dumps({"synchronous_mode": True}).encode()
        for name, data, on in (
            (keys.LEADER, PRIMARY.encode(), lease),
            (keys.SYNC, sync, 0),
            (keys.CONFIG, config, 0),
            (keys.STATUS, b"0", 0),
        ):
            kept.commit(Change(puts=(Put(key=f"{PREFIX}{name}", data=data, lease=on),)))
        self.pair.begin(PRIMARY)
        self.databases[PRIMARY].lock.begin(lease)

    def _watcher(self, name: str) -> Watcher:
        return Watcher(
            *(name, self.engine, self.voters, self.databases, self.watchers),
            alter=self.alter,
            tell=lambda words: self.tell(name, words),
        )

    def _listen(self) -> None:
        self.verdict.conditions = self.machines.conditions()
        self.pair.acknowledged = self.verdict.sees_acknowledged
        self.pair.promoted = self._promoted
        self.pair.changed = self.voters.elected = self.machines.review
        self.voters.kept.told = self._changed
        self.voters.kept.renewed = self._renewed
        self.machines.review()

    def _promoted(self, server: Server) -> None:
        self.tell(server.name, f"is promoted, timeline {server.timeline}")
        self.verdict.sees_promoted(server)

    def _renewed(self, lease: int) -> None:
        kept = self.voters.kept.kept.get(f"{PREFIX}{keys.LEADER}")
        if kept and kept.lease == lease:
            self.verdict.sees_renewed()

    def _changed(self, key: str) -> None:
        if key == keys.REMOVAL:
            removed = json.loads(self.voters.kept.kept[f"{PREFIX}{key}"].data)["from"]
            self.tell("etcd", f"the claim of {removed} is removed")
            hesitate = any(watcher.store.hesitates_s for watcher in self.watchers.values())
            is_prompt = self.voters.is_reached(removed) and not hesitate
            self.verdict.sees_removed(removed, is_prompt=is_prompt)
        elif key == keys.LEADER:
            self.tell("etcd", f"{self.leader() or 'nobody'} leads")
            self._sign_of_life(DATABASES)
        elif key == keys.STATUS:
            self._sign_of_life([name for name in DATABASES if name != self.leader()])

    def _sign_of_life(self, watching: list[str] | tuple[str, ...]) -> None:
        """Patroni's watch wakes it, where it has one."""
        if self.leader():
            self.verdict.shown_at = self.engine.now
        for name in watching:
            patroni = self.databases[name]
            if patroni.runs and self.voters.is_open(name, patroni.lock.copy.voter):
                self.engine.after(self.chance.uniform(*WAKES_S), patroni.hear)

    def _write(self) -> Steps:
        while True:
            for server in self.pair.servers.values():
                if server.accepts:
                    self.writes += 1
                    self.pair.write(server, Write(self.writes, self.engine.now))
            yield self.chance.uniform(*self.write_apart_s)
