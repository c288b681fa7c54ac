"""Which copies are kept when another one has been taken. Pure, and as the engine goes by it.

So many full copies are kept, with all that need them; older ones go with all that need them. Of
differential ones so many are kept as well, and full ones count among them: an older differential
one goes with the incremental ones that need it. A full one never goes for that reason. WAL is kept
from the beginning of the oldest full copy on, so a differential copy takes no moment with it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from standfast.mechanisms.backup.engine import Copy, Kind

KEEP_DIFFERENTIALS = 3
"""So many days have copies of every turn; before them there are full ones, and WAL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    fulls: int
    differentials: int = KEEP_DIFFERENTIALS


def kept(copies: Iterable[Copy], policy: Policy) -> tuple[Copy, ...]:
    """Oldest first."""
    ordered = tuple(sorted(copies, key=lambda each: each.began_at))
    fulls = [each for each in ordered if each.kind is Kind.FULL]
    left = without(ordered, fulls[: -policy.fulls])
    larger = [each for each in left if each.kind is not Kind.INCREMENTAL]
    too_many = larger[: -policy.differentials]
    return without(left, [each for each in too_many if each.kind is Kind.DIFFERENTIAL])


def without(copies: Iterable[Copy], going: Iterable[Copy]) -> tuple[Copy, ...]:
    """`copies` oldest first. Those that need one that goes, go too."""
    gone = {each.name for each in going}
    left = []
    for copy in copies:
        if copy.name in gone or gone & {*copy.needs}:
            gone.add(copy.name)
        else:
            left.append(copy)
    return tuple(left)


def after_next_full(copies: Iterable[Copy], policy: Policy, now: datetime) -> tuple[Copy, ...]:
    """Those that will still be there when a full copy has been taken."""
    coming = Copy(
        name="",
        kind=Kind.FULL,
        began_at=now,
        finished_at=now,
        first_segment="",
        last_segment="",
        needs=(),
        database_bytes=0,
        stored_bytes=0,
    )
    return tuple(each for each in kept([*copies, coming], policy) if each is not coming)
