"""For how long a machine has answered nothing, as one monitor saw it and as others are told.

Ages travel, moments do not: each clock measures on its own, and what is told is as old as its way.
"""

from dataclasses import dataclass, field
from threading import Lock

from standfast.core.clock import Clock

STALE_S = 1.0
"""An attempt that is older says nothing of now."""


@dataclass(slots=True, kw_only=True)
class Silence:
    """Of the machines that are asked, by name. Safe to be read from other threads."""

    clock: Clock
    _since: dict[str, float] = field(default_factory=dict)
    _asked: dict[str, float] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def note(self, machine: str, *, answered: bool, began: float) -> None:
        """`began`: when the attempt did, by this clock."""
        with self._lock:
            self._asked[machine] = self.clock.monotonic()
            if answered:
                self._since.pop(machine, None)
            else:
                self._since.setdefault(machine, began)

    def forget(self) -> None:
        """Nobody is asked any more."""
        with self._lock:
            self._since.clear()
            self._asked.clear()

    def of(self, machine: str) -> float | None:
        """Seconds from the first attempt that was not answered to the end of the last one: what one
        attempt alone takes says little. None where it answers, or was not asked just now."""
        with self._lock:
            now = self.clock.monotonic()
            if machine not in self._since or now - self._asked[machine] > STALE_S:
                return None
            return self._asked[machine] - self._since[machine]
