"""The observer: a second thread of the keeper that writes the log. It looks at both copies of the
database every other second, and has it logged when only one is left, and when two are there again.

Loop: observe (a canary at both ends), decide (`proofs/monitoring/copies.py`), apply (a proof,
signed by this monitor's own key, into this keeper's spool). What the log says is read from the log,
so a keeper that takes over goes on where the other one was. That a copy is missing is said at once;
which machine is left is sealed, and revealed by the monitor that has sealed it once it is over
(ADR 16).
"""

import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from ssl import SSLContext
from typing import Any, Protocol
from uuid import UUID

from standfast.core.clock import Clock
from standfast.core.errors import CannotVerify, StandfastError
from standfast.evidence.dossier import Dossier, dossiers
from standfast.evidence.envelope import leaf
from standfast.evidence.merkle import leaf_hash
from standfast.evidence.read import Record
from standfast.evidence.sealed import revealing, seal
from standfast.evidence.signing import Signer
from standfast.evidence.slots import Announced
from standfast.evidence.statement import Proof, TextNotice
from standfast.mechanisms.hosts import kernel
from standfast.mechanisms.hosts.agent.client import ask_directly
from standfast.mechanisms.hosts.agent.protocol import format_request
from standfast.mechanisms.monitor.vault import Vault, due
from standfast.promises.grade import Graded, KernelSample, grade
from standfast.promises.model import Outcome
from standfast.proofs.drills.kernels import read_sample, samples_of
from standfast.proofs.monitoring.copies import (
    Look,
    PrimaryEnd,
    SecondaryEnd,
    Word,
    decide,
    figures,
    recent,
    seen,
)

PROMISE, DRILL = "mirrored-database", "mirrored-database"

CALM_PACE_S = 2.0
QUICK_PACE_S = 0.3
"""Between two looks; quick while the log says that there are two copies and the last look did not
see them, because red is to be said soon."""

IDLE_PACE_S = 0.5
"""While another keeper writes."""

ASK_TIMEOUT_S = 1.3
"""Longer than a machine takes to say that nothing has come (`daemons/copied.py`). A machine that is
off holds every look up for so long, and the log is to be red within ten seconds."""

LOGGED_WITHIN_S = 30.0
"""What was handed in and is not in the log by then is lost: look anew."""

GRADED_FOR_S = 3600.0


Answer = Mapping[str, Any]


class World(Protocol):
    """The database machines, by name."""

    @property
    def machines(self) -> tuple[str, ...]: ...

    def canary(self, machine: str, run: str) -> Answer:
        """What its agent says to that canary. Raises a `StandfastError` where it says nothing."""

    def kernel(self, machine: str) -> Answer:
        """The same of its kernel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agents:
    """Over mutual TLS. `addresses` of the machines' agents, all asked at `port`."""

    addresses: Mapping[str, str]
    port: int
    context: SSLContext

    @property
    def machines(self) -> tuple[str, ...]:
        return tuple(sorted(self.addresses))

    def canary(self, machine: str, run: str) -> Answer:
        return self._ask(machine, "canary", run=run)

    def kernel(self, machine: str) -> Answer:
        return self._ask(machine, "kernel")

    def _ask(self, machine: str, verb: str, **values: str) -> Answer:
        return ask_directly(
            (self.addresses[machine], self.port),
            machine,
            format_request(verb, values),
            self.context,
            patience_s=ASK_TIMEOUT_S,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a log of that size says of the part that is observed. `said` is None where the newest
    proof is another's failure: who has seen one of a whole drill takes it back, nobody else."""

    size: int
    said: Outcome | None
    slots: tuple[Announced, ...]

    def slot(self, now: datetime) -> Announced | None:
        """The one to which a proof of now belongs: of those that run, the one that ends last."""
        running = [each for each in self.slots if each.slot.starts_at <= now < each.slot.until]
        return max(running, key=lambda each: (each.slot.until, each.index), default=None)


NOTHING = Standing(size=0, said=None, slots=())


def standing(record: Record, observers: frozenset[str], *, now: datetime) -> Standing:
    size = record.checkpoint.size
    found = next((each for each in dossiers(record.entries, now=now) if each.drill == DRILL), None)
    if found is None:
        return Standing(size=size, said=None, slots=())
    signers = {each.index: each.signer for each in record.entries}
    return Standing(size=size, said=said(found, signers, observers), slots=found.slots)


def said(dossier: Dossier, signers: Mapping[int, str], observers: frozenset[str]) -> Outcome | None:
    newest = dossier.newest
    if newest is None:
        return None
    is_ours = signers.get(newest.index) in observers
    return newest.proof.outcome if is_ours or newest.proof.outcome is Outcome.KEPT else None


@dataclass(slots=True, kw_only=True)
class Observer:
    """`record` is this keeper's log as it was read last, and `writes` whether this keeper writes
    it; `hand_in` puts a leaf into its spool. `observers`: the names of those that may take back
    what another observer has said."""

    machine: str
    site: str
    signer: Signer
    observers: frozenset[str]
    clock: Clock
    world: World
    record: Callable[[], Record | None]
    writes: Callable[[], bool]
    hand_in: Callable[[bytes], None]
    draw: Callable[[], UUID]
    vault: Vault
    looks: tuple[Look, ...] = ()
    standing: Standing = NOTHING
    handed_in: bytes = b""
    handed_in_at: float = 0.0
    revealed_at: dict[str, float] = field(default_factory=dict)
    graded: Graded | None = None
    graded_at: float = field(default=float("-inf"))

    def turn(self) -> float:
        """Return how long to pause."""
        has_announced = self._has_announced()
        self._reveal()
        if not self.writes() or not has_announced:
            self.looks = ()
            return IDLE_PACE_S
        look = self._look()
        self.looks = recent((*self.looks, look), now=look.ended_at)
        is_whole = figures(look).get("missing_copies") == 0
        if is_whole:
            self._grade_if_due()
        if not self._is_waiting():
            slot = self.standing.slot(look.now)
            word = slot and decide(self.looks, self.standing.said, slot.slot.objective)
            if slot and word:
                self._say(word, slot)
        is_at_ease = is_whole or self.standing.said is not Outcome.KEPT
        return CALM_PACE_S if is_at_ease else QUICK_PACE_S

    def _has_announced(self) -> bool:
        """Whether a proof can be made at all; the log is only looked at when it has grown."""
        record = self.record()
        if record is not None and record.checkpoint.size != self.standing.size:
            self.standing = standing(record, self.observers, now=self.clock.now())
            if self.handed_in in record.leaves:
                self.handed_in = b""
        return bool(self.standing.slots)

    def _is_waiting(self) -> bool:
        """For what was handed in to be logged: until then the log says what it said before."""
        waited_s = self.clock.monotonic() - self.handed_in_at
        return bool(self.handed_in) and waited_s < LOGGED_WITHIN_S

    def _look(self) -> Look:
        began, now, run = self.clock.monotonic(), self.clock.now(), str(self.draw())
        machines = self.world.machines
        with ThreadPoolExecutor(len(machines)) as pool:
            ends = dict(zip(machines, pool.map(partial(self._end, run), machines), strict=True))
        return Look(
            began_at=began,
            ended_at=self.clock.monotonic(),
            now=now,
            run=run,
            primaries={name: end for name, end in ends.items() if isinstance(end, PrimaryEnd)},
            secondaries={name: end for name, end in ends.items() if isinstance(end, SecondaryEnd)},
        )

    def _end(self, run: str, machine: str) -> PrimaryEnd | SecondaryEnd | None:
        try:
            return end(self.world.canary(machine, run), answered_at=self.clock.monotonic())
        except StandfastError:
            return None

    def _say(self, word: Word, slot: Announced) -> None:
        graded = self.graded or grade(samples_of(self._participants, self._sample))
        proof = Proof(
            promise=PROMISE,
            drill=DRILL,
            outcome=word.outcome,
            grade=graded.grade,
            stand_ins=graded.stand_ins,
            objective=dict(slot.slot.objective),
            measured=word.measured,
            started_at=word.looks[0].now,
            ended_at=word.looks[-1].now,
            run=word.looks[-1].run,
            story=word.story,
            seen=seen(self.machine, word),
            slot=slot.index,
        )
        if word.outcome is Outcome.BROKEN:
            proof, details = seal(proof, self.draw().bytes)
            self.vault.keep(details)
        made = leaf(self.site, proof, self.signer)
        self.hand_in(made)
        self.handed_in, self.handed_in_at = leaf_hash(made), self.clock.monotonic()
        say(f"{PROMISE}: {word.outcome}: {word.story[0]}")

    def _reveal(self) -> None:
        record, kept, now = self.record(), self.vault.kept(), self.clock.monotonic()
        if record is None or not kept:
            return
        is_over = self.standing.said is Outcome.KEPT
        word = due(kept, record, is_over=is_over, now=self.clock.now())
        for each in word.forget:
            self.vault.forget(each)
        for each in word.reveal:
            if now - self.revealed_at.get(each.digest, float("-inf")) >= LOGGED_WITHIN_S:
                self.revealed_at[each.digest] = now
                notice = TextNotice(text=revealing(each), at=self.clock.now())
                self.hand_in(leaf(self.site, notice, self.signer))

    def _grade_if_due(self) -> None:
        """While all answer: a machine that is off cannot say on which computer it runs, and loses
        its power without moving to another."""
        now = self.clock.monotonic()
        if now - self.graded_at >= GRADED_FOR_S:
            self.graded = grade(samples_of(self._participants, self._sample))
            self.graded_at = now

    @property
    def _participants(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.machine, *self.world.machines)))

    def _sample(self, name: str) -> KernelSample:
        return read_sample(kernel.read() if name == self.machine else self.world.kernel(name))


def end(answer: Answer, *, answered_at: float) -> PrimaryEnd | SecondaryEnd:
    """Raises `CannotVerify` for what no machine of this release says."""
    match answer:
        case {
            "is_primary": True,
            "acknowledged": bool(acknowledged),
            "level": str(level),
            "senders": list(senders),
        } if all(isinstance(each, list) and len(each) == 3 for each in senders):
            return PrimaryEnd(
                acknowledged=acknowledged,
                level=level,
                senders=tuple((str(name), str(state), str(how)) for name, state, how in senders),
                answered_at=answered_at,
            )
        case {"is_primary": False, "has_come": bool(has_come), "receives": bool(receives)}:
            return SecondaryEnd(has_come=has_come, receives=receives, answered_at=answered_at)
    raise CannotVerify("what a machine says of its copy cannot be read")


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
