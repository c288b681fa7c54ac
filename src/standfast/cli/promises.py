"""Promises on the command line: one shape for `--json`, one for people, one exit status."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from textwrap import wrap
from typing import Any

from standfast.core.units import duration, stamp
from standfast.evidence.state import PartState, PromiseState
from standfast.promises.model import Figures, Part, Promise, State

WIDTH = 80
INDENT = " " * 4


def exit_status(states: Iterable[State]) -> int:
    """0 when all are kept, 1 when one is broken, 3 when one could not be shown."""
    found = set(states)
    if State.BROKEN in found:
        return 1
    return 3 if State.UNPROVEN in found else 0


def document(state: PromiseState) -> Mapping[str, Any]:
    """The shape of design §11. `objective`, `measured` and `worst` are figures where one drill
    proves the promise, and a table of them by drill where several do; `drills` has one element for
    each drill, always."""
    return {
        "id": state.promise,
        "statement": state.statement,
        "state": state.state,
        "grade": state.grade,
        "reason": state.reason,
        "objective": by_drill({each.drill: each.objective for each in state.parts}),
        "measured": by_drill({each.drill: each.measured for each in state.parts}),
        "worst": by_drill({each.drill: each.worst for each in state.parts}),
        "proven_at": moment(state.proven_at),
        "due_at": moment(state.due_at),
        "calibrated_at": moment(state.calibrated_at),
        "evidence": {"index": state.weakest.latest, "calibration": state.weakest.calibration},
        "drills": [of_part(each) for each in state.parts],
    }


def of_part(part: PartState) -> Mapping[str, Any]:
    return {
        "drill": part.drill,
        "state": part.state,
        "grade": part.grade,
        "reason": part.reason,
        "objective": dict(part.objective),
        "measured": None if part.measured is None else dict(part.measured),
        "worst": None if part.worst is None else dict(part.worst),
        "proven_at": moment(part.proven_at),
        "due_at": moment(part.due_at),
        "calibrated_at": moment(part.calibrated_at),
        "evidence": {"index": part.latest, "calibration": part.calibration},
    }


def by_drill(figures: Mapping[str, Figures | None]) -> Mapping[str, Any] | None:
    found = {drill: None if of_it is None else dict(of_it) for drill, of_it in figures.items()}
    return next(iter(found.values())) if len(found) == 1 else found


def unread(promise: Promise, why: str) -> Mapping[str, Any]:
    """A promise whose evidence could not be read: nothing may be claimed."""
    return document(
        PromiseState(
            promise=promise.id,
            statement=promise.statement,
            parts=tuple(unread_part(each, why) for each in promise.parts),
        )
    )


def unread_part(part: Part, why: str) -> PartState:
    return PartState(
        drill=part.drill,
        proof=part.proof,
        state=State.UNPROVEN,
        grade=None,
        objective=part.objective,
        default_objective=part.objective,
        measured=None,
        worst=None,
        proven_at=None,
        due_at=None,
        calibrated_at=None,
        reason=why,
        latest=None,
        calibration=None,
        stand_ins=(),
        missed=(),
        history=(),
    )


def moment(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)


def lines(promise: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """For people, at 80 columns. State and grade are always said together."""
    grade = f", {promise['grade']}" if promise["grade"] else ""
    yield f"  {promise['id']}: {promise['state']}{grade}"
    yield from indented(promise["statement"])
    if promise["state"] != State.KEPT:
        yield from indented(f"{promise['reason']}.")
    for part in promise["drills"]:
        if part["measured"]:
            yield from indented(f"{part['drill']}: {figures(part)}")
    yield from indented(times(promise, now))


def figures(part: Mapping[str, Any]) -> str:
    measured, objective = part["measured"], part["objective"]
    said = (
        f"{name} {measured[name]:g} (at most {limit:g})"
        for name, limit in objective.items()
        if name in measured
    )
    return ", ".join(said)


def times(promise: Mapping[str, Any], now: datetime) -> str:
    said = (
        ("proven", promise["proven_at"], ""),
        ("seen red", promise["calibrated_at"], "never seen red"),
        ("due", promise["due_at"], ""),
    )
    return ", ".join(
        f"{word} {away(datetime.fromisoformat(at), now)}" if at else never
        for word, at, never in said
        if at or never
    )


def away(at: datetime, now: datetime) -> str:
    return f"in {duration(at - now)}" if at > now else f"{duration(now - at)} ago"


def indented(text: str) -> Iterator[str]:
    yield from wrap(text, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)
