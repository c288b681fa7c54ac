"""`standfast drill`: a deliberate fault, measured from where customers are."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import click

from standfast.cli.account import enter_account
from standfast.cli.app import App, open_app
from standfast.cli.progress import Progress
from standfast.config import PROJECT
from standfast.core.command import Command, start
from standfast.core.errors import Refused
from standfast.core.units import stamp
from standfast.mechanisms.hosts.local.names import inside
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.keys import custody
from standfast.mechanisms.rollout.run import answers
from standfast.mechanisms.web.plan import Release
from standfast.promises.catalog import REDUNDANT_WEB
from standfast.promises.judge import judge
from standfast.promises.model import Outcome
from standfast.proofs.drills.guard import guarded
from standfast.proofs.drills.web_server import Course, Ran, WebServerDrill

CANARY = "canary@example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerHere:
    app: App

    def cut(self, machine: str) -> None:
        self.app.here.container(machine).power_cut()

    def restore(self, machine: str) -> None:
        self.app.here.container(machine).power_on()


@dataclass(frozen=True, slots=True, kw_only=True)
class VantageHere:
    app: App

    def start(self, plan: bytes) -> IO[bytes]:
        words = (sys.executable, "-m", "standfast.proofs.drills.load")
        process = start(
            Command(
                argv=(*inside(self.app.site.local_names.vantage), *words),
                environment={"PYTHONPATH": str(PROJECT / "src")},
            ),
            stderr=None,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(plan)
        process.stdin.close()
        return process.stdout


@click.command()
@click.argument("name", type=click.Choice(["web-server"]))
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_obj
def drill(file: Path | None, name: str, as_json: bool) -> int:
    """Cut the power of one web machine under load, and measure what customers notice.

    The machine gets its power back, however this ends. The result is not logged as evidence yet.
    """
    app = open_app(file)
    app.must_exist()
    if not app.site.made_here:
        raise Refused("drills on listed machines need their operator's consent, which comes later")
    progress = Progress(quiet=as_json)
    ran = web_server(app, file, progress)
    outcome = judge(REDUNDANT_WEB.objective, ran.measured)
    if as_json:
        click.echo(json.dumps({"proofs": [as_proof(ran, name, outcome)]}))
    else:
        progress.end()
        click.echo(f"{REDUNDANT_WEB.id} {outcome}: {ran.story[0]}")
    return {Outcome.KEPT: 0, Outcome.BROKEN: 1, Outcome.INCONCLUSIVE: 3}[outcome]


def web_server(app: App, file: Path | None, progress: Progress) -> Ran:
    webs = app.site.having(Role.WEB)
    secrets = custody.ensure(app.site.folders.secrets)
    deployed = Release(digest=(app.site.folders.home / "migrated").read_text())
    enter_account(app, deployed, CANARY, secrets.canary_password)
    attack = WebServerDrill(
        power=PowerHere(app=app),
        vantage=VantageHere(app=app),
        serving=lambda: serving(app),
        clock=app.clock,
        tell=lambda words: progress.tell("drill", words),
    )
    target = webs[0].name
    run = str(custody.fresh_identifier())
    with guarded(power_on_words(file, target)):
        return attack.run(contract(app, secrets.canary_password), target, run, Course())


def power_on_words(file: Path | None, machine: str) -> tuple[str, ...]:
    chosen = ("--file", str(file.resolve())) if file else ()
    run = "from standfast.cli import main; main()"
    return (sys.executable, "-c", run, *chosen, "power-on", machine)


@click.command("power-on", hidden=True)
@click.argument("machine")
@click.pass_obj
def power_on(file: Path | None, machine: str) -> None:
    """Give one machine made here its power back. Safe to repeat."""
    open_app(file).here.container(machine).power_on()


def serving(app: App) -> Mapping[str, bool]:
    return {
        web.name: answers(app.connection(web.name), app.site.service)
        for web in app.site.having(Role.WEB)
    }


def contract(app: App, password: str) -> Mapping[str, Any]:
    canary = app.site.service.canary.model_dump(mode="json", by_alias=True, exclude={"account"})
    edge = app.site.having(Role.EDGE)[0]
    return {
        **canary,
        "account": CANARY,
        "password": password,
        "address": str(edge.public),
        "port": 443,
        "host": str(edge.public),
        "ca_file": str(app.site.folders.home / "ca.pem"),
    }


def as_proof(ran: Ran, name: str, outcome: Outcome) -> Mapping[str, Any]:
    return {
        "promise": REDUNDANT_WEB.id,
        "drill": name,
        "outcome": outcome,
        "grade": None,
        "objective": dict(REDUNDANT_WEB.objective),
        "measured": ran.measured,
        "started_at": stamp(ran.started_at),
        "ended_at": stamp(ran.ended_at),
        "evidence": None,
    }
