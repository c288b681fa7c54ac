"""Looks when one is due, and at once when there is something new: a glance at a folder costs a
hundredth of a look that asks etcd, so it is cast more often."""

from collections.abc import Callable
from dataclasses import dataclass

from standfast.core.clock import Clock

GLANCE_S = 0.2


@dataclass(slots=True, kw_only=True)
class Glances:
    """`look` returns after how many seconds the next one is due; `is_new` is the glance."""

    look: Callable[[], float]
    is_new: Callable[[], bool]
    clock: Clock
    due_at: float = 0.0

    def turn(self) -> float:
        """Return how long to wait for the next one, in seconds."""
        if self.clock.monotonic() < self.due_at and not self.is_new():
            return GLANCE_S
        pause = self.look()
        self.due_at = self.clock.monotonic() + pause
        return min(pause, GLANCE_S)
