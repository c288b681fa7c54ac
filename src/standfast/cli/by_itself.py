"""`standfast prove --due` and `--watch`: what has to be proven again, without anybody asking.

Each look reads the operator's file and the log anew, so a pause, a consent or a changed file counts
from the next one on. The site is held for as long as something runs, and no longer.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import click

from standfast.cli.app import App, open_app
from standfast.cli.attack import Attack
from standfast.cli.drills import rules
from standfast.cli.heal import heal_leftovers
from standfast.cli.listed import as_reached
from standfast.cli.lock import working_on
from standfast.cli.progress import Progress
from standfast.cli.promises import away
from standfast.cli.proving import Logged, Prover
from standfast.cli.record import log_of
from standfast.cli.settling import wait_until_settled
from standfast.cli.told import entry, status_of
from standfast.cli.tried import Tried
from standfast.cli.up import observed, tried
from standfast.config import PROJECT
from standfast.core.clock import Clock
from standfast.core.command import Command, call
from standfast.core.errors import StandfastError
from standfast.core.units import stamp
from standfast.evidence.consent import standing
from standfast.mechanisms.hosts.local import document
from standfast.proofs.drills.ground import NotBack
from standfast.proofs.rota import Known, Turn, turns

POLL_S = 60.0
"""A pause or a consent is noticed within this, and so is a proof that has become due."""


def prove_due(file: Path | None, as_json: bool) -> int:
    """What is due now, one after the other; then when the next one is."""
    progress = Progress(quiet=as_json)
    app = open_app(file)
    app.must_exist()
    logged: list[Logged] = []
    failures: list[StandfastError] = []
    coming = upcoming(app)
    if any(each.at <= app.clock.now() for each in coming):
        with working_on(app, "standfast prove --due"):
            heal_leftovers(app)
            prover = Prover(attack=Attack(app=as_reached(app), progress=progress, file=file))
            began = app.clock.now()
            logged.extend(taken(prover, coming, failures))
            wait_until_settled(app, progress, since=began)
        coming = upcoming(app)
    if as_json:
        click.echo(json.dumps(documented(logged, coming)))
    else:
        click.echo(words(coming, app.clock.now()))
    if failures:
        raise failures[0]
    return status_of(logged)


def taken(
    prover: Prover, coming: tuple[Turn, ...], failures: list[StandfastError]
) -> Iterator[Logged]:
    """Each that is due when its turn comes. One that cannot be tried keeps nobody from the next,
    unless a machine did not come back."""
    app, progress = prover.attack.app, prover.attack.progress
    for turn in coming:
        now = app.clock.now()
        if turn.at > now:
            continue
        Tried(file=remembered(app)).begin(turn.part.drill, now)
        try:
            logged = one(prover, turn, progress)
        except NotBack as error:
            failures.append(error)
            return
        except StandfastError as error:
            progress.say(f"  {error.problem}")
            failures.append(error)
            continue
        yield logged


def one(prover: Prover, turn: Turn, progress: Progress) -> Logged:
    """What may not be planted now is at least looked at."""
    if turn.doubt and prover.attack.forbidden(turn.part, planting=True) is None:
        return tried(prover, turn.promise, turn.part, progress)
    progress.say(f"\n{turn.promise.id}, {turn.part.drill}: {turn.promise.statement}")
    logged = observed(prover, turn.promise, turn.part, progress)
    if logged.unwell:
        raise logged.unwell
    return logged


def watch_for_due(words: Sequence[str], clock: Clock) -> NoReturn:
    """`words`: the command that proves what is due. Each look is a process of its own, so whatever
    goes wrong in one of them is over with it; this ends when somebody stops it."""
    while True:
        call(Command(argv=tuple(words)))
        clock.sleep(POLL_S)


def own_words(file: Path | None, identity: str | None) -> tuple[str, ...]:
    """`standfast prove --due` of this site, from wherever it is called."""
    chosen = file or Path(document.FILE)
    return (
        str(PROJECT / "bin" / "standfast"),
        *(("--file", str(chosen.resolve())) if chosen.is_file() else ()),
        *(("--identity", str(Path(identity).expanduser().resolve())) if identity else ()),
        "prove",
        "--due",
    )


def upcoming(app: App) -> tuple[Turn, ...]:
    """Raises `CannotVerify` when the log cannot be read: without it nobody knows what is due."""
    verified = log_of(app).verification()
    known = Known(
        states={part.drill: part for state in verified.states for part in state.parts},
        tried=Tried(file=remembered(app)).known(),
        standing=standing(verified.record.entries),
        rules=rules(app),
    )
    return turns(app.site.promises, known, now=app.clock.now())


def remembered(app: App) -> Path:
    return app.site.folders.home / "tried.json"


def documented(logged: Sequence[Logged], coming: Sequence[Turn]) -> Mapping[str, Any]:
    """The shape of design §11, and what comes next."""
    return {
        "proofs": [entry(each) for each in logged],
        "next": [
            {
                "promise": each.promise.id,
                "drill": each.part.drill,
                "at": stamp(each.at),
                "doubt": each.doubt,
            }
            for each in coming
        ],
    }


def words(coming: Sequence[Turn], now: datetime) -> str:
    if not coming:
        return "Nothing is due by itself; `standfast drills` says what each waits for."
    first = coming[0]
    return f"Next is {first.part.drill} of {first.promise.id}, {away(first.at, now)}."
