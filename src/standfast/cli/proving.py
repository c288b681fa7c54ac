"""From an attack to evidence: the slot before it, the run, the entry after it."""

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import fill

from standfast.cli.attack import Attack, Attacked
from standfast.cli.handover import hand_over
from standfast.cli.progress import WIDTH
from standfast.cli.record import log_of
from standfast.core.errors import CannotVerify
from standfast.evidence.slots import open_slot
from standfast.evidence.statement import Calibration, Proof, Run
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.rollout.gate import wait_until_answered
from standfast.promises.model import Outcome, Promise
from standfast.proofs.calibrate import calibration
from standfast.proofs.drills import report
from standfast.proofs.drills.web_server import Course, NotBack

SLOT_WITHIN_S = 15.0
"""The keeper announces the first slots as soon as it runs."""

POLL_S = 0.3

RED = Course(duration_s=12, cut_s=4.0)
"""A blind edge fails within the first second of the power cut: a short run shows it."""

LEASE_S = 300
"""A planted fault removes itself after this, should everybody who could remove it be dead. Longer
than the red run with a machine that is slow to come back."""

COLOUR: Mapping[Outcome, str] = {
    Outcome.BROKEN: "red, as it must be",
    Outcome.KEPT: "it stayed green, and must not",
    Outcome.INCONCLUSIVE: "nothing could be concluded",
}
"""Of the run with the fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A proof and the number of its entry."""

    proof: Proof
    index: int
    unwell: NotBack | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prover:
    attack: Attack

    def prove(self, promise: Promise) -> Logged:
        slot = self.announced(promise)
        self.attack.prepare()
        with self.attack.guarded():
            attacked = self.attack.run(promise, Course())
        return self._logged(attacked, slot)

    def doubt(self, promise: Promise) -> tuple[Calibration | None, Logged]:
        """Plant the fault, see red, remove it, see green. The green run is a proof like any other;
        the red one is none, because what it attacked was not the site as it is.

        No calibration when the site is not green without the fault: the proof says why. Raises
        `CannotVerify` when the check did not turn red.
        """
        slot = self.announced(promise)
        self.attack.prepare()
        clock = self.attack.app.clock
        with self.attack.guarded():
            planted_at = clock.now()
            self._plant(promise)
            red = self._seen_red(promise)
            self._say(f"{COLOUR[red.outcome]}: {report.of_figures(red.story[0])}")
            self._remove(promise)
            removed_at = clock.now()
            attacked = self.attack.run(promise, Course())
        logged = self._logged(attacked, slot)
        if logged.proof.outcome is not Outcome.KEPT:
            return None, logged
        seen = calibration(
            promise, red=red, green=attacked.run, planted_at=planted_at, removed_at=removed_at
        )
        hand_over(self.attack.app, seen)
        return seen, logged

    def announced(self, promise: Promise) -> int:
        """The slot in the log for a proof that begins now: said before it is made."""
        app = self.attack.app
        end = app.clock.monotonic() + SLOT_WITHIN_S
        while True:
            slot = self._slot(promise)
            if slot is not None:
                return slot
            if app.clock.monotonic() > end:
                raise CannotVerify(
                    f"no slot for {promise.id} is in the log, so a proof would not count",
                    remedy=f"standfast logs {app.site.having(Role.MONITOR)[0].name} "
                    "--unit standfast-keeper.service",
                )
            app.clock.sleep(POLL_S)

    def _slot(self, promise: Promise) -> int | None:
        app = self.attack.app
        return open_slot(log_of(app).record().entries, promise.id, now=app.clock.now())

    def _logged(self, attacked: Attacked, slot: int) -> Logged:
        proof = Proof(**dict(attacked.run), slot=slot)
        (index,) = hand_over(self.attack.app, proof)
        return Logged(proof=proof, index=index, unwell=attacked.unwell)

    def _seen_red(self, promise: Promise) -> Run:
        """A machine that is not back is no state in which to go on."""
        attacked = self.attack.run(promise, RED)
        if attacked.unwell:
            raise attacked.unwell
        return attacked.run

    def _plant(self, promise: Promise) -> None:
        self._say(f"to see the check turn red, a fault is planted: {promise.fault_words}")
        self._on_edges("plant", fault=promise.fault, lease_s=LEASE_S)

    def _remove(self, promise: Promise) -> None:
        self._on_edges("remove", fault=promise.fault)
        self._say("the fault is removed")

    def _say(self, words: str) -> None:
        self.attack.progress.say(fill(words, WIDTH, initial_indent="  ", subsequent_indent="  "))

    def _on_edges(self, verb: str, **values: str | int) -> None:
        """The edge starts anew with another configuration, so wait until it answers."""
        app = self.attack.app
        for edge in app.site.having(Role.EDGE):
            app.agents.ask(edge.name, verb, **values)
            wait_until_answered(
                app.site.health_url, app.site.folders.home / "ca.pem", app.clock, edge=edge.name
            )
