"""From a file to a service that answers: make, reach, ship, apply, migrate, start, publish."""

import hashlib
from base64 import b64decode
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address
from typing import Any, Protocol

from standfast.cli.account import enter_account
from standfast.cli.app import App, own_pins
from standfast.cli.blueprint import SOURCE, acme_names, blueprint, hosts
from standfast.cli.heal import heal_databases, heal_leftovers
from standfast.cli.issuing import have_issued
from standfast.cli.leaving import see_off
from standfast.cli.progress import Progress
from standfast.cli.record import log_url, origin
from standfast.cli.releases import Wish, choose, ship
from standfast.cli.rented import rent
from standfast.cli.session import vouching
from standfast.cli.sharing import keep_keys, keys_ask, must_be_newest
from standfast.cli.wellbeing import health_of
from standfast.core.errors import Refused
from standfast.core.files import write_atomically
from standfast.evidence import policy
from standfast.evidence.head import majority
from standfast.evidence.note import Verifier
from standfast.evidence.policy import of_monitors
from standfast.evidence.signing import Ed25519Signer
from standfast.mechanisms.hosts.bundle import Bundle
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.hosts.programs import venv_folder
from standfast.mechanisms.keys import custody, rotation, witnesses
from standfast.mechanisms.keys.authority import Authority, Subject, operator_identity
from standfast.mechanisms.keys.certificates import account, brought
from standfast.mechanisms.keys.certificates.brought import Brought
from standfast.mechanisms.keys.vault import Vault
from standfast.mechanisms.recovery.lose_site import brought as brought_back
from standfast.mechanisms.rollout.artifacts import Artifact
from standfast.mechanisms.rollout.certificates import certify
from standfast.mechanisms.rollout.deploy import Deploy
from standfast.mechanisms.rollout.gate import wait_until_answered
from standfast.mechanisms.rollout.release import whole
from standfast.mechanisms.rollout.run import Rollout, own_programs
from standfast.mechanisms.rollout.voter_list import VoterList
from standfast.mechanisms.rollout.waves import waves

ACCOUNT = "you@example.com"


class Arrival(Protocol):
    """A site that comes back, while it is brought up."""

    def before_units(
        self, rollout: Rollout, bundles: Mapping[str, Bundle], programs: Artifact
    ) -> None:
        """Machines are reached, and nothing of theirs has started."""

    def serves(self) -> None:
        """The service answers on its machines, and nobody has been led there yet."""


def bring_up(
    app: App,
    progress: Progress,
    wish: Wish = Wish.UP,
    *,
    gently: bool = False,
    arrival: Arrival | None = None,
) -> dict[str, Any]:
    """Return what changed, by machine. `gently`: no two machines of a kind at once. `arrival`: what
    a site brings along that comes back."""
    here, site = app.here, app.site
    vault = app.keys.begin()
    if arrival is None:
        must_not_be_coming_back(vault)
    if site.made_here:
        see_off(app, progress)
        keep_keys(app)
        here.prepare(lambda what: progress.tell("image", what))
        here.power_on()
        rent(app)
    vault.put(custody.ORIGIN, origin(app))
    now = app.clock.now()
    rotation.end_grace(vault, now=now)
    secrets = custody.ensure(vault)
    authority = Authority.ensure(vault, site=site.name, now=now)
    operator_identity(vault, authority, now=now)
    rollout = Rollout(
        connections=app.connections,
        clock=app.clock,
        tell=progress.tell,
        health=health_of(app),
    )
    programs = own_programs(SOURCE)
    rollout.reach()
    if heal_databases(app):
        progress.tell("drill", "one had been interrupted; databases are back in their place")
    rollout.ship_programs(programs, app.lock, venv_from(app, progress) if site.made_here else None)
    inspected = rollout.inspect(programs)
    must_be_newest(app, inspected)
    if not site.made_here:
        see_off(app, progress)
    chosen = choose(app, rollout, wish, progress)
    ship(app, rollout, chosen, progress)
    log_key = custody.log_key(vault)
    having = brought.kept(vault, site.names)
    pin_log(app, log_key, vouching(vault))
    certificates = certify(
        site.machines,
        inspected,
        authority,
        vault=vault,
        public=public_subject(app, having=having),
        service=Subject(name=site.service.role),
        every_name=public_subject(app),
        brought=having,
        now=now,
    )
    account_key = account.ensure(vault) if acme_names(app, having) else b""
    enrolled = {custody.VANTAGE: vantage_vkey(app), **observers(app, vault, inspected)}
    monitors = [each.name for each in site.having(Role.MONITOR)]
    cosigning = witnesses.keep(vault, origin(app), monitors, inspected)
    app.keys.save()
    wanted = blueprint(
        app,
        secrets=secrets,
        offsite_words=custody.offsite_words(vault),
        certificates=certificates,
        release=chosen.release,
        programs=programs,
        log_key=log_key,
        account=account_key,
        keys=keys_ask(vault, inspected),
        enrolled=enrolled,
        witnesses=cosigning,
        debian={name: facts["debian"] for name, facts in inspected.items()},
        rotating=rotation.is_under_way(vault),
    )
    deploy = Deploy(
        rollout=rollout,
        programs=programs,
        blueprint=wanted,
        history=chosen.history,
        found=chosen.found,
        now=now,
    )
    bundles = deploy.bundles()
    name = wanted.database.name
    voters = VoterList(connections=app.connections, clock=app.clock, tell=progress.tell)
    voters.hold()

    def settle(seen: Mapping[str, dict[str, Any]]) -> None:
        voters.settle()
        rollout.settle_databases(bundles, seen, programs, database=name)

    if arrival is not None:
        arrival.before_units(rollout, bundles, programs)
    reports = rollout.apply(
        bundles,
        programs,
        order=waves(site.machines) if gently or rotation.is_under_way(vault) else None,
        service=site.service,
        settle=settle,
    )
    reports = deploy.carry_out(reports)
    pin_policy(app, log_key, cosigning)
    make_account(app, secrets, progress)
    if arrival is not None:
        arrival.serves()
    have_issued(app, progress, acme_names(app, having))
    edges = site.having(Role.EDGE)
    if site.made_here:
        here.published.up(site.port, edges)
    wait_until_answered(
        site.health_url, site.folders.home / "ca.pem", app.clock, edge=edges[0].name
    )
    if heal_leftovers(app):
        progress.tell("drill", "one had been interrupted; what it left is taken back")
    progress.end()
    return {name: changes for name, report in reports.items() if (changes := did(report))}


def must_not_be_coming_back(vault: Vault) -> None:
    """An `up` in between would begin an empty database, and another log under the same key."""
    if vault.get(brought_back.NAME) is not None:
        raise Refused(
            "this site is being recovered, and not all of it is there yet",
            remedy="End it: standfast recover --site FILE --envelope ENVELOPE",
        )


def venv_from(app: App, progress: Progress) -> Callable[[str], Artifact]:
    """Our Python packages for machines made on an image from before this release."""
    folder = venv_folder(app.lock)

    def of(machine: str) -> Artifact:
        place = app.here.programs(machine, folder, lambda what: progress.tell("image", what))
        return Artifact(folder=folder, archive=whole(place))

    return of


def did(report: dict[str, list[str]]) -> dict[str, list[str]]:
    return {what: names for what, names in report.items() if names and what != "waiting"}


def pin_log(app: App, key: bytes, authority: bytes) -> None:
    """The log's public key: what `evidence verify` trusts. `authority`: who vouches for the address
    at which it is read."""
    own_pins().trust(log_vkey(app, key), address=log_url(app), authority=authority)


def pin_policy(app: App, key: bytes, cosigning: Mapping[str, str]) -> None:
    """Whose cosignatures `evidence verify` requires, now that every monitor gives them, and by whom
    a time-stamp is to be, where there is one."""
    besides = {each.name: each.key for each in app.site.evidence.witnesses}
    roots = {each.name: each.authority.sha256 for each in app.site.evidence.timestamps}
    least = majority(tuple(cosigning))
    text = of_monitors(log_vkey(app, key), cosigning, least, besides, roots)
    own_pins().require(origin(app), policy.parse(text.encode()))


def log_vkey(app: App, key: bytes) -> str:
    signer = Ed25519Signer.from_pem(origin(app), key)
    return Verifier.of(signer.name, signer.public_key).vkey


def observers(app: App, vault: Vault, inspected: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Each monitor's own key, made on the machine, which signs what that monitor observes. Its
    public half is kept, so that a plan knows it without asking the machine."""
    found = {}
    for machine in app.site.having(Role.MONITOR):
        public = b64decode(inspected[machine.name]["signing"])
        found[machine.name] = Verifier.of(machine.name, public).vkey
        vault.put(f"{custody.OBSERVERS}{machine.name}", found[machine.name])
    return found


def vantage_vkey(app: App) -> str:
    signer = custody.vantage_signer(app.keys.vault)
    return Verifier.of(signer.name, signer.public_key).vkey


def public_subject(app: App, *, having: tuple[Brought, ...] = ()) -> Subject:
    """Edges choose by name, so the site's authority signs no name that another one has signed."""
    others = {name for each in having for name in each.names} | {*acme_names(app, having)}
    named = tuple(each for each in hosts(app) if each not in others)
    addresses = tuple(IPv4Address(each) for each in named if each[-1].isdigit())
    dns = tuple(each for each in named if not each[-1].isdigit())
    return Subject(name=dns[0] if dns else app.site.name, dns=dns[1:], addresses=addresses)


def make_account(app: App, secrets: custody.SiteSecrets, progress: Progress) -> None:
    """The newcomer's sign-in, once for each password that is drawn for it."""
    marker = app.site.folders.home / "account"
    entered = f"{ACCOUNT} {hashlib.sha256(secrets.account_password.encode()).hexdigest()}"
    if marker.exists() and marker.read_text() == entered:
        return
    progress.tell(app.site.having(Role.WEB)[0].name, "making the first account")
    enter_account(app, ACCOUNT, secrets.account_password)
    write_atomically(marker, entered.encode())
