"""`standfast prove`, `drill` and `doubt`: attack what is promised, and log what came of it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import wrap
from typing import Any

import click

from standfast.cli.app import App, open_app
from standfast.cli.attack import Attack
from standfast.cli.drills import disturbs
from standfast.cli.handover import hand_over
from standfast.cli.heal import heal_leftovers
from standfast.cli.lock import working_on
from standfast.cli.progress import WIDTH, Progress
from standfast.cli.proving import Logged, Prover
from standfast.cli.record import log_of
from standfast.core.errors import ConfigError
from standfast.core.units import stamp
from standfast.evidence.consent import consented, standing
from standfast.evidence.statement import Calibration, Proof, TextNotice
from standfast.promises.model import Outcome, Part, Promise
from standfast.proofs.register import REGISTER

STATUS: Mapping[Outcome, int] = {Outcome.KEPT: 0, Outcome.BROKEN: 1, Outcome.INCONCLUSIVE: 3}

as_json_option = click.option(
    "--json", "as_json", is_flag=True, help="One JSON document on stdout."
)

consent_option = click.option(
    "--consent",
    is_flag=True,
    help="Listed machines may be disturbed now, and from now on in the windows of [drills].",
)


@click.command()
@click.argument("promises", nargs=-1, metavar="[PROMISE]…")
@as_json_option
@click.pass_obj
def prove(file: Path | None, promises: tuple[str, ...], as_json: bool) -> int:
    """Attack each PROMISE (all of them, if none is named), and log the proofs as evidence.

    Machines may lose their power for some seconds, one at a time; they get it back, however this
    ends.
    """
    with at_work(file, "prove", as_json) as prover:
        chosen = [promised(prover.attack.app, each) for each in promises]
        return shown(prover, parts(chosen or prover.attack.app.site.promises), as_json)


DRILLS = "\b\n" + "\n".join(
    line
    for name, check in sorted(REGISTER.items())
    for line in wrap(
        f"{name}: {check.words}", WIDTH - 2, subsequent_indent=" " * 4, break_on_hyphens=False
    )
)


@click.command(
    help=f"""Run one drill: a deliberate fault under load, or an observation; see it measured.

A machine that is switched off gets its power back, however this ends, and what was measured is
logged as evidence.

{DRILLS}
"""
)
@click.argument("name", type=click.Choice(sorted(REGISTER)), metavar="NAME")
@click.option(
    "--machine", metavar="MACHINE", help="The machine that fails, instead of a drawn one."
)
@consent_option
@as_json_option
@click.pass_obj
def drill(file: Path | None, name: str, machine: str | None, consent: bool, as_json: bool) -> int:
    with at_work(file, "drill", as_json, chosen=machine, consent=consent) as prover:
        chosen = [
            (promise, part)
            for promise, part in parts(prover.attack.app.site.promises)
            if part.drill == name
        ]
        if not chosen:
            raise ConfigError(f"this site promises nothing that the drill {name} would prove")
        status = shown(prover, chosen, as_json)
        remember_consent(prover.attack, [name])
        return status


@click.command()
@click.argument("promise")
@consent_option
@as_json_option
@click.pass_obj
def doubt(file: Path | None, promise: str, consent: bool, as_json: bool) -> int:
    """Plant a fault that must turn PROMISE red, see it red, remove it, and see it green again.

    A promise that several drills prove is doubted drill by drill. Visitors of this site meet what
    the fault does for some seconds: for redundant-web the edge goes blind and a web machine loses
    its power. The fault removes itself even if this command dies.
    """
    with at_work(file, "doubt", as_json, consent=consent) as prover:
        chosen = parts([promised(prover.attack.app, promise)])
        seen, proofs = [], []
        for of, part in chosen:
            found, proof = prover.doubt(of, part)
            prover.attack.progress.end()
            seen.append(found)
            proofs.append(proof)
            if not as_json:
                tell(proof)
        if as_json:
            click.echo(json.dumps(doubted(seen, proofs)))
        remember_consent(prover.attack, [part.drill for _, part in chosen])
        return finished(proofs)


def remember_consent(attack: Attack, drills: Iterable[str]) -> None:
    """On machines that belong to somebody a drill that was run by hand with the operator's consent
    may from now on run in its windows: said in the log, for all operators."""
    app = attack.app
    if app.site.made_here or not attack.consent:
        return
    known = standing(log_of(app).record().entries).consented
    for name in drills:
        if disturbs(name) and name not in known:
            hand_over(app, TextNotice(text=consented(name), at=app.clock.now()))


def doubted(seen: Sequence[Calibration | None], proofs: Sequence[Logged]) -> Mapping[str, Any]:
    """`calibration` is the last one, for a promise of one drill; `calibrations` has them all."""
    calibrations = [calibrated(each) if each else None for each in seen]
    return {
        "calibration": calibrations[-1],
        "calibrations": calibrations,
        "proofs": [entry(each) for each in proofs],
    }


def parts(promises: Iterable[Promise]) -> list[tuple[Promise, Part]]:
    return [(promise, part) for promise in promises for part in promise.parts]


@contextmanager
def at_work(
    file: Path | None,
    doing: str,
    as_json: bool,
    *,
    chosen: str | None = None,
    consent: bool = False,
) -> Iterator[Prover]:
    app = open_app(file)
    app.must_exist()
    progress = Progress(quiet=as_json)
    with working_on(app, f"standfast {doing}"):
        if heal_leftovers(app):
            progress.say("a drill had been interrupted; what it left is taken back")
        attack = Attack(app=app, progress=progress, file=file, chosen=chosen, consent=consent)
        yield Prover(attack=attack)


def promised(app: App, promise_id: str) -> Promise:
    found = next((each for each in app.site.promises if each.id == promise_id), None)
    if found is None:
        known = ", ".join(each.id for each in app.site.promises) or "nothing"
        raise ConfigError(
            f"this site does not promise {promise_id}", remedy=f"It promises: {known}."
        )
    return found


def shown(prover: Prover, chosen: Sequence[tuple[Promise, Part]], as_json: bool) -> int:
    proofs = []
    for promise, part in chosen:
        proofs.append(prover.prove(promise, part))
        prover.attack.progress.end()
        if not as_json:
            tell(proofs[-1])
    if as_json:
        click.echo(json.dumps({"proofs": [entry(proof) for proof in proofs]}))
    return finished(proofs)


def finished(proofs: Sequence[Logged]) -> int:
    """The exit status; a machine that did not come back is told last, when all else is done."""
    for each in proofs:
        if each.unwell:
            raise each.unwell
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
