"""What is said of proofs: lines for people, documents for programs, one exit status for both."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any

import click

from standfast.cli.progress import WIDTH
from standfast.cli.proving import Logged
from standfast.core.units import stamp
from standfast.evidence.statement import Calibration, Proof
from standfast.promises.model import Outcome

STATUS: Mapping[Outcome, int] = {Outcome.KEPT: 0, Outcome.BROKEN: 1, Outcome.INCONCLUSIVE: 3}


def finished(proofs: Sequence[Logged]) -> int:
    """The exit status; a machine that did not come back is told last, when all else is done."""
    for each in proofs:
        if each.unwell:
            raise each.unwell
    return status_of(proofs)


def status_of(proofs: Iterable[Logged]) -> int:
    """The worst of them."""
    outcomes = {each.proof.outcome for each in proofs}
    return next((STATUS[each] for each in WORST_FIRST if each in outcomes), 0)


WORST_FIRST = (Outcome.BROKEN, Outcome.INCONCLUSIVE)


def tell(logged: Logged) -> None:
    for line in lines(logged):
        click.echo(line)


def lines(logged: Logged) -> Iterator[str]:
    """What was done and found, then the outcome and where it stands. State and grade together."""
    proof = logged.proof
    for words in proof.story:
        yield from wrap(words, WIDTH, initial_indent="  ", subsequent_indent="    ")
    where = f"entry {logged.index} of the evidence log"
    yield f"{named(proof)}: {proof.outcome}, {proof.grade}; {where}"


def named(proof: Proof) -> str:
    """The promise; with the drill where that is not the same word."""
    return f"{proof.promise} ({proof.drill})"


def entry(logged: Logged) -> Mapping[str, Any]:
    """The shape of design §11."""
    proof = logged.proof
    return {
        "promise": proof.promise,
        "drill": proof.drill,
        "outcome": proof.outcome,
        "grade": proof.grade,
        "stand_ins": list(proof.stand_ins),
        "objective": dict(proof.objective),
        "measured": dict(proof.measured),
        "started_at": stamp(proof.started_at),
        "ended_at": stamp(proof.ended_at),
        "seen": dict(proof.seen),
        "evidence": {"index": logged.index},
    }


def calibrated(seen: Calibration) -> Mapping[str, Any]:
    return {
        "promise": seen.promise,
        "drill": seen.green.drill,
        "fault": seen.fault,
        "planted_at": stamp(seen.planted_at),
        "removed_at": stamp(seen.removed_at),
        "red": {"outcome": seen.red.outcome, "measured": dict(seen.red.measured)},
        "green": {"outcome": seen.green.outcome, "measured": dict(seen.green.measured)},
    }
