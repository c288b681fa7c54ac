"""`standfast up`: make the machines, deploy, and prove."""

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from standfast.cli.app import App, open_app
from standfast.cli.attack import Attack
from standfast.cli.bring_up import ACCOUNT, bring_up
from standfast.cli.drills import disturbs
from standfast.cli.handover import hand_over
from standfast.cli.keys import finish_rotation
from standfast.cli.listed import admit
from standfast.cli.lock import working_on
from standfast.cli.preflight import preflight
from standfast.cli.progress import Progress
from standfast.cli.proving import Logged, Prover
from standfast.cli.record import log_of
from standfast.cli.settling import wait_until_settled
from standfast.cli.told import entry, lines
from standfast.core.errors import StandfastError
from standfast.evidence.consent import standing, waiting
from standfast.evidence.statement import TextNotice
from standfast.mechanisms.keys import custody
from standfast.promises.model import Outcome, Part, Promise, State
from standfast.proofs.drills.ground import NotBack

FORETOLD = "STANDFAST_FORETOLD"
"""Set by bin/standfast when it has looked ahead in this run, before it installed something."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.option(
    "--older-secrets",
    is_flag=True,
    help="Let this copy of secrets.age count, though machines have seen another one.",
)
@click.option(
    "--adopt",
    metavar="MACHINE",
    multiple=True,
    help="Take the place of what this listed machine runs already, and keep that aside.",
)
@click.option("--no-wait", is_flag=True, help="Return when the service answers; prove nothing.")
@click.pass_obj
def up(
    file: Path | None,
    as_json: bool,
    older_secrets: bool,
    adopt: tuple[str, ...],
    no_wait: bool,
) -> int:
    """Make the machines, deploy the service, and attack what is promised until it is proven.

    Looks before it acts: a second run changes nothing, and one that was interrupted is finished.
    A promise that was not proven lately is attacked at the end, drill by drill: a fault is planted
    to see its check turn red, then the site is attacked as it is. On listed machines no drill that
    disturbs runs before you have run it by hand (`standfast drills`), and then in your windows.

    Exit status: 0 if no promise is broken, 1 if one is.
    """
    app = replace(open_app(file), older_secrets=older_secrets)
    progress = Progress(quiet=as_json)
    if app.site.made_here:
        preflight(app, progress, said=FORETOLD in os.environ)
    with working_on(app, "standfast up"):
        if not app.site.made_here:
            app = admit(app, progress, adopt)
        changed = bring_up(app, progress)
        finish_rotation(app, progress, changed)
        if not as_json:
            show(app, changed)
        attacked = () if no_wait else prove_what_is_due(app, file, progress)
    broken = any(each.proof.outcome is Outcome.BROKEN for each in attacked)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "site": app.site.name,
                    "url": app.site.url,
                    "trust_url": f"{app.site.url}trust/",
                    "ca_file": str(app.site.folders.home / "ca.pem"),
                    "changed": changed,
                    "proofs": [entry(each) for each in attacked],
                }
            )
        )
    return 1 if broken else 0


def prove_what_is_due(app: App, file: Path | None, progress: Progress) -> tuple[Logged, ...]:
    """Every promise is tried once: its check seen red, then its proof. One that is kept already
    is left alone, and what nobody consented to is not attacked."""
    kept = {
        (state.promise, part.drill)
        for state in log_of(app).verification().states
        for part in state.parts
        if part.state is State.KEPT
    }
    prover = Prover(attack=Attack(app=app, file=file, progress=progress))
    due = [
        (promise, part)
        for promise in app.site.promises
        for part in promise.parts
        if (promise.id, part.drill) not in kept
    ]
    began = app.clock.now()
    logged = all_tried(prover, due, progress)
    if due:
        wait_until_settled(app, progress, since=began)
    return logged


def all_tried(
    prover: Prover, due: Sequence[tuple[Promise, Part]], progress: Progress
) -> tuple[Logged, ...]:
    """One that cannot be tried keeps nobody from trying the others; it is told at the end. One
    that may not run is no failure: it waits."""
    logged: list[Logged] = []
    failures: list[StandfastError] = []
    for promise, part in due:
        try:
            found = tried_if_allowed(prover, promise, part, progress)
        except NotBack:
            raise  # one machine less: whatever came next would only be refused
        except StandfastError as error:
            progress.say(f"  {error.problem}")
            failures.append(error)
        else:
            if found is not None:
                logged.append(found)
    if failures:
        raise failures[0]
    return tuple(logged)


def tried_if_allowed(
    prover: Prover, promise: Promise, part: Part, progress: Progress
) -> Logged | None:
    """What may not be planted is at least looked at; what may not run says in the log that it
    waits."""
    refused = prover.attack.forbidden(part, planting=True)
    if refused is None:
        return tried(prover, promise, part, progress)
    progress.say(f"\n{promise.id}, {part.drill}: {refused.problem}")
    if refused.remedy:
        progress.say(f"  {refused.remedy}")
    if not disturbs(part.drill):
        return observed(prover, promise, part, progress)
    say_that_it_waits(prover.attack.app, part.drill)
    return None


def say_that_it_waits(app: App, drill: str) -> None:
    said, now = standing(log_of(app).record().entries), app.clock.now()
    if drill not in said.consented and not said.why_not(drill, now):
        hand_over(app, TextNotice(text=waiting(drill), at=now))


def observed(prover: Prover, promise: Promise, part: Part, progress: Progress) -> Logged:
    logged = prover.prove(promise, part)
    for line in lines(logged):
        progress.say(line)
    return logged


def tried(prover: Prover, promise: Promise, part: Part, progress: Progress) -> Logged:
    progress.say(f"\n{promise.id}, {part.drill}: {promise.statement}")
    _, logged = prover.doubt(promise, part)
    for line in lines(logged):
        progress.say(line)
    if logged.unwell:
        raise logged.unwell
    return logged


def show(app: App, changed: dict[str, Any]) -> None:
    site = app.site
    secrets = custody.ensure(app.keys.vault)
    words = ", ".join(sorted(changed)) or "nothing"
    click.echo(f"{site.name} is up; changed: {words}")
    click.echo(f"  service      {site.url}")
    click.echo(f"  sign-in      {ACCOUNT}  {secrets.account_password}")
    click.echo(f"  trust page   {site.url}trust/")
    click.echo(f"  CA file      {site.folders.home / 'ca.pem'}")
    click.echo(f"  secrets      {site.sealed.sealed}")
    if site.made_here:
        click.echo(f"  from afar    ssh -L {site.port}:127.0.0.1:{site.port} THIS-COMPUTER")
