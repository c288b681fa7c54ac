"""Which share of the requests each web server gets, from what this edge itself has counted of it.

Pure, standard library only. How long a server takes follows from how many requests are under way
there and how many it finishes: L = λW (Little's law), which holds whatever the requests are, needs
no clock per request, and counts a request that is never answered too. Both are kept as sums that
fade: quickly where there are many, slowly where there are few, since what was seen of few differs
by chance. When nearly all has faded nothing is known, and the server gets more until something is.

*It cannot swing.* A weight follows from a server's own time and that of the fastest one, not from
the share that it had; within `ALIKE` of the fastest all are alike; a weight falls at once and rises
by `RISE` a step, so a server that is slow every other moment stays out of the way.
"""

from collections.abc import Mapping
from dataclasses import dataclass

FULL = 256
"""HAProxy's greatest weight (configuration manual, `weight`)."""

LEAST = 3
"""One request in a hundred still goes to the slowest: that is how its recovery is seen."""

ALIKE = 2.5
"""So much slower than the fastest one is still as fast: two equal servers differ by chance."""

RISE = 1.5
"""From the least weight to the full one takes eleven steps of a second."""

HALF_LIFE_S = 2.0
LONG_HALF_LIFE_S = 10.0
MANY = 30.0
FEW = 8.0
"""Finished requests, faded: by fewer nobody is judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What HAProxy says of a server at a moment: requests under way, and all that ever began."""

    in_flight: int
    begun: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """`busy_s`: requests under way, times how long; `finished`: requests. Both have faded."""

    last: Counted
    busy_s: float = 0.0
    finished: float = 0.0

    @property
    def takes_s(self) -> float | None:
        """How long the server takes for a request; None when that is not known."""
        enough = self.finished >= FEW or self.busy_s >= FEW
        return self.busy_s / max(self.finished, 1.0) if enough else None


def counted(before: Account, seen: Counted, passed_s: float) -> Account:
    """`passed_s`: since the last count. HAProxy counts anew after a restart."""
    finished = (seen.begun - seen.in_flight) - (before.last.begun - before.last.in_flight)
    if seen.begun < before.last.begun:
        return Account(last=seen)
    many = before.finished >= MANY or before.busy_s >= MANY
    kept = 0.5 ** (passed_s / (HALF_LIFE_S if many else LONG_HALF_LIFE_S))
    return Account(
        last=seen,
        busy_s=before.busy_s * kept + (before.last.in_flight + seen.in_flight) / 2 * passed_s,
        finished=before.finished * kept + max(finished, 0),
    )


def weights(accounts: Mapping[str, Account], before: Mapping[str, int]) -> dict[str, int]:
    """The weights from now on, by server; `before`: those until now. To be asked once a second."""
    times = {name: each.takes_s for name, each in accounts.items()}
    known = [each for each in times.values() if each is not None]
    fastest = min(known, default=0.0)
    return {
        name: step(before.get(name, FULL), wanted(takes_s, fastest))
        for name, takes_s in times.items()
    }


def wanted(takes_s: float | None, fastest_s: float) -> int:
    """By the square: ten times as slow means a hundredth of the requests, not a tenth."""
    if takes_s is None or takes_s <= ALIKE * fastest_s:
        return FULL
    return max(LEAST, round(FULL * (fastest_s / takes_s) ** 2))


def step(before: int, target: int) -> int:
    return target if target < before else min(target, max(before + 1, round(before * RISE)))
