"""Whether each change is on two machines, from looks at both ends; and when that is worth a word in
the log. Pure.

A look asks every database machine at once: the primary writes a canary and says for whom its
commits wait, the others say whether they have it. Only what both ends agree on says that there are
two copies. That there is one the primary's end can say alone, because no commit waits for a machine
that it does not send to. Whoever does not answer says nothing: an observer that sees half of it is
blind, and calls nothing broken.

A word is a change: red where the log says kept, green where it says broken. Neither follows from
one look: a receiver that starts anew has gone for a moment, and one that flaps is not back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from standfast.core.units import duration
from standfast.promises.judge import judge
from standfast.promises.model import Figures, Outcome

RED_AFTER_S = 2.0
"""From the beginning of the first look that saw one copy to the end of the last. A power cut is
seen after the two seconds of wal_sender_timeout, and is to be in the log within ten."""

GREEN_AFTER_S = 4.0
LOOKS = 2
"""As many at least, in a row."""

WINDOW_S = 30.0
"""What is older than this says nothing of now."""

WAITS = frozenset({"on", "remote_write", "remote_apply"})
"""Settings of synchronous_commit with which a commit waits for another machine to have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimaryEnd:
    """`senders`: name, state and sync_state of each receiver. `answered_at`: by the observer's
    clock, as all moments here."""

    acknowledged: bool
    level: str
    senders: tuple[tuple[str, str, str], ...]
    answered_at: float

    @property
    def waits_for(self) -> frozenset[str]:
        """The machines that have every change before it is acknowledged."""
        if self.level not in WAITS:
            return frozenset()
        return frozenset(
            name for name, state, how in self.senders if (state, how) == ("streaming", "sync")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondaryEnd:
    has_come: bool
    receives: bool
    answered_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One canary. Who did not answer is in neither: `primaries` has one name when all is well."""

    began_at: float
    ended_at: float
    now: datetime
    run: str
    primaries: Mapping[str, PrimaryEnd]
    secondaries: Mapping[str, SecondaryEnd]


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A change that is seen, with the looks that show it, oldest first."""

    outcome: Outcome
    looks: tuple[Look, ...]
    measured: dict[str, float]
    story: tuple[str, ...]


def figures(look: Look) -> dict[str, float]:
    """`missing_copies` and `mirrored_s`, as the drill measures them; empty for a look that cannot
    tell. `mirrored_s` is left out where the canary came nowhere."""
    if len(look.primaries) != 1:
        return {}
    (primary,) = look.primaries.values()
    waits_for = primary.waits_for
    seen = {name: end for name, end in look.secondaries.items() if name in waits_for}
    holding = [end for end in seen.values() if end.receives and end.has_come]
    if holding and not primary.acknowledged:
        return {}
    if holding:
        return {"missing_copies": 0, "mirrored_s": mirrored_s(primary, holding)}
    if len(seen) < len(waits_for):
        return {}
    come = [end for end in look.secondaries.values() if end.has_come]
    return {"missing_copies": 1, **({"mirrored_s": mirrored_s(primary, come)} if come else {})}


def mirrored_s(primary: PrimaryEnd, ends: Iterable[SecondaryEnd]) -> float:
    """From the acknowledgement until the first of them had it; the ways there and back count
    against it, and before the acknowledgement is at once."""
    first = min(end.answered_at for end in ends)
    return round(max(0.0, first - primary.answered_at), 3)


def decide(looks: Sequence[Look], said: Outcome | None, objective: Figures) -> Word | None:
    """`looks`: of the last seconds, oldest first. `said`: what the log says, None where nothing was
    proven yet, and then nobody is the first to say that it is broken."""
    if said is Outcome.KEPT:
        return turned(looks, Outcome.BROKEN, objective, after_s=RED_AFTER_S)
    if said is Outcome.BROKEN:
        return turned(looks, Outcome.KEPT, objective, after_s=GREEN_AFTER_S)
    return None


def turned(
    looks: Sequence[Look], to: Outcome, objective: Figures, *, after_s: float
) -> Word | None:
    row = last_in_a_row(looks, to, objective)
    if len(row) < LOOKS or row[-1].ended_at - row[0].began_at < after_s:
        return None
    measured = worst(row)
    return Word(outcome=to, looks=row, measured=measured, story=told(row, measured, to))


def last_in_a_row(looks: Sequence[Look], outcome: Outcome, objective: Figures) -> tuple[Look, ...]:
    """The last looks that could tell and told this; nothing if the very last one could not."""
    row: list[Look] = []
    for look in reversed(looks):
        found = judge(objective, figures(look))
        if found is Outcome.INCONCLUSIVE and row:
            continue
        if found is not outcome:
            break
        row.append(look)
    return tuple(reversed(row))


def worst(looks: Iterable[Look]) -> dict[str, float]:
    found: dict[str, float] = {}
    for look in looks:
        for name, value in figures(look).items():
            found[name] = max(value, found.get(name, value))
    return found


def told(looks: Sequence[Look], measured: Figures, outcome: Outcome) -> tuple[str, ...]:
    last = looks[-1]
    ((name, primary),) = last.primaries.items()
    waits_for = ", ".join(sorted(primary.waits_for))
    lasted_s = last.ended_at - looks[0].began_at
    if outcome is Outcome.KEPT:
        first = (
            f"{len(looks)} canaries in {lasted_s:.0f} s, written on {name}, were on {waits_for} "
            f"within {duration(measured['mirrored_s'])}"
        )
    elif waits_for:
        first = f"for {lasted_s:.0f} s what was written on {name} was not on {waits_for} in time"
    else:
        first = f"for {lasted_s:.0f} s {name} has waited for no other machine to have a change"
    return (first, *(f"{name} sees {each[0]}: {each[1]}, {each[2]}" for each in primary.senders))


def seen(observer: str, word: Word) -> dict[str, Any]:
    """What goes into the evidence beside the figures: plain JSON."""
    last = word.looks[-1]
    ((name, primary),) = last.primaries.items()
    return {
        "observer": observer,
        "primary": name,
        "synchronous_commit": primary.level,
        "receivers": [list(each) for each in primary.senders],
        "answered": sorted(last.secondaries),
        "looks": len(word.looks),
    }


def recent(looks: Iterable[Look], *, now: float) -> tuple[Look, ...]:
    return tuple(each for each in looks if now - each.ended_at <= WINDOW_S)
