"""Compute every machine's bundle from what is wanted: `plan(blueprint) -> {machine: Bundle}`.

Pure. The rooms do not know each other; here their contributions meet, and the flows of all of them
become each machine's firewall.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from standfast.mechanisms.backup import places
from standfast.mechanisms.backup import plan as backup
from standfast.mechanisms.backup.plan import BackupAsk
from standfast.mechanisms.database import plan as database
from standfast.mechanisms.database.plan import PostgresAsk
from standfast.mechanisms.edge import acme
from standfast.mechanisms.edge import plan as edge
from standfast.mechanisms.edge.acme import AcmeAsk
from standfast.mechanisms.edge.plan import EdgeAsk
from standfast.mechanisms.edge.settings import STAY, EdgeSettings
from standfast.mechanisms.hosts import plan as hosts
from standfast.mechanisms.hosts import upkeep
from standfast.mechanisms.hosts.bundle import Bundle, Contribution, Flow, merge
from standfast.mechanisms.hosts.disks import Spare
from standfast.mechanisms.hosts.firewall import plan as firewall
from standfast.mechanisms.hosts.machine import Machine, Role
from standfast.mechanisms.hosts.names import LISTENER_PORT
from standfast.mechanisms.hosts.programs import RELEASES as PROGRAMS
from standfast.mechanisms.hosts.volumes import plan as volumes
from standfast.mechanisms.hosts.volumes.names import HOME as VOLUME
from standfast.mechanisms.keys import plan as keys
from standfast.mechanisms.keys.certificates.brought import Brought
from standfast.mechanisms.keys.plan import KeysAsk
from standfast.mechanisms.monitor import etcd, watcher
from standfast.mechanisms.monitor import plan as monitor
from standfast.mechanisms.monitor.plan import EvidenceAsk
from standfast.mechanisms.web import listener
from standfast.mechanisms.web import plan as web
from standfast.mechanisms.web.release import RELEASES, Release
from standfast.mechanisms.web.settings import ServiceSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """PEM, by machine name. `public` is what edges show to the internet, `service` what the
    service on a web machine shows to the database. `ending` are public ones that end soon, for a
    calibration. `brought`: what every edge shows for names that the operator has brought a
    certificate for."""

    authority: bytes
    identity: Mapping[str, bytes]
    public: Mapping[str, bytes]
    service: Mapping[str, bytes]
    ending: Mapping[str, bytes]
    brought: tuple[Brought, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """All that decides what machines are made of. `vantages`: from where drills come. `source` and
    `python` are our own programs' places on a machine. `way`: how public addresses move.
    `mirrored`: machines whose disks are meant to be; `disks` are those of one that is made here."""

    site: str
    machines: tuple[Machine, ...]
    service: ServiceSettings
    edge: EdgeSettings
    release: Release
    variables: Mapping[str, str]
    database: PostgresAsk
    backup: BackupAsk
    evidence: EvidenceAsk
    certificates: Certificates
    keys: KeysAsk
    management: tuple[str, ...]
    vantages: tuple[str, ...]
    debian: Mapping[str, int]
    source: str
    python: str
    fast_failover: bool = True
    acme: AcmeAsk | None = None
    way: str = STAY
    mirrored: tuple[Machine, ...] = ()
    disks: tuple[str, ...] = ()


def plan(blueprint: Blueprint) -> dict[str, Bundle]:
    backup.refuse_mixed_systems(blueprint.machines, blueprint.debian)
    return {machine.name: bundle(machine, blueprint) for machine in blueprint.machines}


def bundle(machine: Machine, blueprint: Blueprint) -> Bundle:
    parts = tuple(contributions(machine, blueprint))
    return merge(machine.name, (*parts, firewall.plan(flows_into(parts))))


def flows(blueprint: Blueprint) -> dict[str, tuple[Flow, ...]]:
    """What may open a connection to each machine."""
    return {
        machine.name: flows_into(tuple(contributions(machine, blueprint)))
        for machine in blueprint.machines
    }


def flows_into(parts: tuple[Contribution, ...]) -> tuple[Flow, ...]:
    return tuple(dict.fromkeys(flow for part in parts for flow in part.flows))


def flows_to(machine: Machine, blueprint: Blueprint) -> tuple[Flow, ...]:
    return flows_into(tuple(contributions(machine, blueprint)))


INSIDE: Mapping[Role, tuple[int, ...]] = {
    Role.WEB: (web.PORT, LISTENER_PORT),
    Role.DATABASE: (places.COPYING_INSIDE,),
    Role.BACKUP: (places.REPOSITORY_INSIDE,),
}
"""Ports on the loopback alone: behind the proxy of a web machine, and behind the backups' doors."""


def ports(machine: Machine, blueprint: Blueprint) -> tuple[int, ...]:
    """On which it is going to listen, for others or for itself; SSH is there already."""
    for_others = {flow.port for flow in flows_to(machine, blueprint) if flow.port}
    for_itself = (port for role in machine.roles for port in INSIDE.get(role, ()))
    return tuple(sorted((for_others - {machine.ssh_port}).union(for_itself)))


def contributions(machine: Machine, blueprint: Blueprint) -> Iterator[Contribution]:
    machines, certificates = blueprint.machines, blueprint.certificates
    yield hosts.plan(
        machine,
        machines,
        certificate=certificates.identity[machine.name],
        authority=certificates.authority,
        source=blueprint.source,
        management=blueprint.management,
        ssh_port=machine.ssh_port,
        fast_failover=blueprint.fast_failover,
        issues=blueprint.acme is not None,
    )
    yield keys.plan(machine, blueprint.keys)
    yield upkeep.plan(
        machine, data=data_of(machine), spare=spare_of(blueprint), source=blueprint.source
    )
    if machine in blueprint.mirrored:
        yield volumes.plan(
            folders=mirrored_on(machine, made_here=bool(blueprint.disks)),
            disks=blueprint.disks,
            source=blueprint.source,
        )
    if machine.is_a(Role.EDGE):
        ask = EdgeAsk(
            health=blueprint.service.health,
            security_txt=blueprint.evidence.company.security is not None,
            trusted=blueprint.vantages,
            slow=blueprint.service.slow,
            slow_limit_s=blueprint.service.slow_limit_s,
            limits=blueprint.edge,
            acme=blueprint.acme,
            elsewhere=blueprint.evidence.elsewhere,
            way=blueprint.way,
        )
        yield edge.plan(
            machine,
            machines,
            ask,
            certificate=certificates.public[machine.name],
            source=blueprint.source,
            ending=certificates.ending[machine.name],
            brought=certificates.brought,
        )
        yield edge.moving(machine, machines, ask)
        if blueprint.acme:
            yield acme.plan(
                blueprint.acme,
                machines,
                source=blueprint.source,
                python=blueprint.python,
                unit=edge.UNIT,
            )
    if machine.is_a(Role.WEB):
        yield web.plan(
            machine,
            machines,
            blueprint.service,
            release=blueprint.release,
            variables=blueprint.variables,
            source=blueprint.source,
            debian=blueprint.debian[machine.name],
        )
        yield listener.plan(machines, certificate=certificates.service[machine.name])
    if machine.is_a(Role.DATABASE):
        yield database.plan(
            machine,
            machines,
            blueprint.database,
            site=blueprint.site,
            debian=blueprint.debian[machine.name],
            source=blueprint.source,
            python=blueprint.python,
        )
        yield backup.database(machine, machines, blueprint.backup, source=blueprint.source)
        yield watcher.on_database(machines)
    if machine.is_a(Role.BACKUP):
        yield backup.repository(
            machine,
            machines,
            blueprint.backup,
            postgresql=database.VERSIONS[blueprint.debian[machine.name]],
            source=blueprint.source,
        )
        yield from backup.receiving(
            machine,
            machines,
            blueprint.backup,
            postgresql=database.VERSIONS[blueprint.debian[machine.name]],
            source=blueprint.source,
        )
        yield from backup.off_site(machine, machines, blueprint.backup, source=blueprint.source)
    yield from backup.doors(machine, machines)
    if machine.is_a(Role.MONITOR):
        yield etcd.plan(machine, machines, site=blueprint.site)
        yield monitor.plan(
            machine,
            machines,
            blueprint.evidence,
            issued=blueprint.acme.names if blueprint.acme else (),
            anchors=anchors(blueprint),
            publishing=backup.publishing(machines, blueprint.backup),
            source=blueprint.source,
            python=blueprint.python,
        )
        if blueprint.fast_failover:
            yield watcher.plan(
                machine,
                machines,
                site=blueprint.site,
                source=blueprint.source,
                python=blueprint.python,
            )


def anchors(blueprint: Blueprint) -> str:
    """Who vouches for what edges show to customers, where it is not the site's own authority; who
    a computer believes anyway is not among them."""
    issuing = blueprint.acme.authority.decode() if blueprint.acme else ""
    brought = dict.fromkeys(each.anchor for each in blueprint.certificates.brought)
    return "".join((*brought, issuing))


DATA: Mapping[Role, tuple[str, ...]] = {
    Role.DATABASE: (database.HOME,),
    Role.BACKUP: (backup.HOME,),
    Role.MONITOR: (monitor.HOME, etcd.HOME),
}
"""Folders that must outlive the system around them, known before the machine exists."""


def data_of(machine: Machine) -> tuple[str, ...]:
    return tuple(path for role in sorted(machine.roles) for path in DATA.get(role, ()))


def mirrored_on(machine: Machine, *, made_here: bool) -> tuple[str, ...]:
    """What a database machine has is its database; what a front end has is its system."""
    of_edge = VOLUME if made_here else "/"
    folders = {Role.DATABASE: database.HOME, Role.EDGE: of_edge}
    return tuple(folder for role, folder in folders.items() if machine.is_a(role))


def spare_of(blueprint: Blueprint) -> tuple[Spare, ...]:
    """What `up` has shipped and can ship again. The newest other one stays: it may have arrived
    just now, or be what one goes back to."""
    current = PurePosixPath(blueprint.source).parent.name
    return (
        Spare(parent=PROGRAMS, keep=current, newest=1),
        Spare(parent=RELEASES, keep=blueprint.release.digest, newest=1),
    )
