"""Compose the site's settings, secrets and certificates into what `rollout.plan` needs."""

from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from standfast.cli.app import App
from standfast.cli.known_keys import known_keys
from standfast.cli.record import log_url, origin
from standfast.config import PROJECT
from standfast.mechanisms.backup.cipher import repository_key
from standfast.mechanisms.backup.offsite.plan import OffsiteAsk
from standfast.mechanisms.backup.places import Places
from standfast.mechanisms.backup.plan import ARCHIVE_COMMAND, ARCHIVE_TIMEOUT_S, BackupAsk
from standfast.mechanisms.database import plan as database
from standfast.mechanisms.database.plan import PostgresAsk
from standfast.mechanisms.database.psql import RUN
from standfast.mechanisms.database.verifier import scram_verifier
from standfast.mechanisms.edge.acme import AcmeAsk
from standfast.mechanisms.hosts.local.names import MANAGEMENT, VANTAGE
from standfast.mechanisms.hosts.local.volume import DISKS
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.hosts.names import DATABASE_PORT
from standfast.mechanisms.hosts.programs import venv_folder
from standfast.mechanisms.hosts.system import DEBIAN
from standfast.mechanisms.keys.certificates.account import thumbprint
from standfast.mechanisms.keys.certificates.brought import Brought
from standfast.mechanisms.keys.certificates.shown import shown
from standfast.mechanisms.keys.custody import SiteSecrets
from standfast.mechanisms.keys.plan import KeysAsk
from standfast.mechanisms.monitor.plan import EvidenceAsk, Objectives, VisitsAsk
from standfast.mechanisms.rollout.artifacts import Artifact
from standfast.mechanisms.rollout.plan import Blueprint, Certificates, plan
from standfast.mechanisms.rollout.release import release_of
from standfast.mechanisms.rollout.run import own_programs
from standfast.mechanisms.web import listener
from standfast.mechanisms.web.plan import environment
from standfast.mechanisms.web.release import Release
from standfast.promises.model import Promise

SOURCE = PROJECT / "src" / "standfast"
"""Our own source, which machines run."""

NOT_YET = "drawn-by-up"
"""Stands where secrets will be, in a preview; what is signed with them is `made by up`."""


def blueprint(
    app: App,
    *,
    secrets: SiteSecrets,
    offsite_words: Mapping[str, str],
    certificates: Certificates,
    keys: KeysAsk,
    release: Release,
    programs: Artifact,
    log_key: bytes,
    enrolled: Mapping[str, str],
    witnesses: Mapping[str, str],
    debian: Mapping[str, int],
    account: bytes = b"",
    rotating: bool = False,
) -> Blueprint:
    """`offsite_words` open the store off site, where there is one; `account` is the key at the ACME
    server (PEM), where certificates are issued by one. `rotating`: keys are being
    rotated, so that not every machine has the same secrets yet."""
    site = app.site
    name = site.service.role
    salt = b64decode(secrets.database_salt)
    return Blueprint(
        site=site.name,
        machines=site.machines,
        service=site.service,
        edge=site.edge,
        way=site.way,
        mirrored=site.mirrored,
        disks=DISKS if site.made_here else (),
        release=release,
        variables=environment(
            site.service,
            database_url=listener.url(name, secrets.database_password),
            secret=secrets.service_secret,
            secret_before=secrets.service_secret_before,
            hosts=hosts(app),
        ),
        database=PostgresAsk(
            name=name,
            verifier=scram_verifier(secrets.database_password, salt),
            password_changes=rotating,
            archive_command=ARCHIVE_COMMAND,
            archive_timeout_s=ARCHIVE_TIMEOUT_S,
        ),
        fast_failover=site.database.fast_failover,
        acme=acme_ask(app, certificates.brought, account),
        backup=BackupAsk(
            settings=site.backup,
            places=Places(data=database.DATA, socket=RUN, port=DATABASE_PORT),
            offsite=OffsiteAsk(
                settings=site.offsite, words=offsite_words, password=secrets.offsite_secret
            )
            if site.offsite
            else None,
            keys={
                machine.name: repository_key(secrets.backup_secret, machine.name)
                for machine in site.having(Role.BACKUP)
            },
        ),
        evidence=EvidenceAsk(
            site=site.name,
            service=site.service.name,
            origin=origin(app),
            key=log_key,
            log_url=log_url(app),
            objectives=objectives(site.promises),
            usual=objectives(site.usual),
            not_promised={each.promise.id: each.why for each in site.not_promised},
            enrolled=enrolled,
            witnesses=witnesses,
            listed=site.evidence.witnesses,
            timestamps=site.evidence.timestamps,
            timestamps_every_h=site.evidence.timestamps_every_h,
            company=site.company,
            visits=VisitsAsk(
                name=site.names[0] if site.names else "",
                path=site.service.health,
                every_s=site.evidence.look_every_s,
            ),
            certificates=shown(site.machines, certificates.public, certificates.brought),
            elsewhere=site.offsite.page_url if site.offsite else "",
            quiet=app.rehearsed,
        ),
        certificates=certificates,
        keys=keys,
        management=(str(MANAGEMENT),)
        if site.made_here
        else tuple(str(network) for network in site.network.management_from),
        vantages=(str(VANTAGE),)
        if site.made_here
        else tuple(str(network) for network in site.network.management_from),
        debian=debian,
        source=f"{programs.folder}/src",
        python=f"{venv_folder(app.lock)}/bin/python",
    )


def acme_ask(app: App, brought: Iterable[Brought], account: bytes) -> AcmeAsk | None:
    """For names that nothing was brought for. A key that is yet to be drawn has no thumbprint."""
    settings = app.site.certificates
    names = acme_names(app, brought)
    if settings is None or not names:
        return None
    is_drawn = account.startswith(b"-----BEGIN")
    return AcmeAsk(
        directory=settings.acme,
        contact=settings.contact,
        names=names,
        account=account,
        thumbprint=thumbprint(account) if is_drawn else account.decode().strip(),
        authority=settings.authority.encode(),
    )


def acme_names(app: App, brought: Iterable[Brought]) -> tuple[str, ...]:
    others = {name for each in brought for name in each.names}
    wanted = app.site.names if app.site.certificates else ()
    return tuple(each for each in wanted if each not in others)


def objectives(promises: Iterable[Promise]) -> Objectives:
    return {
        promise.id: {part.drill: dict(part.objective) for part in promise.parts}
        for promise in promises
    }


def preview(
    app: App,
    *,
    debian: Mapping[str, int] = MappingProxyType({}),
    looked_in: Mapping[str, str] = MappingProxyType({}),
    served: Release | None = None,
    secret: str = NOT_YET,
) -> Blueprint:
    """As `up` would have it, with the keys that there are; `secret` stands for every one that is
    yet to be made. `debian` is each machine's release and `looked_in` where its sshd looks for
    keys, where these are known; `served` is the service's release, where it is not the source's.
    Makes nothing."""
    known = known_keys(app, missing=secret)
    return blueprint(
        app,
        secrets=known.secrets,
        offsite_words=known.offsite_words,
        certificates=known.certificates,
        keys=replace(known.keys, looked_in=looked_in),
        release=served or release(app),
        programs=own_programs(SOURCE),
        log_key=known.log_key,
        account=known.account,
        enrolled=known.enrolled,
        witnesses=known.witnesses,
        debian={
            each.name: debian.get(each.name, expected(app, each.name)) for each in app.site.machines
        },
    )


def expected(app: App, machine: str) -> int:
    """Debian's release on a machine at which nobody has looked."""
    return DEBIAN[app.site.suites.get(machine, app.site.suite)].version


def unknown_files(app: App) -> dict[str, frozenset[str]]:
    """By machine, the files in which something stands that is yet to be made: found by putting
    other words in its place and seeing what changes."""
    one, other = plan(preview(app)), plan(preview(app, secret="drawn-otherwise"))
    return {
        name: frozenset(
            mine.path
            for mine, theirs in zip(bundle.files, other[name].files, strict=True)
            if mine.content != theirs.content
        )
        for name, bundle in one.items()
    }


def release(app: App) -> Release:
    return release_of(app.site.source, app.site.service, image=app.here.image.digest)


def hosts(app: App) -> tuple[str, ...]:
    """Under which names and addresses the service is reached."""
    public = tuple(str(edge.public) for edge in app.site.having(Role.EDGE))
    mine = ("127.0.0.1", "localhost") if app.site.made_here else ()
    return (*app.site.names, *public, *mine)
