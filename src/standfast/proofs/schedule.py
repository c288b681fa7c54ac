"""When the next slot of each part of a promise must be logged: always before the running one ends.

Slots of a part follow each other without a gap, each announced before the one before it ends,
so that leaving one out is as visible as leaving out a proof.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from standfast.evidence.statement import AnyPredicate, ScopeNotice, Slot, Unpromised
from standfast.promises.catalog import CATALOG
from standfast.promises.model import Figures, Part, Promise

AHEAD = 4
"""The next slot is logged when a fourth of the running one is left."""


def due_slots(
    slots: Iterable[Slot],
    promises: Iterable[Promise],
    usual: Mapping[str, Figures],
    *,
    now: datetime,
) -> Iterator[Slot]:
    """`slots`: those in the log. `promises`: with this site's limits; `usual`: for each drill, the
    limits of a site that changes none."""
    known = tuple(slots)
    for promise in promises:
        for part in promise.parts:
            ends = [slot.until for slot in known if announces(slot, promise, part)]
            last = max(ends, default=now)
            if last - now <= promise.period / AHEAD:
                yield announcing(promise, part, usual[part.drill], begin=max(last, now))


def announces(slot: Slot, promise: Promise, part: Part) -> bool:
    """A slot that names no drill is from the time when a promise had one: its first."""
    return slot.promise == promise.id and (slot.drill or promise.parts[0].drill) == part.drill


def announcing(promise: Promise, part: Part, usual: Figures, *, begin: datetime) -> Slot:
    return Slot(
        promise=promise.id,
        drill=part.drill,
        statement=promise.statement,
        objective=dict(part.objective),
        default_objective=dict(usual),
        proof=part.proof,
        starts_at=begin,
        until=begin + promise.period,
        calibrated_within_s=promise.calibrated_within.total_seconds(),
        period_s=promise.period.total_seconds(),
    )


def due_scope(
    said: Iterable[AnyPredicate], not_promised: Mapping[str, str], *, now: datetime
) -> ScopeNotice | None:
    """`not_promised`: sentence to why not. A notice when the newest one in the log says otherwise;
    the sentences are the catalogue's own."""
    newest: tuple[Unpromised, ...] = ()
    for predicate in said:
        if isinstance(predicate, ScopeNotice):
            newest = predicate.not_promised
    wanted = tuple(
        Unpromised(promise=each.id, statement=each.statement, why=not_promised[each.id])
        for each in CATALOG
        if each.id in not_promised
    )
    if wanted == newest:
        return None
    names = ", ".join(each.promise for each in wanted) or "none of them"
    return ScopeNotice(
        text=f"Of the sentences that a site can promise, this one leaves out: {names}.",
        at=now,
        not_promised=wanted,
    )
