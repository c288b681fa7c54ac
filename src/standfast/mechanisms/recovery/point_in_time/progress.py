"""How far it is, how fast, and how much longer. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from standfast.core.units import duration, size
from standfast.mechanisms.backup import wal
from standfast.mechanisms.recovery.point_in_time.look import Found
from standfast.mechanisms.recovery.point_in_time.orders import Order, Phase

RECENT = 30
"""So many looks count for the rate: one that is an hour old says nothing of now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """`at_s` by a clock that never goes back."""

    at_s: float
    phase: Phase
    done_bytes: int


def done(found: Found, order: Order) -> int:
    """Of what the present phase has to do."""
    if found.state.phase is Phase.RESTORING:
        return min(found.bytes, order.copy_bytes)
    if found.state.phase is Phase.REPLAYING and found.segment is not None:
        count = wal.number(found.segment) - wal.number(order.first_segment) + 1
        return max(count, 0) * wal.SEGMENT_BYTES
    return 0


def total(phase: Phase, order: Order) -> int:
    """WAL that is kept, of which a moment before the last needs less."""
    return order.copy_bytes if phase is Phase.RESTORING else order.segments * wal.SEGMENT_BYTES


def words(looks: Sequence[Look], order: Order) -> str:
    """`restoring … 1.2 GB of 4.8 GB, 210.0 MB/s, 17 s left`; of the last look's phase."""
    last = looks[-1]
    if last.phase not in (Phase.RESTORING, Phase.REPLAYING):
        return last.phase.value
    at_most = "at most " if last.phase is Phase.REPLAYING else ""
    whole = total(last.phase, order)
    said = f"{last.phase.value} … {size(last.done_bytes)} of {at_most}{size(whole)}"
    rate = rate_bytes(looks)
    if not rate:
        return said
    left = max(whole - last.done_bytes, 0) / rate
    return f"{said}, {size(rate)}/s, {at_most}{duration(left)} left"


def rate_bytes(looks: Sequence[Look]) -> float:
    """In a second, since the first recent look at this phase; 0 while it is not known."""
    same = [each for each in looks[-RECENT:] if each.phase is looks[-1].phase]
    took = same[-1].at_s - same[0].at_s
    return max(same[-1].done_bytes - same[0].done_bytes, 0) / took if took > 0 else 0.0
