"""The monitor: watches over the primary, and takes its claim away when its machine is gone.

One loop: observe, decide (mechanisms/database/removal.py), apply. While the primary shows itself in
etcd, nothing else is asked; when it has not for a second, its machine is, and what came of it is
told to the other monitors when they ask.
"""

import http.client
import json
import os
import ssl
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any, Protocol

from standfast.core.clock import Clock, SystemClock
from standfast.core.errors import StandfastError
from standfast.mechanisms.database import claim as patroni
from standfast.mechanisms.database.removal import (
    ASK_S,
    QUIET_S,
    SUSPECT_S,
    Claim,
    Hold,
    Remove,
    Seen,
    barred,
    decide,
    is_majority,
    silent_to,
)
from standfast.mechanisms.hosts.agent.client import ask_directly
from standfast.mechanisms.hosts.agent.protocol import format_request
from standfast.mechanisms.hosts.names import PATRONI_PORT
from standfast.mechanisms.hosts.serving import Server
from standfast.mechanisms.hosts.tls import Identity, client_context, peer, server_context
from standfast.mechanisms.monitor.gateway import Change, Put, Unchanged
from standfast.mechanisms.monitor.store import EtcdStore, Store
from standfast.proofs.monitoring import exchange, knock
from standfast.proofs.monitoring.silence import Silence

SETTINGS = Path("/etc/standfast/monitor.json")
LOOP_S = 1.0
"""How often a healthy primary shows itself: Patroni's loop_wait (database/dynamic.py)."""

CALM_PACE_S = 0.5
QUICK_PACE_S = 0.1
BACK_OFF_S = 0.2
"""From one question that etcd does not answer to the next: another voter may."""

ETCD_TIMEOUT_S = 1.0
FRESH_S = 1.0
"""What others have said counts for so long."""

SECONDARY_TIMEOUT_S = 1.0
"""For an answer that itself waits for the dead machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What others said of the leader's machine, and when they were asked, by this clock."""

    at: float
    silent: Mapping[str, float]
    severed: str | None


NOTHING = Heard(at=float("-inf"), silent={}, severed=None)


@dataclass(slots=True, kw_only=True)
class Age:
    """Since when something has been what it is, as this monitor saw it."""

    clock: Clock
    value: object = None
    since: float = 0.0

    def of(self, value: object, *, already_s: float = 0.0) -> float:
        """Seconds for which it has been `value`; `already_s` when it is seen for the first time."""
        now = self.clock.monotonic()
        if value != self.value:
            self.since = now - (already_s if self.value is None else 0.0)
            self.value = value
        return now - self.since


@dataclass(slots=True, kw_only=True)
class RunsDown:
    """Whether a lease goes unrenewed. What is left is told in whole seconds, so it takes one to
    see. A new leader of etcd extends every lease, which is no renewal: in its term the lease runs
    down until it is seen renewed."""

    clock: Clock
    lease: int = 0
    term: int = 0
    left_s: int = 0
    at: float = 0.0
    is_fresh: bool = True

    def seen(self, lease: int, left_s: int, *, asked_at: float, term: int, shown_in: int) -> bool:
        """`asked_at`: before etcd was asked, so that no more has passed there than is reckoned.
        `shown_in`: the term of etcd's in which its owner last showed itself."""
        passed = asked_at - self.at
        is_first = (lease, term) != (self.lease, self.term)
        if is_first or left_s > self.left_s - int(passed):
            self.lease, self.term = lease, term
            self.left_s, self.at = left_s, self.clock.monotonic()
            self.is_fresh = not is_first or term == shown_in
            return not self.is_fresh
        return passed >= 1.0 or not self.is_fresh


class World(Protocol):
    """What a monitor asks beside etcd."""

    def answers(self, machine: str) -> bool:
        """Whether a database machine accepts a connection."""

    def told(self, machine: str) -> Mapping[str, float]:
        """The other monitors that say that it is silent, and for how many seconds."""

    def severed(self, leader: str, secondaries: Sequence[str]) -> str | None:
        """The first of them that is healthy, and cannot reach the leader either."""


@dataclass(slots=True, kw_only=True)
class Monitor:
    """`silence` is read by those who answer the other monitors."""

    machine: str
    monitors: int
    site: str
    clock: Clock
    store: Store
    world: World
    silence: Silence
    status: Age = field(init=False)
    removal: Age = field(init=False)
    lease: RunsDown = field(init=False)
    heard: Heard = NOTHING
    leader: str = ""
    shown_in: int = 0
    said: str = ""

    def __post_init__(self) -> None:
        self.status = Age(clock=self.clock)
        self.removal = Age(clock=self.clock)
        self.lease = RunsDown(clock=self.clock)

    def turn(self) -> float:
        """Return how long to pause."""
        claim = self._claim()
        if claim is None:
            self._is_well()
            return CALM_PACE_S
        quiet_s = self.status.of((claim.leader, claim.leader_revision, claim.status_revision))
        if not quiet_s:
            self.shown_in = self.store.term
        self.leader = claim.leader
        since_removal_s = self._since_removal(claim)
        if quiet_s < SUSPECT_S:
            self._is_well()
            return until_next(quiet_s)
        asked_at = self.clock.monotonic()
        left_s = self.store.left_s(claim.lease)
        runs_down = self.lease.seen(
            claim.lease,
            left_s,
            asked_at=asked_at,
            term=self.store.term,
            shown_in=self.shown_in,
        )
        own = self._own(claim.leader)
        if not own or self.clock.monotonic() - self.heard.at >= FRESH_S:
            self.heard = NOTHING
        if own and quiet_s >= ASK_S and not self.heard.severed:
            self._listen(claim, own, since_removal_s)
        seen = Seen(
            claim=claim,
            quiet_s=quiet_s,
            runs_down=runs_down,
            silent={**self.heard.silent, **own},
            monitors=self.monitors,
            since_removal_s=since_removal_s,
            severed=self.heard.severed,
        )
        match decide(seen):
            case Remove() as removal:
                self._remove(removal)
            case Hold(why=why) if own and quiet_s >= QUIET_S:
                self.say(f"holds: {why}")
        if quiet_s < ASK_S or quiet_s > QUIET_S:
            self._knock(claim.leader)
        return QUICK_PACE_S

    def blind(self) -> None:
        """etcd does not answer, perhaps because its leader died with the primary: what can be known
        without it is ready when it answers again."""
        if self.leader and self.clock.monotonic() - self.status.since >= SUSPECT_S:
            self._knock(self.leader)

    def say(self, words: str) -> None:
        """Once, while it is the same."""
        if words != self.said:
            print(words, file=sys.stderr, flush=True)
        self.said = words

    def _claim(self) -> Claim | None:
        before = patroni.prefix(self.site)
        kept = {key.removeprefix(before): value for key, value in self.store.read().items()}
        return patroni.parse(kept)

    def _is_well(self) -> None:
        self.silence.forget()
        self.heard = NOTHING

    def _knock(self, machine: str) -> None:
        began = self.clock.monotonic()
        self.silence.note(machine, answered=self.world.answers(machine), began=began)

    def _own(self, machine: str) -> dict[str, float]:
        silent = self.silence.of(machine)
        return {} if silent is None else {self.machine: silent}

    def _since_removal(self, claim: Claim) -> float:
        if not claim.removal_revision:
            return float("inf")
        ago = (self.clock.now() - claim.removed_at).total_seconds() if claim.removed_at else 0.0
        return self.removal.of(claim.removal_revision, already_s=max(0.0, ago))

    def _listen(self, claim: Claim, own: Mapping[str, float], since_removal_s: float) -> None:
        """Ask the other monitors, and then the secondary, if a removal is possible at all."""
        now, leader = self.clock.monotonic(), claim.leader
        if barred(claim, since_removal_s):
            return
        silent = {**self.world.told(leader), **own}
        severed = None
        if is_majority(silent_to(silent), self.monitors):
            severed = self.world.severed(leader, claim.secondaries)
        # What forbids it is asked again in the next turn; what allows it holds for a second.
        at = now if severed else float("-inf")
        self.heard = Heard(at=at, silent=silent, severed=severed)

    def _remove(self, removal: Remove) -> None:
        claim = removal.claim
        before = patroni.prefix(self.site)
        why = {
            "who": self.machine,
            "at": self.clock.now().isoformat(),
            "from": claim.leader,
            "successor": removal.successor,
            "why": removal.seen,
        }
        change = Change(
            unchanged=tuple(
                Unchanged(key=f"{before}{key}", modified=revision)
                for key, revision in (
                    (patroni.LEADER, claim.leader_revision),
                    (patroni.SYNC, claim.sync_revision),
                    (patroni.STATUS, claim.status_revision),
                    (patroni.REMOVAL, claim.removal_revision),
                )
            ),
            deletes=(f"{before}{patroni.LEADER}",),
            puts=(
                Put(key=f"{before}{patroni.SYNC}", data=claim.sync),
                Put(key=f"{before}{patroni.REMOVAL}", data=json.dumps(why).encode()),
            ),
        )
        if self.store.commit(change):
            self.say(f"removed the claim of {claim.leader}: {removal.seen}")
        else:
            self.say(f"did not remove the claim of {claim.leader}: something had changed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The site's machines, as monitor.json names them, over mutual TLS."""

    settings: Mapping[str, Any]
    context: ssl.SSLContext
    say: Callable[[str], None]

    def answers(self, machine: str) -> bool:
        address = self._databases.get(machine)
        ports = self.settings["ports"]["database"]
        return address is None or knock.answers(address, ports)

    def told(self, machine: str) -> Mapping[str, float]:
        others = {
            name: address
            for name, address in self.settings["monitors"].items()
            if name != self.settings["machine"]
        }
        port = self.settings["ports"]["monitor"]
        beside_me = len(self.settings["monitors"]) // 2  # so many make a majority with this one
        return exchange.ask(others, machine, port=port, context=self.context, enough=beside_me)

    def severed(self, leader: str, secondaries: Sequence[str]) -> str | None:
        line = format_request("severed", {"machine": leader})
        port = self.settings["ports"]["agent"]
        for name in secondaries:
            address = self._databases.get(name)
            if address is None or not self._is_healthy(address):
                continue
            try:
                said = ask_directly(
                    (address, port), name, line, self.context, patience_s=SECONDARY_TIMEOUT_S
                )
            except StandfastError as error:
                self.say(f"holds: {error.problem}")
                continue
            if said.get("severed") is True:
                return name
        return None

    def _is_healthy(self, address: str) -> bool:
        """By its own Patroni (`GET /health`: PostgreSQL runs)."""
        asked = http.client.HTTPSConnection(
            address, PATRONI_PORT, timeout=SECONDARY_TIMEOUT_S, context=self.context
        )
        try:
            asked.request("GET", "/health")
            return asked.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            asked.close()

    @property
    def _databases(self) -> Mapping[str, str]:
        databases: Mapping[str, str] = self.settings["databases"]
        return databases


def until_next(quiet_s: float) -> float:
    """So that the next sign of life is seen as soon as it is there, at two questions a second."""
    soon = LOOP_S - quiet_s
    return min(CALM_PACE_S, max(QUICK_PACE_S, soon))


def run(monitor: Monitor) -> None:
    while True:
        began = monitor.clock.monotonic()
        try:
            pause = monitor.turn()
        except StandfastError as error:
            monitor.say(error.problem)
            monitor.blind()
            pause = max(0.0, began + BACK_OFF_S - monitor.clock.monotonic())
        monitor.clock.sleep(pause)


def serve(server: Server) -> None:
    """Without it the other monitors know less than they could: start anew."""
    try:
        server.serve_forever()
    finally:
        os._exit(1)


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def assembled(settings: Mapping[str, Any], identity: Identity, clock: Clock) -> Monitor:
    context = client_context(identity)
    others = dict(settings["monitors"])
    own = others.pop(settings["machine"])
    voters = [f"{address}:{settings['ports']['etcd']}" for address in (own, *others.values())]
    prefix = patroni.prefix(settings["site"])
    return Monitor(
        machine=settings["machine"],
        monitors=len(settings["monitors"]),
        site=settings["site"],
        clock=clock,
        store=EtcdStore(voters, context, prefix=prefix, timeout_s=ETCD_TIMEOUT_S),
        world=Network(settings=settings, context=context, say=say),
        silence=Silence(clock=clock),
    )


def main() -> None:
    settings = json.loads(SETTINGS.read_text())
    identity = Identity.in_folder(Path(os.environ["CREDENTIALS_DIRECTORY"]))
    monitor = assembled(settings, identity, SystemClock())
    handler = partial(
        exchange.Handler,
        peer=peer,
        may_ask=frozenset(settings["monitors"]) - {settings["machine"]},
        silent=monitor.silence.of,
    )
    address = (settings["address"], settings["ports"]["monitor"])
    server = Server(
        address, handler, tls=server_context(identity), patience_s=exchange.REQUEST_TIMEOUT_S
    )
    Thread(target=serve, args=(server,), daemon=True).start()
    run(monitor)


if __name__ == "__main__":
    main()
