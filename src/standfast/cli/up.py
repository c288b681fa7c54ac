"""`standfast up`: make the machines, deploy, and prove."""

import json
import os
from base64 import b64decode
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import click

from standfast.cli.account import enter_account
from standfast.cli.app import App, open_app
from standfast.cli.attack import Attack
from standfast.cli.blueprint import SOURCE, blueprint, hosts, release
from standfast.cli.heal import heal_leftovers
from standfast.cli.lock import locked
from standfast.cli.preflight import preflight
from standfast.cli.progress import Progress
from standfast.cli.prove import entry, sentence
from standfast.cli.proving import Logged, Prover
from standfast.cli.record import log_of, log_url, origin
from standfast.core.files import write_atomically
from standfast.evidence.note import Verifier
from standfast.evidence.pins import Pins
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.keys import custody
from standfast.mechanisms.keys.authority import Authority, Subject, operator_identity
from standfast.mechanisms.rollout.certificates import certify
from standfast.mechanisms.rollout.gate import wait_until_answered
from standfast.mechanisms.rollout.plan import plan as bundles_of
from standfast.mechanisms.rollout.release import build
from standfast.mechanisms.rollout.run import Rollout, own_programs
from standfast.mechanisms.web.plan import Release
from standfast.promises.model import Outcome, Promise, State

ACCOUNT = "you@example.com"

FORETOLD = "STANDFAST_FORETOLD"
"""Set by bin/standfast when it has looked ahead in this run, before it installed something."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.option("--no-wait", is_flag=True, help="Return when the service answers; prove nothing.")
@click.pass_obj
def up(file: Path | None, as_json: bool, no_wait: bool) -> int:
    """Make the machines, deploy the service, and attack what is promised until it is proven.

    Looks before it acts: a second run changes nothing, and one that was interrupted is finished.
    On machines made here a promise that was not proven lately is attacked at the end: a fault is
    planted to see its check turn red, then a web machine loses its power for ten seconds.

    Exit status: 0 if no promise is broken, 1 if one is.
    """
    app = open_app(file)
    progress = Progress(quiet=as_json)
    if app.site.made_here:
        preflight(app, progress, said=FORETOLD in os.environ)
    with locked(app.lock_file, "standfast up"):
        changed = bring_up(app, progress)
        if not as_json:
            show(app, changed)
        attacked = () if no_wait else prove_what_is_due(app, file, progress)
    broken = any(proof.outcome is Outcome.BROKEN for proof, _ in attacked)
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
    if not app.site.made_here:
        progress.say("Nothing is attacked on listed machines; their promises stay unproven.")
        return ()
    kept = {each.promise for each in log_of(app).verification().states if each.state is State.KEPT}
    prover = Prover(attack=Attack(app=app, file=file, progress=progress))
    return tuple(tried(prover, each, progress) for each in app.site.promises if each.id not in kept)


def tried(prover: Prover, promise: Promise, progress: Progress) -> Logged:
    progress.say(f"\n{promise.id}: {promise.statement}")
    _, proof = prover.doubt(promise)
    for error in prover.attack.unwell:
        raise error
    progress.say(f"  {sentence(proof)}")
    return proof


def bring_up(app: App, progress: Progress) -> dict[str, Any]:
    """Return what changed, by machine."""
    here, site = app.here, app.site
    if site.made_here:
        here.prepare(lambda what: progress.tell("image", what))
        here.power_on()
        write_atomically(site.folders.home / "origin", f"{origin(app)}\n".encode())
    secrets = custody.ensure(site.folders.secrets)
    now = app.clock.now()
    authority = Authority.ensure(site.folders.secrets, site=site.name, now=now)
    operator_identity(site.folders.secrets, authority, now=now)
    write_atomically(site.folders.home / "ca.pem", authority.pem)
    rollout = Rollout(connections=app.connections, clock=app.clock, tell=progress.tell)
    programs = own_programs(SOURCE)
    rollout.reach()
    rollout.ship_programs(programs, app.lock)
    inspected = rollout.inspect(programs)
    current = release(app)
    made = build(
        current,
        site.source,
        site.service,
        builder=here.builder(),
        cache=site.folders.cache,
        tell=lambda what: progress.tell("release", what),
    )
    rollout.ship_release(made)
    pin_log(app, inspected, authority)
    certificates = certify(
        site.machines,
        inspected,
        authority,
        folder=site.folders.secrets / "certificates",
        public=public_subject(app),
        now=now,
    )
    wanted = blueprint(
        app,
        secrets=secrets,
        certificates=certificates,
        release=current,
        programs=programs,
        enrolled={custody.VANTAGE: vantage_vkey(app)},
        debian={name: facts["debian"] for name, facts in inspected.items()},
    )
    reports = rollout.apply(bundles_of(wanted), programs)
    rollout.migrate(site.service, current, site.folders.home / "migrated")
    rollout.start_service(site.service)
    make_account(app, current, secrets, progress)
    if site.made_here:
        here.publish(site.port, site.having(Role.EDGE)[0])
        health = f"{site.url.rstrip('/')}{site.service.health}"
        wait_until_answered(health, site.folders.home / "ca.pem", app.clock)
    if heal_leftovers(app):
        progress.tell("drill", "one had been interrupted; what it left is taken back")
    progress.end()
    return {name: changes for name, report in reports.items() if (changes := did(report))}


def did(report: dict[str, list[str]]) -> dict[str, list[str]]:
    return {what: names for what, names in report.items() if names}


def pin_log(app: App, inspected: dict[str, dict[str, Any]], authority: Authority) -> None:
    """The log's key, as the machine that keeps it made it: what `evidence verify` trusts."""
    keeper = app.site.having(Role.MONITOR)[0].name
    vkey = Verifier.of(origin(app), b64decode(inspected[keeper]["signing"])).vkey
    Pins(folder=app.pins).trust(vkey, address=log_url(app), authority=authority.pem)


def vantage_vkey(app: App) -> str:
    signer = custody.vantage_signer(app.site.folders.secrets)
    return Verifier.of(signer.name, signer.public_key).vkey


def public_subject(app: App) -> Subject:
    named = hosts(app)
    addresses = tuple(IPv4Address(each) for each in named if each[-1].isdigit())
    dns = tuple(each for each in named if not each[-1].isdigit())
    return Subject(name=dns[0] if dns else app.site.name, dns=dns[1:], addresses=addresses)


def make_account(
    app: App, current: Release, secrets: custody.SiteSecrets, progress: Progress
) -> None:
    """The newcomer's sign-in, once."""
    marker = app.site.folders.home / "account"
    if marker.exists():
        return
    progress.tell(app.site.having(Role.WEB)[0].name, "making the first account")
    enter_account(app, current, ACCOUNT, secrets.account_password)
    write_atomically(marker, ACCOUNT.encode())


def show(app: App, changed: dict[str, Any]) -> None:
    site = app.site
    secrets = custody.ensure(site.folders.secrets)
    words = ", ".join(sorted(changed)) or "nothing"
    click.echo(f"{site.name} is up; changed: {words}")
    click.echo(f"  service      {site.url}")
    click.echo(f"  sign-in      {ACCOUNT}  {secrets.account_password}")
    click.echo(f"  trust page   {site.url}trust/")
    click.echo(f"  CA file      {site.folders.home / 'ca.pem'}")
    if site.made_here:
        click.echo(f"  from afar    ssh -L {site.port}:127.0.0.1:{site.port} THIS-COMPUTER")
