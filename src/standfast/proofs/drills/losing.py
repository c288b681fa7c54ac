"""All database machines lose their power and their data at one moment of a load, and the site is
brought back, in a thread of its own: whoever reads the load must go on reading.

Leaving the block early has it stop at its next step. What is then between two states is put right
by the guard (`guard.py`), which knows from the machines what is to be done.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Thread
from types import TracebackType

from standfast.core.errors import CannotVerify, StandfastError
from standfast.core.units import duration
from standfast.mechanisms.hosts.machine import Role
from standfast.proofs.drills import loss
from standfast.proofs.drills.ground import Ground
from standfast.proofs.drills.loss import Fate
from standfast.proofs.drills.power_cut import Moment
from standfast.proofs.drills.primary import primary_of

SEEN_WITHIN_S = 20.0
"""A machine that is restarted at once is not there for longer than a question may take."""

MENDED_WITHIN_S = 120.0
"""From the service's answer to the end of the load, which ends once visitors can save again."""

POLL_S = 0.2

NEWEST = (
    "SELECT extract(epoch FROM max(at)) FROM standfast.heartbeat WHERE at <= to_timestamp({at});\n"
)


@dataclass(slots=True, kw_only=True)
class Losing:
    """Due `after_s` into the load. What came back is refused when it is older than `limit_s`."""

    ground: Ground
    after_s: float
    limit_s: float
    fate: Fate | None = None
    error: StandfastError | None = None
    _thread: Thread | None = None
    _ended_s: float | None = None

    def __enter__(self) -> "Losing":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self.ground.recovery.stop()
        if self._thread is not None:
            self._thread.join()

    def act(self, at_s: float) -> None:
        if self._thread is None and at_s >= self.after_s:
            self._thread = Thread(target=self._carried_out, args=(at_s,), daemon=True)
            self._thread.start()
        if self.error is not None:
            raise self.error
        if self._ended_s is not None and self._since(self._ended_s) > MENDED_WITHIN_S:
            raise CannotVerify(
                f"{MENDED_WITHIN_S:.0f} s after the service answered again, visitors still fail",
                remedy="Can one sign in and save? What was measured is not logged.",
            )

    def _since(self, moment_s: float) -> float:
        return self.ground.clock.monotonic() - moment_s

    def must_have_happened(self) -> None:
        if self._thread is None:
            raise CannotVerify("the load ended before anything was lost")
        self._thread.join()
        if self.error is not None:
            raise self.error

    def _carried_out(self, at_s: float) -> None:
        try:
            self.fate = self._brought_back(self._lost(at_s))
            self._ended_s = self.ground.clock.monotonic()
        except StandfastError as error:
            self.error = error

    def _lost(self, at_s: float) -> Fate:
        """Off and on again, with nothing where the data were."""
        ground = self.ground
        machines = tuple(each.name for each in ground.having(Role.DATABASE))
        began = ground.clock.monotonic()
        ground.recovery.lose()
        now = ground.clock.now()
        lost = Moment(at=now, at_s=round(at_s + ground.clock.monotonic() - began, 3))
        try:
            with ThreadPoolExecutor(len(machines)) as pool:
                list(pool.map(ground.power.cut, machines))
                list(pool.map(self._must_be_off, machines))
        finally:
            for each in machines:
                ground.power.restore(each)
        ground.recovery.reach()
        return Fate(machines=machines, lost=lost)

    def _brought_back(self, fate: Fate) -> Fate:
        """From here on the site has a database afterwards: this one, or what it had."""
        recovery = self.ground.recovery
        try:
            brought = recovery.bring()
        except StandfastError as error:
            recovery.put_back()
            return replace(fate, problem=error.problem)
        if loss.is_too_old(brought, fate.lost.at, self.limit_s):
            recovery.put_back()
            limit = duration(self.limit_s)
            return replace(fate, brought=brought, problem=f"it is older than {limit}")
        recovery.take_over()
        return replace(fate, brought=brought, newest=self._newest(fate.lost.at), in_place=True)

    def _newest(self, lost_at: datetime) -> datetime | None:
        asked = NEWEST.format(at=lost_at.timestamp())
        said = primary_of(self.ground).query(self.ground.database, asked).strip()
        return datetime.fromtimestamp(float(said), UTC) if said else None

    def _must_be_off(self, machine: str) -> None:
        """Nothing may be claimed of a cut that was not seen."""
        end = self.ground.clock.monotonic() + SEEN_WITHIN_S
        while self.ground.well(machine):
            if self.ground.clock.monotonic() > end:
                raise CannotVerify(
                    f"{machine} was never seen to be off, so nothing was attacked",
                    remedy="Does the power switch of this machine work?",
                )
            self.ground.clock.sleep(POLL_S)
