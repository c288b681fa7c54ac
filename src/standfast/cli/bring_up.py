"""From a file to a service that answers: make, reach, ship, apply, migrate, start, publish."""

from base64 import b64decode
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Any

from standfast.cli.account import enter_account
from standfast.cli.app import App, own_pins
from standfast.cli.blueprint import SOURCE, blueprint, hosts, release
from standfast.cli.heal import heal_leftovers
from standfast.cli.progress import Progress
from standfast.cli.record import log_url, origin
from standfast.cli.wellbeing import health_of
from standfast.core.files import write_atomically
from standfast.evidence.note import Verifier
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.hosts.programs import venv_folder
from standfast.mechanisms.keys import custody
from standfast.mechanisms.keys.authority import Authority, Subject, operator_identity
from standfast.mechanisms.rollout.artifacts import Artifact
from standfast.mechanisms.rollout.certificates import certify
from standfast.mechanisms.rollout.gate import wait_until_answered
from standfast.mechanisms.rollout.plan import plan as bundles_of
from standfast.mechanisms.rollout.release import build, whole
from standfast.mechanisms.rollout.run import Rollout, own_programs
from standfast.mechanisms.rollout.voter_list import VoterList
from standfast.mechanisms.web.plan import Release

ACCOUNT = "you@example.com"


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
    rollout = Rollout(
        connections=app.connections,
        clock=app.clock,
        tell=progress.tell,
        health=health_of(app),
    )
    programs = own_programs(SOURCE)
    rollout.reach()
    rollout.ship_programs(programs, app.lock, venv_from(app, progress) if site.made_here else None)
    inspected = rollout.inspect(programs)
    current = release(app)
    made = build(
        current,
        site.source,
        site.service,
        builder=lambda: here.builder(lambda what: progress.tell("image", what)),
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
        service=Subject(name=site.service.role),
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
    bundles = bundles_of(wanted)
    voters = VoterList(connections=app.connections, clock=app.clock, tell=progress.tell)
    voters.hold()
    reports = rollout.apply(bundles, programs)
    voters.settle()
    rollout.settle_databases(bundles, reports, programs, database=wanted.database.name)
    rollout.migrate(site.service, current, site.folders.home / "migrated")
    rollout.start_service(site.service)
    make_account(app, current, secrets, progress)
    edges = site.having(Role.EDGE)
    if site.made_here:
        here.publish(site.port, edges)
    wait_until_answered(
        site.health_url, site.folders.home / "ca.pem", app.clock, edge=edges[0].name
    )
    if heal_leftovers(app):
        progress.tell("drill", "one had been interrupted; what it left is taken back")
    progress.end()
    return {name: changes for name, report in reports.items() if (changes := did(report))}


def venv_from(app: App, progress: Progress) -> Callable[[str], Artifact]:
    """Our Python packages for machines made on an image from before this release."""
    folder = venv_folder(app.lock)

    def of(machine: str) -> Artifact:
        place = app.here.programs(machine, folder, lambda what: progress.tell("image", what))
        return Artifact(folder=folder, archive=whole(place))

    return of


def did(report: dict[str, list[str]]) -> dict[str, list[str]]:
    return {what: names for what, names in report.items() if names}


def pin_log(app: App, inspected: dict[str, dict[str, Any]], authority: Authority) -> None:
    """The log's key, as the machine that keeps it made it: what `evidence verify` trusts."""
    keeper = app.site.having(Role.MONITOR)[0].name
    vkey = Verifier.of(origin(app), b64decode(inspected[keeper]["signing"])).vkey
    own_pins().trust(vkey, address=log_url(app), authority=authority.pem)


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
