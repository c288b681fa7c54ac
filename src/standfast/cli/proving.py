"""From an attack to evidence: the slot before it, the run, the entry after it."""

from collections.abc import Callable, Mapping
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
from standfast.promises.model import Outcome, Part, Promise
from standfast.proofs.calibrate import calibration
from standfast.proofs.drills import report
from standfast.proofs.drills.ground import NotBack
from standfast.proofs.register import REGISTER

SLOT_WITHIN_S = 30.0
"""The keeper that writes announces the first slots as soon as all monitors run."""

POLL_S = 0.3

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

    def prove(self, promise: Promise, part: Part) -> Logged:
        slot = self.announced(promise, part)
        self.attack.prepare(part)
        with self.attack.guarded(part):
            attacked = self.attack.run(promise, part, short=False)
        return self._logged(attacked, slot)

    def doubt(self, promise: Promise, part: Part) -> tuple[Calibration | None, Logged]:
        """Plant the fault, see red, remove it, see green. The green run is a proof like any other;
        the red one is none, because what it attacked was not the site as it is.

        No calibration when the site is not green without the fault: the proof says why. Raises
        `CannotVerify` when the check did not turn red.
        """
        slot = self.announced(promise, part)
        self.attack.prepare(part)
        clock = self.attack.app.clock
        with self.attack.guarded(part):
            planted_at = clock.now()
            self._plant(part)
            red = self._seen_red(promise, part)
            self._say(f"{COLOUR[red.outcome]}: {report.of_figures(red.story[0])}")
            self._remove(part)
            removed_at = clock.now()
            attacked = self.attack.run(promise, part, short=False)
        logged = self._logged(attacked, slot)
        if logged.proof.outcome is not Outcome.KEPT:
            return None, logged
        seen = calibration(
            promise,
            part,
            red=red,
            green=attacked.run,
            planted_at=planted_at,
            removed_at=removed_at,
        )
        hand_over(self.attack.app, seen)
        return seen, logged

    def broken(self, promise: Promise, part: Part, look: Callable[[Logged], None]) -> Logged:
        """With the fault planted, prove as ever: the site is as it is, so this is a proof, and the
        log has it. The fault is taken away once `look` has shown it."""
        slot = self.announced(promise, part)
        self.attack.prepare(part)
        with self.attack.guarded(part):
            self._plant(part)
            logged = self._logged(self.attack.run(promise, part, short=True), slot)
            look(logged)
            self._remove(part)
        return logged

    def announced(self, promise: Promise, part: Part) -> int:
        """The slot in the log for a proof that begins now: said before it is made."""
        app = self.attack.app
        end = app.clock.monotonic() + SLOT_WITHIN_S
        while True:
            slot = self._slot(promise, part)
            if slot is not None:
                return slot
            if app.clock.monotonic() > end:
                raise CannotVerify(
                    f"no slot for {part.drill} of {promise.id} is in the log, "
                    "so a proof would not count",
                    remedy=f"standfast logs {app.site.having(Role.MONITOR)[0].name} "
                    "--unit standfast-keeper.service",
                )
            app.clock.sleep(POLL_S)

    def _slot(self, promise: Promise, part: Part) -> int | None:
        app = self.attack.app
        entries = log_of(app).record().entries
        return open_slot(entries, promise.id, part.drill, now=app.clock.now())

    def _logged(self, attacked: Attacked, slot: int) -> Logged:
        proof = Proof(**dict(attacked.run), slot=slot)
        (index,) = hand_over(self.attack.app, proof)
        return Logged(proof=proof, index=index, unwell=attacked.unwell)

    def _seen_red(self, promise: Promise, part: Part) -> Run:
        """A machine that is not back is no state in which to go on."""
        attacked = self.attack.run(promise, part, short=True)
        if attacked.unwell:
            raise attacked.unwell
        return attacked.run

    def _plant(self, part: Part) -> None:
        self._say(f"to see the check turn red, a fault is planted: {part.fault_words}")
        self._on_machines("plant", part, fault=part.fault, lease_s=LEASE_S)

    def _remove(self, part: Part) -> None:
        self._on_machines("remove", part, fault=part.fault)
        self._say("the fault is removed")

    def _say(self, words: str) -> None:
        self.attack.progress.say(fill(words, WIDTH, initial_indent="  ", subsequent_indent="  "))

    def _on_machines(self, verb: str, part: Part, **values: str | int) -> None:
        """A unit may start anew with another configuration, so wait until the service answers."""
        app, role = self.attack.app, REGISTER[part.drill].planted_on
        if role is None:
            self._here(verb, part.fault)
            return
        for machine in app.site.having(role):
            app.agents.ask(machine.name, verb, **values)
            wait_until_answered(
                app.site.health_url,
                app.site.folders.home / "ca.pem",
                app.clock,
                edge=app.site.having(Role.EDGE)[0].name,
            )

    def _here(self, verb: str, fault: str) -> None:
        """No machine has it, so it ends with this process."""
        if verb == "plant":
            self.attack.planted.add(fault)
        else:
            self.attack.planted.discard(fault)
