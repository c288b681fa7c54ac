"""Promises on the command line: one shape for `--json`, one for people, one exit status."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from textwrap import wrap
from typing import Any

from standfast.core.units import duration, stamp
from standfast.evidence.state import PromiseState
from standfast.promises.model import Promise, State

WIDTH = 80
INDENT = " " * 4


def exit_status(states: Iterable[State]) -> int:
    """0 when all are kept, 1 when one is broken, 3 when one could not be shown."""
    found = set(states)
    if State.BROKEN in found:
        return 1
    return 3 if State.UNPROVEN in found else 0


def document(state: PromiseState) -> Mapping[str, Any]:
    """The shape of design §11."""
    return {
        "id": state.promise,
        "statement": state.statement,
        "state": state.state,
        "grade": state.grade,
        "reason": state.reason,
        "objective": dict(state.objective),
        "measured": None if state.measured is None else dict(state.measured),
        "worst": None if state.worst is None else dict(state.worst),
        "proven_at": moment(state.proven_at),
        "due_at": moment(state.due_at),
        "calibrated_at": moment(state.calibrated_at),
        "evidence": {"index": state.latest, "calibration": state.calibration},
    }


def unread(promise: Promise, why: str) -> Mapping[str, Any]:
    """A promise whose evidence could not be read: nothing may be claimed."""
    return {
        "id": promise.id,
        "statement": promise.statement,
        "state": State.UNPROVEN,
        "grade": None,
        "reason": why,
        "objective": dict(promise.objective),
        "measured": None,
        "worst": None,
        "proven_at": None,
        "due_at": None,
        "calibrated_at": None,
        "evidence": {"index": None, "calibration": None},
    }


def moment(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)


def lines(promise: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """For people, at 80 columns. State and grade are always said together."""
    grade = f", {promise['grade']}" if promise["grade"] else ""
    yield f"  {promise['id']}: {promise['state']}{grade}"
    yield from indented(promise["statement"])
    if promise["state"] != State.KEPT:
        yield from indented(f"{promise['reason']}.")
    if promise["measured"]:
        yield from indented(figures(promise))
    yield from indented(times(promise, now))


def figures(promise: Mapping[str, Any]) -> str:
    measured, objective = promise["measured"], promise["objective"]
    said = (
        f"{name} {measured[name]:g} (at most {limit:g})"
        for name, limit in objective.items()
        if name in measured
    )
    return f"measured: {', '.join(said)}"


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
