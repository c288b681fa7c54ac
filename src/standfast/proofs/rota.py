"""When each drill or observation runs next by itself, and whether its check must be seen red
first. Pure.

A part is ripe once three fourths of its period are over: a proof then lies in every slot, with a
fourth of the period left to try again in. One that is not kept is ripe at once. Whatever was tried
rests for a part of its period, half an hour of a day, so that a drill that fails does not disturb
all the time, and one that disturbs so much that it is due monthly rests longer. On machines that
belong to somebody a drill waits for a window; if none would open between ripe and due, it runs
in the one before.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from standfast.evidence.consent import Standing
from standfast.evidence.state import PartState
from standfast.promises.model import Part, Promise, State
from standfast.proofs.permission import Rules
from standfast.proofs.register import REGISTER, Kind
from standfast.proofs.windows import opens_at

RIPE = 3 / 4
REST = 1 / 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """`doubt`: the check is seen red first, then the proof is made, which is one like any other."""

    promise: Promise
    part: Part
    at: datetime
    doubt: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """`states`: by drill, as every reader derives them. `tried`: by drill, when it last began to
    run by itself, whatever came of it."""

    states: Mapping[str, PartState]
    tried: Mapping[str, datetime]
    standing: Standing
    rules: Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """To run from `ripe` on, if need be from `rested` on, and before `due`."""

    ripe: datetime
    rested: datetime
    due: datetime | None


def turns(promises: Iterable[Promise], known: Known, *, now: datetime) -> tuple[Turn, ...]:
    """In the order in which they come. What nobody consented to has none; while drills are paused
    only observations have."""
    found = (_turn(promise, part, known, now=now) for promise in promises for part in promise.parts)
    return tuple(sorted((each for each in found if each), key=lambda each: each.at))


def _turn(promise: Promise, part: Part, known: Known, *, now: datetime) -> Turn | None:
    """Whichever comes first; at the same moment the one that sees red before it proves."""
    state = known.states.get(part.drill)
    rest = promise.period * REST
    rested = max(now, known.tried.get(part.drill, now - rest) + rest)
    proof = _proof(promise, state, rested, now)
    disturbs = REGISTER[part.drill].kind is Kind.DRILL
    moments = {
        True: _allowed(part, known, _red(promise, state, rested)),
        False: _allowed(part, known, proof) if disturbs else proof.ripe,
    }
    found = [(at, not doubt) for doubt, at in moments.items() if at is not None]
    if not found:
        return None
    at, plain = min(found)
    return Turn(promise=promise, part=part, at=at, doubt=not plain)


def _red(promise: Promise, state: PartState | None, rested: datetime) -> Wish:
    if state is None or state.calibrated_at is None:
        return Wish(ripe=rested, rested=rested, due=None)
    return Wish(
        ripe=max(rested, state.calibrated_at + promise.calibrated_within * RIPE),
        rested=rested,
        due=state.calibrated_at + promise.calibrated_within,
    )


def _proof(promise: Promise, state: PartState | None, rested: datetime, now: datetime) -> Wish:
    """That its check was not seen red lately is no reason to prove it again without that."""
    if state is None or state.proven_at is None:
        return Wish(ripe=rested, rested=rested, due=None)
    seen_red = state.calibrated_at
    fresh = seen_red is not None and now <= seen_red + promise.calibrated_within
    at_once = state.state is State.BROKEN or (state.state is State.UNPROVEN and fresh)
    ripe = rested if at_once else max(rested, state.proven_at + promise.period * RIPE)
    return Wish(ripe=ripe, rested=rested, due=state.due_at)


def _allowed(part: Part, known: Known, wish: Wish) -> datetime | None:
    """When it may disturb: nobody's word is in its way, and a window is open."""
    rules, said = known.rules, known.standing
    if said.pause is not None and said.pause.holds(wish.ripe):
        if said.pause.until is None:
            return None
        wish = replace(wish, ripe=said.pause.until, rested=said.pause.until)
    if not rules.listed:
        return wish.ripe
    return _in_window(rules, wish) if part.drill in said.consented else None


def _in_window(rules: Rules, wish: Wish) -> datetime | None:
    """The first after it is ripe; the one before, should no other open in time."""
    opens = opens_at(rules.windows, rules.zone, wish.ripe)
    if wish.due is None or (opens is not None and opens < wish.due):
        return opens
    return opens_at(rules.windows, rules.zone, wish.rested)
