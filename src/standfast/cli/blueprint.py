"""Compose the site's settings, secrets and certificates into what `rollout.plan` needs."""

from base64 import b64decode
from collections.abc import Iterable, Mapping

from standfast.cli.app import App
from standfast.cli.record import log_url, origin
from standfast.config import PROJECT
from standfast.mechanisms.backup.cipher import repository_key
from standfast.mechanisms.backup.places import Places
from standfast.mechanisms.backup.plan import ARCHIVE_COMMAND, ARCHIVE_TIMEOUT_S, BackupAsk
from standfast.mechanisms.database import plan as database
from standfast.mechanisms.database.plan import PostgresAsk
from standfast.mechanisms.database.verifier import scram_verifier
from standfast.mechanisms.hosts.local.names import MANAGEMENT
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.hosts.names import DATABASE_PORT
from standfast.mechanisms.hosts.programs import venv_folder
from standfast.mechanisms.keys.custody import SiteSecrets
from standfast.mechanisms.keys.plan import KeysAsk
from standfast.mechanisms.monitor.plan import EvidenceAsk, Objectives
from standfast.mechanisms.rollout.artifacts import Artifact
from standfast.mechanisms.rollout.plan import Blueprint, Certificates
from standfast.mechanisms.rollout.release import release_of
from standfast.mechanisms.rollout.run import own_programs
from standfast.mechanisms.web import listener
from standfast.mechanisms.web.plan import environment
from standfast.mechanisms.web.release import Release
from standfast.promises.model import Promise

SOURCE = PROJECT / "src" / "standfast"
"""Our own source, which machines run."""

NOT_YET = SiteSecrets(
    database_password="drawn-by-up",
    database_salt="AAAAAAAAAAAAAAAAAAAAAA==",
    service_secret="drawn-by-up",
    account_password="drawn-by-up",
    canary_password="drawn-by-up",
    backup_secret="drawn-by-up",
)
"""Stands where secrets will be, in a preview."""


def blueprint(
    app: App,
    *,
    secrets: SiteSecrets,
    certificates: Certificates,
    keys: KeysAsk,
    release: Release,
    programs: Artifact,
    log_key: bytes,
    enrolled: Mapping[str, str],
    debian: Mapping[str, int],
    rotating: bool = False,
) -> Blueprint:
    """`rotating`: keys are being rotated, so that not every machine has the same secrets yet."""
    site = app.site
    name = site.service.role
    salt = b64decode(secrets.database_salt)
    return Blueprint(
        site=site.name,
        machines=site.machines,
        service=site.service,
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
        backup=BackupAsk(
            settings=site.backup,
            places=Places(data=database.DATA, socket=database.RUN, port=DATABASE_PORT),
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
        ),
        certificates=certificates,
        keys=keys,
        management=(str(MANAGEMENT),)
        if site.made_here
        else tuple(str(network) for network in site.network.management_from),
        debian=debian,
        source=f"{programs.folder}/src",
        python=f"{venv_folder(app.lock)}/bin/python",
    )


def objectives(promises: Iterable[Promise]) -> Objectives:
    return {
        promise.id: {part.drill: dict(part.objective) for part in promise.parts}
        for promise in promises
    }


def preview(app: App) -> Blueprint:
    """Before any key is made: everything but secrets and certificates is as `up` would have it."""
    names = [machine.name for machine in app.site.machines]
    pending = dict.fromkeys(names, b"made by up\n")
    return blueprint(
        app,
        secrets=NOT_YET,
        certificates=Certificates(
            authority=b"made by up\n", identity=pending, public=pending, service=pending
        ),
        keys=KeysAsk(operators=app.site.sealed.operators(), mark="drawn-by-up"),
        release=release(app),
        programs=own_programs(SOURCE),
        log_key=b"drawn by up\n",
        enrolled={},
        debian=dict.fromkeys(names, 12),
    )


def release(app: App) -> Release:
    return release_of(app.site.source, app.site.service, image=app.here.image.digest)


def hosts(app: App) -> tuple[str, ...]:
    """Under which names and addresses the service is reached."""
    public = tuple(str(edge.public) for edge in app.site.having(Role.EDGE))
    mine = ("127.0.0.1", "localhost") if app.site.made_here else ()
    return (*app.site.names, *public, *mine)
