"""What a load's events say: figures, by one pure function."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from standfast.promises.model import Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request. `status` 0: no answer. `sent_s` from the beginning of the load."""

    kind: str
    id: str
    status: int
    sent_s: float
    took_s: float

    @property
    def acknowledged(self) -> bool:
        return 200 <= self.status < 400


def measure(requests: Sequence[Asked], stored: Iterable[str]) -> Figures:
    """`stored`: every id of the run that the service holds, one element per stored row.

    Each acknowledged write must be there once, every other at most once; anything else is lost or
    doubled. The 99th percentile is the smallest time that 99 of 100 did not exceed.
    """
    count = Counter(stored)
    writes = [each for each in requests if each.kind == "write"]
    times = sorted(each.took_s for each in requests)
    return {
        "requests": len(requests),
        "writes": len(writes),
        "failed_requests": sum(not each.acknowledged for each in requests),
        "doubled_writes": sum(held > 1 for held in count.values()),
        "lost_writes": sum(each.acknowledged and count[each.id] == 0 for each in writes),
        "p99_s": round(times[-(len(times) // 100) - 1], 3) if times else 0.0,
        "worst_s": round(times[-1], 3) if times else 0.0,
    }
