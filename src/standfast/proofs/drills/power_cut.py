"""One power cut, from the switch to the moment the machine serves again.

Leaving the block gives the machine its power back, in whatever way it is left. Nothing may be
claimed of a cut that was not seen: a switch that does nothing would make every promise look kept.
"""

from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType

from standfast.core.clock import Clock
from standfast.core.errors import CannotVerify
from standfast.proofs.drills.course import Course
from standfast.proofs.drills.ground import Ground, Power
from standfast.proofs.drills.watching import Serving, Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """`at_s` counts from the beginning of the load."""

    at: datetime
    at_s: float


@dataclass(slots=True, kw_only=True)
class PowerCut:
    """Due `after_s` into the load, for `lasting_s`. `serving` is asked from a second thread."""

    power: Power
    serving: Serving
    clock: Clock
    machine: str
    after_s: float
    lasting_s: float
    back_within_s: float
    cut: Moment | None = None
    restored: Moment | None = None
    _watches: list[Watch] = field(default_factory=list)

    def __enter__(self) -> "PowerCut":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Cut and not restored, or somewhere in between: `cut` is set before the switch is."""
        if self.cut is not None and self.restored is None:
            self.power.restore(self.machine)
        if error is not None:
            self.ask_no_more()

    def act(self, at_s: float) -> None:
        """Do what is due at this moment of the load."""
        if self.cut is None:
            if at_s >= self.after_s:
                self._cut(at_s)
        elif self.restored is None and at_s >= self.cut.at_s + self.lasting_s:
            self._restore(at_s)

    def must_have_happened(self) -> None:
        if self.restored is None:
            raise CannotVerify("the load ended before the power was cut and given back")
        if self._watches[0].after_s() is None:
            self.ask_no_more()
            raise CannotVerify(
                f"{self.machine} was never seen to be off, so nothing was attacked",
                remedy="Does the power switch of this machine work?",
            )

    def back_s(self) -> float | None:
        """From the power's return until the machine served; None if it has not in time."""
        return self._watches[1].after_s()

    def ask_no_more(self) -> None:
        for watch in self._watches:
            watch.stop()

    def _cut(self, at_s: float) -> None:
        self.cut = Moment(at=self.clock.now(), at_s=at_s)
        self.power.cut(self.machine)
        self._watches.append(self._watch(wanted=False, limit_s=self.lasting_s))

    def _restore(self, at_s: float) -> None:
        self.ask_no_more()
        self.power.restore(self.machine)
        self.restored = Moment(at=self.clock.now(), at_s=at_s)
        self._watches.append(self._watch(wanted=True, limit_s=self.back_within_s))

    def _watch(self, *, wanted: bool, limit_s: float) -> Watch:
        return Watch(self.serving, self.machine, self.clock, wanted=wanted, limit_s=limit_s)


def of_one(ground: Ground, course: Course, machine: str) -> PowerCut:
    """Of this machine, during that course; it is back when it is well."""
    return PowerCut(
        power=ground.power,
        serving=lambda: {machine: ground.well(machine)},
        clock=ground.clock,
        machine=machine,
        after_s=course.cut_at_s,
        lasting_s=course.cut_s,
        back_within_s=course.back_within_s,
    )
