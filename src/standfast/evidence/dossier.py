"""All that the log says about one part of a promise, sorted into what counts and what does not.

The log holds whatever was signed. Whether it is worth anything is decided here, from the log
alone, by everybody who reads it, with one rule above the others: nothing may hide a failure. A
broken proof counts whenever it was made; a kept one only inside the slot that announced it and
under the objective that was announced.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple

from standfast.evidence.entries import Entry, by_kind, folded
from standfast.evidence.scope import left_out
from standfast.evidence.sealed import Details, revealed, seal_of, unsealed
from standfast.evidence.slots import (
    CLOCK_TOLERANCE,
    NO_SLOTS,
    Announced,
    Course,
    announced,
    announcements,
    highest,
    numbered,
)
from standfast.evidence.statement import Calibration, Proof, Run
from standfast.promises.judge import judge
from standfast.promises.model import Figures, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    index: int
    proof: Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    index: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    index: int
    calibration: Calibration

    @property
    def at(self) -> datetime:
        return self.calibration.green.ended_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """Of one promise and one of its drills."""

    promise: str
    drill: str
    course: Course = NO_SLOTS
    proofs: tuple[Counted, ...] = ()
    ends: tuple[datetime, ...] = ()
    made_for: tuple[int, ...] = ()
    """Up to each proof, the latest end of one, and the latest slot for which one was made."""
    newest: Counted | None = None
    """The newest conclusive proof. By its own date: an old one put in again stays old."""
    objections: tuple[Objection, ...] = ()
    calibrated: Calibrated | None = None

    @property
    def current(self) -> Announced:
        """The newest announcement: what is promised now."""
        return self.slots[-1]

    @property
    def slots(self) -> tuple[Announced, ...]:
        return self.course.slots

    def proofs_since(self, moment: datetime) -> list[Counted]:
        """Those that ended then or later."""
        place = bisect_left(self.ends, moment)
        return [each for each in self.proofs[place:] if each.proof.ended_at >= moment]

    def proofs_for(self, slot: int) -> list[Counted]:
        """Those that were made for this slot or one that was announced later."""
        place = bisect_left(self.made_for, slot)
        return [each for each in self.proofs[place:] if each.proof.slot >= slot]


INCONCLUSIVE = Outcome.INCONCLUSIVE


def dossiers(entries: Sequence[Entry], *, now: datetime) -> tuple[Dossier, ...]:
    """One for each part for which a slot was ever announced, in the order of their slots, less
    the promises that were withdrawn since."""
    withdrawn = {each.promise for each in left_out(entries)}
    return tuple(each for each in ever_promised(entries, now=now) if each.promise not in withdrawn)


def objections(entries: Sequence[Entry], *, now: datetime) -> Mapping[int, str]:
    """Proofs that do not count, by the number of their entry, with why in words; also those of
    promises that were withdrawn since, or never made."""
    found = ever_promised(entries, now=now)
    counted = {each.index for dossier in found for each in dossier.proofs}
    why = {each.index: each.why for dossier in found for each in dossier.objections}
    return {
        entry.index: why.get(entry.index, "no slot ever announced a proof of this promise")
        for entry in by_kind(entries).proofs
        if entry.index not in counted
    }


def ever_promised(entries: Sequence[Entry], *, now: datetime) -> tuple[Dossier, ...]:
    said = folded(entries, announcements)
    if said.latest is None or said.latest <= now:
        found = folded(entries, sheets).dossiers
    else:
        found = _sheets(entries, announced(entries, now=now), now).dossiers
    details = revealed(entries)
    return tuple(_unsealed(each, details) for each in found) if details else found


def _unsealed(dossier: Dossier, details: Mapping[str, Details]) -> Dossier:
    """With what was revealed of its proofs, which may have come long after them."""
    proofs = tuple(
        replace(each, proof=unsealed(each.proof, details)) if seal_of(each.proof) else each
        for each in dossier.proofs
    )
    if proofs == dossier.proofs:
        return dossier
    return replace(dossier, proofs=proofs, newest=_latest(proofs))


@dataclass(frozen=True, slots=True)
class Sheet:
    """A dossier, and all that it may have to choose its calibration from."""

    dossier: Dossier
    calibrations: tuple[Entry, ...] = ()

    def then(self, slots: Iterable[Announced], entries: Iterable[Entry], now: datetime) -> "Sheet":
        """With what the log says of the part since: slots, and proofs and calibrations."""
        known = self.dossier
        course = known.course.then(tuple(slots))
        proofs: list[Counted] = []
        objections: list[Objection] = []
        calibrations = list(self.calibrations)
        for entry in entries:
            if not isinstance(proof := entry.statement.predicate, Proof):
                calibrations.append(entry)
            elif why := objection(entry.index, proof, course.slots, now=now):
                objections.append(Objection(index=entry.index, why=why))
            else:
                proofs.append(Counted(index=entry.index, proof=proof))
        return Sheet(
            Dossier(
                promise=known.promise,
                drill=known.drill,
                course=course,
                proofs=(*known.proofs, *proofs),
                ends=highest(known.ends, (each.proof.ended_at for each in proofs)),
                made_for=highest(known.made_for, (each.proof.slot for each in proofs)),
                newest=_latest([*([known.newest] if known.newest else []), *proofs]),
                objections=(*known.objections, *objections),
                calibrated=_newest(calibrations, course.slots[-1].slot.objective, now=now),
            ),
            tuple(calibrations),
        )


@dataclass(frozen=True, slots=True)
class Sheets:
    slots: Sequence[Announced]
    by_part: Mapping["Part", Sheet]

    @property
    def dossiers(self) -> tuple[Dossier, ...]:
        return tuple(each.dossier for each in self.by_part.values())


ALL_IS_OVER = datetime.max.replace(tzinfo=UTC) - CLOCK_TOLERANCE
"""A moment before which is all of which the log speaks."""


def sheets(before: Sheets | None, entries: Sequence[Entry], since: int) -> Sheets:
    """For a time at which the log does not speak of the future."""
    slots, now = announced(entries, now=ALL_IS_OVER), ALL_IS_OVER
    if before is None:
        return _sheets(entries, slots, now)
    count = len(before.slots)
    of_slots = _by_part(slots[count:])
    if slots[:count] != before.slots or not of_slots.keys() <= before.by_part.keys():
        # What was counted for one part before may belong to another now.
        return _sheets(entries, slots, now)
    belonging = sorted_in(entries[since:], before.by_part)
    return Sheets(
        slots,
        {
            part: each.then(of_slots.get(part, ()), belonging.get(part, ()), now)
            if part in of_slots or part in belonging
            else each
            for part, each in before.by_part.items()
        },
    )


def _sheets(entries: Sequence[Entry], slots: Sequence[Announced], now: datetime) -> Sheets:
    of_slots = _by_part(slots)
    belonging = sorted_in(entries, of_slots)
    return Sheets(
        slots,
        {
            part: Sheet(Dossier(promise=part.promise, drill=part.drill)).then(
                of_it, belonging.get(part, ()), now
            )
            for part, of_it in of_slots.items()
        },
    )


def _by_part(slots: Iterable[Announced]) -> Mapping["Part", list[Announced]]:
    found: dict[Part, list[Announced]] = {}
    for each in slots:
        found.setdefault(Part(each.slot.promise, each.drill), []).append(each)
    return found


class Part(NamedTuple):
    promise: str
    drill: str


def sorted_in(entries: Iterable[Entry], slots: Iterable[Part]) -> Mapping[Part, Sequence[Entry]]:
    """Every proof and calibration under the part that it speaks of.

    What names a drill that no slot announced counts for the promise's first part: a failure is
    not hidden by giving it another name.
    """
    first: dict[str, Part] = {}
    for part in slots:
        first.setdefault(part.promise, part)
    known = set(slots)
    found: dict[Part, list[Entry]] = {}
    for entry in entries:
        match entry.statement.predicate:
            case Proof() as proof:
                named = Part(proof.promise, proof.drill)
            case Calibration() as seen:
                named = Part(seen.promise, seen.green.drill)
            case _:
                continue
        part = named if named in known else first.get(named.promise, named)
        found.setdefault(part, []).append(entry)
    return found


def _latest(proofs: Iterable[Counted]) -> Counted | None:
    conclusive = (each for each in proofs if each.proof.outcome is not INCONCLUSIVE)
    return max(conclusive, key=lambda each: (each.proof.ended_at, each.index), default=None)


def _newest(
    calibrations: Iterable[Entry], objective: Figures, *, now: datetime
) -> Calibrated | None:
    """Of those that count under the objective of today."""
    found = (
        Calibrated(index=each.index, calibration=seen)
        for each in calibrations
        if isinstance(seen := each.statement.predicate, Calibration)
    )
    newest_first = sorted(found, key=lambda each: (each.at, each.index), reverse=True)
    return next(
        (each for each in newest_first if calibrates(each.calibration, objective, now=now)), None
    )


def objection(index: int, proof: Proof, slots: Sequence[Announced], *, now: datetime) -> str | None:
    """Why this proof does not count, in words, or None when it does."""
    if proof.ended_at > now + CLOCK_TOLERANCE:
        return "it ends in the future"
    if contradicts_its_figures(proof):
        return f"it says {proof.outcome}, its figures do not"
    if proof.outcome is not Outcome.KEPT:
        return None
    slot = numbered(slots, proof.slot)
    if slot is None or slot.index >= index:
        return "no slot before it announced it"
    if proof.objective != slot.slot.objective:
        return "its objective is not the one that its slot announced"
    if proof.started_at < slot.covers_from - CLOCK_TOLERANCE:
        return "it began before its slot did"
    if proof.ended_at > slot.slot.until + CLOCK_TOLERANCE:
        return "it ended after its slot had"
    return None


def contradicts_its_figures(run: Run) -> bool:
    """A drill may call a good-looking run inconclusive, but not a broken one. The figures of a run
    that is broken may be sealed."""
    if seal_of(run) is not None:
        return False
    says = judge(run.objective, run.measured)
    return run.outcome is not says and not (
        run.outcome is Outcome.INCONCLUSIVE and says is Outcome.KEPT
    )


def calibrates(seen: Calibration, objective: Figures, *, now: datetime) -> bool:
    """Planted, red, removed, green, in this order, and so under the objective of today.

    A check that turns red only under a stricter objective than the one on the page has not been
    seen red.
    """
    red, green = seen.red, seen.green
    ordered = (
        seen.planted_at
        <= red.started_at
        <= red.ended_at
        <= seen.removed_at
        <= green.started_at
        <= green.ended_at
        <= now + CLOCK_TOLERANCE
    )
    return (
        ordered
        and red.promise == green.promise == seen.promise
        and red.drill == green.drill
        and not contradicts_its_figures(red)
        and not contradicts_its_figures(green)
        and red.outcome is judge(objective, red.measured) is Outcome.BROKEN
        and green.outcome is judge(objective, green.measured) is Outcome.KEPT
    )
