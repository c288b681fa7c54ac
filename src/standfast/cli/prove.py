"""`standfast prove`, `drill` and `doubt`: attack what is promised, and log what came of it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from textwrap import wrap
from typing import Any

import click

from standfast.cli.app import App, open_app
from standfast.cli.attack import Attack
from standfast.cli.by_itself import own_words, prove_due, watch_for_due
from standfast.cli.drills import disturbs
from standfast.cli.handover import hand_over
from standfast.cli.heal import heal_leftovers
from standfast.cli.listed import as_reached
from standfast.cli.lock import working_on
from standfast.cli.progress import WIDTH, Progress
from standfast.cli.proving import Logged, Prover
from standfast.cli.record import log_of
from standfast.cli.settling import wait_until_settled
from standfast.cli.told import calibrated, entry, finished, tell
from standfast.core.clock import SystemClock
from standfast.core.errors import ConfigError
from standfast.evidence.consent import consented, standing
from standfast.evidence.statement import Calibration, TextNotice
from standfast.promises.model import Part, Promise
from standfast.proofs.register import REGISTER

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
@click.option("--due", is_flag=True, help="Only what is due now, with its check seen red in time.")
@click.option("--watch", is_flag=True, help="What is due, whenever it is, until you stop it.")
@as_json_option
@click.pass_context
def prove(
    context: click.Context, promises: tuple[str, ...], due: bool, watch: bool, as_json: bool
) -> int:
    """Attack each PROMISE (all of them, if none is named), and log the proofs as evidence.

    Machines may lose their power for some seconds, one at a time; they get it back, however this
    ends. `standfast drills schedule` lets a timer of this computer do it by itself.
    """
    file: Path | None = context.obj
    if due or watch:
        alone(promises, due=due, watch=watch, as_json=as_json)
    if watch:
        watch_for_due(own_words(file, context.find_root().params["identity"]), SystemClock())
    if due:
        return prove_due(file, as_json)
    with at_work(file, "prove", as_json) as prover:
        chosen = [promised(prover.attack.app, each) for each in promises]
        return shown(prover, parts(chosen or prover.attack.app.site.promises), as_json)


def alone(promises: Sequence[str], *, due: bool, watch: bool, as_json: bool) -> None:
    if promises:
        raise ConfigError(
            f"{promises[0]} is named, but --due and --watch choose for themselves",
            remedy="Leave out the one or the other.",
        )
    if due and watch:
        raise ConfigError("--watch includes what is due now", remedy="Leave out --due.")
    if watch and as_json:
        raise ConfigError("--watch never ends, so it has no document", remedy="Use --due --json.")


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
        remember_consent(prover.attack, [name] if disturbs(name) else [])
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
        began, seen, proofs = prover.attack.app.clock.now(), [], []
        for of, part in chosen:
            found, proof = prover.doubt(of, part)
            prover.attack.progress.end()
            seen.append(found)
            proofs.append(proof)
            if not as_json:
                tell(proof)
        settle(prover.attack, since=began)
        if as_json:
            click.echo(json.dumps(doubted(seen, proofs)))
        remember_consent(prover.attack, [part.drill for _, part in chosen])
        return finished(proofs)


def settle(attack: Attack, *, since: datetime) -> None:
    wait_until_settled(attack.app, attack.progress, since=since)
    attack.progress.end()


def remember_consent(attack: Attack, drills: Iterable[str]) -> None:
    """On machines that belong to somebody what was run by hand with the operator's consent may from
    now on run in its windows: said in the log, for all operators. An observation disturbs nothing,
    so it needs none for itself, but for the fault that is planted when it is doubted."""
    app = attack.app
    if app.site.made_here or not attack.consent:
        return
    known = standing(log_of(app).record().entries).consented
    for name in drills:
        if name not in known:
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
        attack = Attack(
            app=as_reached(app), progress=progress, file=file, chosen=chosen, consent=consent
        )
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
    began, proofs = prover.attack.app.clock.now(), []
    for promise, part in chosen:
        proofs.append(prover.prove(promise, part))
        prover.attack.progress.end()
        if not as_json:
            tell(proofs[-1])
    settle(prover.attack, since=began)
    if as_json:
        click.echo(json.dumps({"proofs": [entry(proof) for proof in proofs]}))
    return finished(proofs)
