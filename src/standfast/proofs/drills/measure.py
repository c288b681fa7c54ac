"""What a load found, as figures. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

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
    def answered_s(self) -> float:
        return self.sent_s + self.took_s

    @property
    def acknowledged(self) -> bool:
        """A redirection acknowledges nothing: it may lead to the sign-in page."""
        return 200 <= self.status < 300


def measure(requests: Sequence[Asked], stored: Iterable[str] | None) -> dict[str, float]:
    """`stored`: every id of the run that the service holds, one element per stored row; None when
    the service could not be asked, and then what depends on it is left out.

    Each acknowledged write must be there once, every other at most once. One that was acknowledged
    and is not there is lost, and its request failed: the visitor was told an untruth. One that was
    not acknowledged and is there is a ghost: allowed, and counted.
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
        figures["ghost_writes"] = len(ghost_writes(requests, held))
    return figures


def lost_writes(requests: Iterable[Asked], held: Counter[str]) -> tuple[str, ...]:
    return tuple(
        each.id
        for each in requests
        if each.kind == WRITE and each.acknowledged and not held[each.id]
    )


def ghost_writes(requests: Iterable[Asked], held: Counter[str]) -> tuple[str, ...]:
    return tuple(
        each.id
        for each in requests
        if each.kind == WRITE and not each.acknowledged and held[each.id]
    )


def outage_s(requests: Iterable[Asked], *, fault_at_s: float, ends_s: float) -> float | None:
    """The longest time without an acknowledged write that reaches beyond the fault: from the last
    one before it to the first one after it, as the client saw them. It lasts to the end of the
    load, `ends_s`, if there is none after; None if there was none before."""
    writes = (each for each in requests if each.kind == WRITE)
    return silence_s(writes, fault_at_s=fault_at_s, ends_s=ends_s)


def silence_s(requests: Iterable[Asked], *, fault_at_s: float, ends_s: float) -> float | None:
    """The same of any requests: the longest time without one that was acknowledged."""
    answered = sorted(each.answered_s for each in requests if each.acknowledged)
    if not answered or answered[0] > fault_at_s:
        return None
    gaps = pairwise((*answered, max(ends_s, answered[-1])))
    return round(max(after - before for before, after in gaps if after > fault_at_s), 3)


def excess_failures(
    requests: Iterable[Asked], *, fault_at_s: float, allowed_s: float
) -> tuple[Asked, ...]:
    """Failed requests that a fault with this allowance does not excuse. It excuses those that were
    under way when it came or were due within the allowance; with none, it excuses nothing."""
    return tuple(
        each
        for each in requests
        if not each.acknowledged
        and not (
            allowed_s > 0
            and each.answered_s >= fault_at_s
            and each.sent_s <= fault_at_s + allowed_s
        )
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
