"""All that the log says about one part of a promise, sorted into what counts and what does not.

The log holds whatever was signed. Whether it is worth anything is decided here, from the log
alone, by everybody who reads it, with one rule above the others: nothing may hide a failure. A
broken proof counts whenever it was made; a kept one only inside the slot that announced it and
under the objective that was announced.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from standfast.evidence.read import Entry
from standfast.evidence.scope import left_out
from standfast.evidence.sealed import Details, revealed, seal_of, unsealed
from standfast.evidence.slots import CLOCK_TOLERANCE, Announced, announced
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
    slots: tuple[Announced, ...]
    proofs: tuple[Counted, ...]
    objections: tuple[Objection, ...]
    calibrated: Calibrated | None

    @property
    def current(self) -> Announced:
        """The newest announcement: what is promised now."""
        return self.slots[-1]

    @property
    def newest(self) -> Counted | None:
        """The newest conclusive proof. By its own date: an old one put in again stays old."""
        conclusive = [each for each in self.proofs if each.proof.outcome is not INCONCLUSIVE]
        return max(conclusive, key=lambda each: (each.proof.ended_at, each.index), default=None)


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
        for entry in entries
        if isinstance(entry.statement.predicate, Proof) and entry.index not in counted
    }


def ever_promised(entries: Sequence[Entry], *, now: datetime) -> tuple[Dossier, ...]:
    slots: dict[Part, list[Announced]] = {}
    for each in announced(entries, now=now):
        slots.setdefault(Part(each.slot.promise, each.drill), []).append(each)
    belonging, details = sorted_in(entries, slots), revealed(entries)
    return tuple(
        _dossier(part, tuple(of_it), belonging.get(part, ()), details, now=now)
        for part, of_it in slots.items()
    )


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


def _dossier(
    part: Part,
    slots: tuple[Announced, ...],
    entries: Iterable[Entry],
    details: Mapping[str, Details],
    *,
    now: datetime,
) -> Dossier:
    by_index = {each.index: each for each in slots}
    proofs: list[Counted] = []
    objections: list[Objection] = []
    calibrations: list[Calibrated] = []
    for entry in entries:
        match entry.statement.predicate:
            case Proof() as proof:
                why = objection(entry.index, proof, by_index, now=now)
                if why:
                    objections.append(Objection(index=entry.index, why=why))
                else:
                    proofs.append(Counted(index=entry.index, proof=unsealed(proof, details)))
            case Calibration() as seen:
                if calibrates(seen, slots[-1].slot.objective, now=now):
                    calibrations.append(Calibrated(index=entry.index, calibration=seen))
            case _:
                pass
    return Dossier(
        promise=part.promise,
        drill=part.drill,
        slots=slots,
        proofs=tuple(proofs),
        objections=tuple(objections),
        calibrated=max(calibrations, key=lambda each: (each.at, each.index), default=None),
    )


def objection(
    index: int, proof: Proof, slots: dict[int, Announced], *, now: datetime
) -> str | None:
    """Why this proof does not count, in words, or None when it does."""
    if proof.ended_at > now + CLOCK_TOLERANCE:
        return "it ends in the future"
    if contradicts_its_figures(proof):
        return f"it says {proof.outcome}, its figures do not"
    if proof.outcome is not Outcome.KEPT:
        return None
    slot = slots.get(proof.slot)
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
