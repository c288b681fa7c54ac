"""How much has come, how fast, and how long the rest takes. Pure."""

from collections import deque
from dataclasses import dataclass, field

from standfast.core.units import duration, size

RECENT = 200
"""So many looks count for the rate: one that is an hour old says nothing of now."""


@dataclass(slots=True, kw_only=True)
class Pace:
    """`whole`: bytes in all; 0 where nobody knows. Looks come by a clock that never goes back."""

    whole: int
    looks: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=RECENT))

    def seen(self, at_s: float, done: int) -> None:
        self.looks.append((at_s, done))

    def words(self, doing: str) -> str:
        """`receiving the database … 1.2 GB of 4.8 GB, 210.0 MB/s, 17 s left`."""
        done = self.looks[-1][1] if self.looks else 0
        of = f" of {size(self.whole)}" if self.whole else ""
        said = f"{doing} … {size(min(done, self.whole or done))}{of}"
        rate = self.rate
        if not rate:
            return said
        said = f"{said}, {size(rate)}/s"
        left = max(self.whole - done, 0)
        return f"{said}, {duration(left / rate)} left" if left else said

    @property
    def rate(self) -> float:
        """Bytes in a second, of the recent looks; 0 while it is not known."""
        if len(self.looks) < 2:
            return 0.0
        (first_s, first), (last_s, last) = self.looks[0], self.looks[-1]
        return max(last - first, 0) / (last_s - first_s) if last_s > first_s else 0.0
