"""What a load found, as figures. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from standfast.proofs.drills.mix import WRITE


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request. `status` 0: no answer. `sent_s`: when it was due, from the first one's moment;
    `took_s`: from then to the answer."""

    kind: str
    id: str
    status: int
    sent_s: float
    took_s: float
    error: str = ""

    @property
    def acknowledged(self) -> bool:
        """A redirection acknowledges nothing: it may lead to the sign-in page."""
        return 200 <= self.status < 300


def measure(requests: Sequence[Asked], stored: Iterable[str] | None) -> dict[str, float]:
    """`stored`: every id of the run that the service holds, one element per stored row; None when
    the service could not be asked, and then what depends on it is left out.

    Each acknowledged write must be there once, every other at most once. One that was acknowledged
    and is not there is lost, and its request failed: the visitor was told an untruth.
    """
    figures: dict[str, float] = {
        "requests": len(requests),
        "writes": sum(each.kind == WRITE for each in requests),
        "failed_requests": sum(not each.acknowledged for each in requests),
        **times([each.took_s for each in requests]),
    }
    if stored is not None:
        held = Counter(stored)
        lost = len(lost_writes(requests, held))
        figures["failed_requests"] += lost
        figures["doubled_writes"] = sum(count > 1 for count in held.values())
        figures["lost_writes"] = lost
    return figures


def lost_writes(requests: Iterable[Asked], held: Counter[str]) -> tuple[str, ...]:
    return tuple(
        each.id
        for each in requests
        if each.kind == WRITE and each.acknowledged and not held[each.id]
    )


def times(took_s: Iterable[float]) -> dict[str, float]:
    """The 99th percentile is the smallest time that 99 of 100 requests did not exceed."""
    ordered = sorted(took_s)
    if not ordered:
        return {}
    return {
        "p99_s": round(ordered[-(len(ordered) // 100) - 1], 3),
        "worst_s": round(ordered[-1], 3),
    }


def failures(requests: Iterable[Asked], limit: int) -> tuple[str, ...]:
    """Failed requests by what was wrong with them, the most frequent first."""
    count = Counter(f"{each.kind}: {each.error}" for each in requests if not each.acknowledged)
    return tuple(f"{number} × {words}" for words, number in count.most_common(limit))


def by_second(requests: Iterable[Asked]) -> tuple[tuple[int, int, float], ...]:
    """For each second of the load: requests due, failed among them, the worst time."""
    seconds: dict[int, list[Asked]] = {}
    for each in requests:
        seconds.setdefault(int(each.sent_s), []).append(each)
    return tuple(
        (
            len(seconds.get(second, ())),
            sum(not each.acknowledged for each in seconds.get(second, ())),
            round(max((each.took_s for each in seconds.get(second, ())), default=0.0), 3),
        )
        for second in range(max(seconds, default=-1) + 1)
    )
