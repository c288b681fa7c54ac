"""When the next slot of each promise must be logged: always before the running one ends.

Slots of a promise follow each other without a gap, each announced before the one before it ends,
so that leaving one out is as visible as leaving out a proof.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from standfast.evidence.statement import Slot
from standfast.promises.model import Figures, Promise

AHEAD = 4
"""The next slot is logged when a fourth of the running one is left."""


def due_slots(
    slots: Iterable[Slot],
    promises: Iterable[Promise],
    objectives: Mapping[str, Figures],
    *,
    now: datetime,
) -> Iterator[Slot]:
    """`slots`: those in the log. `promises`: the catalogue's; `objectives`: what the site says."""
    known = tuple(slots)
    for promise in promises:
        ends = [slot.until for slot in known if slot.promise == promise.id]
        last = max(ends, default=now)
        if last - now <= promise.period / AHEAD:
            begin = max(last, now)
            yield Slot(
                promise=promise.id,
                statement=promise.statement,
                objective=dict(objectives[promise.id]),
                default_objective=dict(promise.objective),
                proof=promise.proof,
                starts_at=begin,
                until=begin + promise.period,
                calibrated_within_s=promise.calibrated_within.total_seconds(),
                period_s=promise.period.total_seconds(),
            )
