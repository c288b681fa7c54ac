"""What may be said of each promise now: derived from the entries, the same by everybody.

Kept: the newest conclusive proof is kept and within its period, its check was seen red lately, and
no slot since then was missed. Broken: the newest conclusive proof is broken, however old. All else
is unproven, and the reason says in words what is lacking.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from standfast.core.units import duration, stamp
from standfast.evidence.consent import Standing, standing
from standfast.evidence.dossier import Counted, Dossier, dossiers
from standfast.evidence.entries import Entry
from standfast.evidence.sealed import WITHIN, Seal, seal_of
from standfast.evidence.slots import Proven, Span, missed, numbered
from standfast.promises.judge import judge
from standfast.promises.model import Figures, Grade, Outcome, State

LOOKING_BACK = timedelta(days=90)
"""How far history, worst figures and missed time go back: a quarter, as such reports do."""


class Past(NamedTuple):
    ended_at: datetime
    outcome: Outcome
    measured: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class PartState:
    """What one drill shows. `latest` and `calibration` are numbers of entries. `due_at` is when
    `kept` ends by itself unless something new is logged, or, when it is not kept, when the next
    proof is due."""

    drill: str
    proof: str
    state: State
    grade: Grade | None
    objective: Figures
    default_objective: Figures
    measured: Figures | None
    worst: Figures | None
    proven_at: datetime | None
    due_at: datetime | None
    calibrated_at: datetime | None
    reason: str
    latest: int | None
    calibration: int | None
    stand_ins: tuple[str, ...]
    missed: tuple[Span, ...]
    history: tuple[Past, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseState:
    """A promise is worth as much as the worst of its parts."""

    promise: str
    statement: str
    parts: tuple[PartState, ...]

    @property
    def weakest(self) -> PartState:
        return min(self.parts, key=lambda each: WORST_FIRST.index(each.state))

    @property
    def state(self) -> State:
        return self.weakest.state

    @property
    def grade(self) -> Grade | None:
        """Rehearsed if any part is; None while none was proven."""
        found = {each.grade for each in self.parts}
        return next((grade for grade in WEAKEST_FIRST if grade in found), None)

    @property
    def reason(self) -> str:
        """The weakest part's; with its name where there are several."""
        weakest = self.weakest
        if len(self.parts) == 1 or self.state is State.KEPT:
            return weakest.reason
        return f"{weakest.drill}: {weakest.reason}"

    @property
    def due_at(self) -> datetime | None:
        """The first moment that is due in any part: `kept` ends when one of them does."""
        return min((each.due_at for each in self.parts if each.due_at), default=None)

    @property
    def proven_at(self) -> datetime | None:
        """Since when all of them are: the oldest of the newest proofs."""
        return oldest([each.proven_at for each in self.parts])

    @property
    def calibrated_at(self) -> datetime | None:
        return oldest([each.calibrated_at for each in self.parts])

    @property
    def stand_ins(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(words for each in self.parts for words in each.stand_ins))


WORST_FIRST = (State.BROKEN, State.UNPROVEN, State.KEPT)
WEAKEST_FIRST = (Grade.REHEARSED, Grade.ATTESTED, Grade.REAL)


def oldest(moments: Sequence[datetime | None]) -> datetime | None:
    known = [each for each in moments if each is not None]
    return min(known) if len(known) == len(moments) else None


def derive(entries: Sequence[Entry], *, now: datetime) -> tuple[PromiseState, ...]:
    found: dict[str, list[Dossier]] = {}
    for each in dossiers(entries, now=now):
        found.setdefault(each.promise, []).append(each)
    said = standing(entries)
    return tuple(
        PromiseState(
            promise=promise,
            statement=max(parts, key=lambda each: each.current.index).current.slot.statement,
            parts=tuple(_explained(_derived(each, now), said, now) for each in parts),
        )
        for promise, parts in found.items()
    )


def _explained(part: PartState, said: Standing, now: datetime) -> PartState:
    """What operators said about drills is why a proof is lacking, where one is."""
    because = said.why_not(part.drill, now)
    if part.state is not State.UNPROVEN or not because:
        return part
    return replace(part, reason=f"{part.reason}; {because}")


def doubted(states: Iterable[PromiseState], complaints: Sequence[str]) -> tuple[PromiseState, ...]:
    """Of a log with which something is wrong, nothing is kept. What is broken stays broken."""
    if not complaints:
        return tuple(states)
    reason = f"the record cannot be relied on: {complaints[0]}"
    return tuple(
        replace(state, parts=tuple(_doubted(each, reason) for each in state.parts))
        for state in states
    )


def _doubted(part: PartState, reason: str) -> PartState:
    if part.state is not State.KEPT:
        return part
    return replace(part, state=State.UNPROVEN, reason=reason, due_at=None)


def _derived(dossier: Dossier, now: datetime) -> PartState:
    slot, newest, calibrated = dossier.current.slot, dossier.newest, dossier.calibrated
    since = now - LOOKING_BACK
    proven = _proven(dossier, since)
    missing = missed(dossier.course, proven, since=since, now=now)
    state, reason = _decided(dossier, newest, missing, now)
    history = tuple(_history(dossier, now))
    return PartState(
        drill=dossier.drill,
        proof=slot.proof,
        state=state,
        grade=newest.proof.grade if newest else None,
        objective=slot.objective,
        default_objective=slot.default_objective,
        measured=newest.proof.measured if newest else None,
        worst=_worst(each.measured for each in history),
        proven_at=newest.proof.ended_at if newest else None,
        due_at=_due_at(dossier, newest, proven, state, now),
        calibrated_at=calibrated.at if calibrated else None,
        reason=reason,
        latest=newest.index if newest else None,
        calibration=calibrated.index if calibrated else None,
        stand_ins=newest.proof.stand_ins if newest else (),
        missed=missing,
        history=history,
    )


def _proven(dossier: Dossier, since: datetime) -> Proven:
    """By what slots are proven that were not over at that moment."""
    recent = dossier.course.lasting(since)
    begins = min((each.slot.starts_at for each in recent), default=since)
    within = dossier.proofs_since(begins)
    made_for = dossier.proofs_for(recent[0].index) if recent else []
    return Proven.by([each.proof for each in (*within, *made_for)])


def _decided(
    dossier: Dossier, newest: Counted | None, missing: Sequence[Span], now: datetime
) -> tuple[State, str]:
    if newest and newest.proof.outcome is Outcome.BROKEN:
        return State.BROKEN, _sealed(newest, now) or _exceeded(newest)
    doubt = next(_doubts(dossier, newest, missing, now), None)
    return (State.UNPROVEN, doubt) if doubt else (State.KEPT, "proven, and its check was seen red")


def _doubts(
    dossier: Dossier, newest: Counted | None, missing: Sequence[Span], now: datetime
) -> Iterator[str]:
    since = newest.index if newest else -1
    for each in dossier.objections:
        if each.index > since:
            yield f"the proof in entry {each.index} does not count: {each.why}"
    for proof in dossier.proofs_since(now - LOOKING_BACK - WITHIN):
        seal = seal_of(proof.proof)
        if seal and seal.by < now <= seal.by + LOOKING_BACK:
            yield _not_revealed(proof, seal)
    if newest is None:
        yield "it has not been proven yet"
        return
    yield from _doubts_about_proof(dossier, newest, now)
    yield from _doubts_about_calibration(dossier, now)
    for span in missing:
        if span.until > newest.proof.ended_at:
            yield f"no proof was made from {stamp(span.starts_at)} to {stamp(span.until)}"


def _doubts_about_proof(dossier: Dossier, newest: Counted, now: datetime) -> Iterator[str]:
    period = _period(dossier, newest)
    if now > newest.proof.ended_at + period:
        yield f"the newest proof is more than {duration(period)} old"
    if judge(dossier.current.slot.objective, newest.proof.measured) is not Outcome.KEPT:
        yield "the objective has changed since the newest proof"


def _doubts_about_calibration(dossier: Dossier, now: datetime) -> Iterator[str]:
    within = timedelta(seconds=dossier.current.slot.calibrated_within_s)
    if dossier.calibrated is None:
        yield "its check has not been seen red yet"
    elif now > dossier.calibrated.at + within:
        yield f"its check was last seen red more than {duration(within)} ago"


def _period(dossier: Dossier, newest: Counted) -> timedelta:
    """The period of the slot that announced the proof."""
    slot = numbered(dossier.slots, newest.proof.slot)
    assert slot is not None
    return timedelta(seconds=slot.slot.period_s)


def _sealed(counted: Counted, now: datetime) -> str | None:
    seal = seal_of(counted.proof)
    if seal is None:
        return None
    if now > seal.by:
        return _not_revealed(counted, seal)
    return f"what was measured is sealed, and revealed by {stamp(seal.by)}"


def _not_revealed(counted: Counted, seal: Seal) -> str:
    return f"what entry {counted.index} measured was to be revealed by {stamp(seal.by)}"


def _exceeded(newest: Counted) -> str:
    objective, measured = newest.proof.objective, newest.proof.measured
    over = [
        f"{name} was {measured[name]:g}, at most {limit:g} was promised"
        for name, limit in objective.items()
        if name in measured and measured[name] > limit
    ]
    return "; ".join(over)


def _due_at(
    dossier: Dossier, newest: Counted | None, proven: Proven, state: State, now: datetime
) -> datetime | None:
    due = [each.slot.until for each in dossier.course.lasting(now) if not proven.within(each)]
    calibrated = dossier.calibrated
    if newest and state is State.KEPT and calibrated:
        within = timedelta(seconds=dossier.current.slot.calibrated_within_s)
        due += [newest.proof.ended_at + _period(dossier, newest), calibrated.at + within]
    return min(due, default=None)


def _history(dossier: Dossier, now: datetime) -> Iterator[Past]:
    recent = dossier.proofs_since(now - LOOKING_BACK)
    for each in sorted(recent, key=lambda each: (each.proof.ended_at, each.index)):
        yield Past(each.proof.ended_at, each.proof.outcome, each.proof.measured)


def _worst(measurements: Iterable[Figures]) -> Mapping[str, float] | None:
    worst: dict[str, float] = {}
    for figures in measurements:
        for name, value in figures.items():
            worst[name] = max(value, worst.get(name, value))
    return worst or None
