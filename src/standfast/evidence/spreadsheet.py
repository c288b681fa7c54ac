"""Every proof in the log as rows, and every count of looks at the service, for whoever wants to
calculate with them.

One row for each figure, because drills measure different ones: a proof without figures has one row
too, so that none is missing. Rows are in the order of the log. A proof that does not count says so
and why; leaving it out would be a choice that the reader cannot see.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from standfast.core.units import stamp
from standfast.evidence.dossier import objections
from standfast.evidence.entries import Entry
from standfast.evidence.statement import SERVICE, Availability, Proof

UNITS: Mapping[str, str] = {"_s": "s", "_bytes": "bytes"}
COUNT = "count"

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a program calculate with a text instead of showing it (OWASP, CSV injection)."""


class Row(NamedTuple):
    """Times are RFC 3339 in UTC. `counts` is `yes`, or why the proof does not count. `objective` is
    an upper limit, and empty for what was measured besides."""

    time: str
    entry: str
    promise: str
    drill: str
    outcome: str
    grade: str
    counts: str
    figure: str
    measured: str
    unit: str
    objective: str


def rows(entries: Sequence[Entry], *, now: datetime) -> Iterator[Row]:
    objected = objections(entries, now=now)
    for entry in entries:
        if isinstance(proof := entry.statement.predicate, Proof):
            for name in sorted({*proof.measured, *proof.objective}) or [""]:
                yield _row(entry.index, proof, name, objected.get(entry.index, "yes"))
        if isinstance(count := entry.statement.predicate, Availability):
            yield from _rows_of(entry.index, count)


def written(found: Iterable[Row]) -> str:
    """RFC 4180, with a line of names."""
    file = io.StringIO()
    table = csv.writer(file)
    table.writerow(Row._fields)
    table.writerows([_shown(cell) for cell in row] for row in found)
    return file.getvalue()


def _row(index: int, proof: Proof, name: str, counts: str) -> Row:
    suffix = next((each for each in UNITS if name.endswith(each)), "")
    return Row(
        time=stamp(proof.ended_at),
        entry=str(index),
        promise=proof.promise,
        drill=proof.drill,
        outcome=proof.outcome,
        grade=proof.grade,
        counts=counts,
        figure=name.removesuffix(suffix),
        measured=_number(proof.measured.get(name)),
        unit=UNITS.get(suffix, COUNT) if name else "",
        objective=_number(proof.objective.get(name)),
    )


def _rows_of(index: int, count: Availability) -> Iterator[Row]:
    """Counts promise nothing: they have neither outcome nor grade."""
    outages = [(end - start).total_seconds() for start, end in count.outages]
    figures = {
        "answered": count.answered,
        "looked_s": (count.until - count.starts_at).total_seconds(),
        "looks": count.looks,
        "outage_s": sum(outages),
        "outages": len(outages),
    }
    for name, value in figures.items():
        yield Row(
            time=stamp(count.until),
            entry=str(index),
            promise=SERVICE,
            drill="",
            outcome="",
            grade="",
            counts="yes",
            figure=name.removesuffix("_s"),
            measured=_number(value),
            unit="s" if name.endswith("_s") else COUNT,
            objective="",
        )


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return str(int(value)) if value == int(value) else repr(value)


def _shown(cell: str) -> str:
    """A figure below zero is a number and no formula."""
    if not cell.startswith(FORMULA):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell
