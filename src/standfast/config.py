"""Compose every room's settings into one Site: what `standfast.toml` says, checked.

Wrong input is refused here, before anything is touched, with the path of the key and what is
expected. A file that is not there means the example service on machines made on this computer.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from standfast.core.errors import ConfigError
from standfast.evidence.company import Company
from standfast.mechanisms.backup.offsite.settings import OffsiteSettings
from standfast.mechanisms.backup.offsite.store import Kind
from standfast.mechanisms.backup.settings import BackupSettings
from standfast.mechanisms.database.roles import TAKEN
from standfast.mechanisms.database.settings import DatabaseSettings
from standfast.mechanisms.edge.moving.way import WAYS
from standfast.mechanisms.edge.settings import EdgeSettings
from standfast.mechanisms.hosts.local import addresses, document, here
from standfast.mechanisms.hosts.local.document import DEFAULT_NAME, DEFAULT_PORT, DEFAULT_SUITE
from standfast.mechanisms.hosts.local.names import PRIVATE, PUBLIC, STORE, Names
from standfast.mechanisms.hosts.local.store import rented
from standfast.mechanisms.hosts.machine import Folders, Machine, Power, Reach, Role, having
from standfast.mechanisms.hosts.settings import (
    DEFAULT_MACHINES,
    RESERVED,
    MachineSettings,
    NetworkSettings,
    Suite,
)
from standfast.mechanisms.hosts.volumes.settings import VolumeSettings
from standfast.mechanisms.keys.certificates.settings import CertificateSettings
from standfast.mechanisms.keys.vault import Place
from standfast.mechanisms.monitor.settings import EvidenceSettings
from standfast.mechanisms.recovery.lose_site.settings import DnsSettings
from standfast.mechanisms.web.settings import ServiceSettings
from standfast.promises.catalog import CATALOG
from standfast.promises.model import Promise
from standfast.promises.offer import offered
from standfast.promises.possible import NotPromised
from standfast.promises.settings import (
    PromiseSettings,
    given_figures,
    known_figures,
)
from standfast.proofs.settings import DrillSettings

SSH_PORT = 22

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLE = PROJECT / "examples" / "timesheets" / "service.toml"

NEEDED: Mapping[Role, int] = {
    Role.EDGE: 1,
    Role.WEB: 2,
    Role.DATABASE: 2,
    Role.BACKUP: 1,
    Role.MONITOR: 1,
}
"""How many machines a role needs before its promises mean anything."""

GIVEN_WIDTH = 60
"""How much of a wrong value an error repeats: enough to find it."""

VOTERS = (1, 3, 5)
"""How many monitors there may be: an even number survives no more losses than one fewer, and
more than five make every vote slower (etcd's FAQ, "Why an odd number of cluster members")."""


class SiteSettings(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,19}$")] = DEFAULT_NAME
    port: int = Field(default=DEFAULT_PORT, ge=1, le=65535)
    names: tuple[str, ...] = ()
    suite: Suite = DEFAULT_SUITE
    service: ServiceSettings
    machines: tuple[MachineSettings, ...] = DEFAULT_MACHINES
    network: NetworkSettings = NetworkSettings()
    edge: EdgeSettings = EdgeSettings()
    backup: BackupSettings = BackupSettings()
    offsite: OffsiteSettings | None = None
    database: DatabaseSettings = DatabaseSettings()
    volumes: VolumeSettings = VolumeSettings()
    drills: DrillSettings = DrillSettings()
    promises: Mapping[str, PromiseSettings] = {}
    company: Company = Company()
    evidence: EvidenceSettings = EvidenceSettings()
    certificates: CertificateSettings | None = None
    dns: DnsSettings | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """`made_here`: the machines are made on this computer, of `suite` but for those that `suites`
    names. `suite` is also what the service is built on. `source` is the service's folder; `sealed`
    are its secrets, beside the operator's file if there is one. `store_here`: the store off site is
    made on this computer, too (hosts/local/store). `usual`: the promises with the
    limits of a site that changes none."""

    name: str
    port: int
    names: tuple[str, ...]
    machines: tuple[Machine, ...]
    made_here: bool
    suite: str
    suites: Mapping[str, str]
    service: ServiceSettings
    source: Path
    network: NetworkSettings
    edge: EdgeSettings
    backup: BackupSettings
    offsite: OffsiteSettings | None
    store_here: bool
    database: DatabaseSettings
    volumes: VolumeSettings
    drills: DrillSettings
    promises: tuple[Promise, ...]
    usual: tuple[Promise, ...]
    not_promised: tuple[NotPromised, ...]
    company: Company
    evidence: EvidenceSettings
    certificates: CertificateSettings | None
    dns: DnsSettings | None
    folders: Folders
    sealed: Place

    def having(self, role: Role) -> tuple[Machine, ...]:
        return having(self.machines, role)

    @property
    def mirrored(self) -> tuple[Machine, ...]:
        """Machines whose disks are meant to be mirrored."""
        if not self.volumes.promised(made_here=self.made_here):
            return ()
        return tuple(each for each in self.machines if each.roles & {Role.EDGE, Role.DATABASE})

    @property
    def way(self) -> str:
        """How public addresses move (mechanisms/edge/moving)."""
        return self.edge.way(made_here=self.made_here)

    @property
    def local_names(self) -> Names:
        return Names(site=self.name, home=self.folders.home)

    @property
    def url(self) -> str:
        if self.made_here:
            return f"https://127.0.0.1:{self.port}/"
        host = self.names[0] if self.names else str(self.having(Role.EDGE)[0].public)
        return f"https://{host}/"

    @property
    def health_url(self) -> str:
        """Where the service says that it is well. By address where machines are listed: their
        names may lead elsewhere until the site is up."""
        host = f"127.0.0.1:{self.port}" if self.made_here else self.having(Role.EDGE)[0].public
        return f"https://{host}{self.service.health}"


def load(path: Path | None, *, state: Path, cache: Path, run: Path) -> Site:
    """Read `path`, or the file in this folder if it is there, or take the defaults."""
    chosen, said = document.read(path)
    settings = judge(said, str(chosen))
    folder = chosen.resolve().parent if "service" in said else PROJECT
    site = compose(settings, folder=folder, state=state, cache=cache, run=run)
    return replace(site, sealed=beside(chosen.resolve())) if chosen.is_file() else site


def beside(file: Path) -> Place:
    """Several files in one folder are several sites, each with secrets of its own."""
    prefix = "" if file.name == document.FILE else f"{file.stem}."
    return sealed_in(file.parent, prefix)


def sealed_in(folder: Path, prefix: str = "") -> Place:
    return Place(sealed=folder / f"{prefix}secrets.age", listed=folder / f"{prefix}operators")


def parse(text: str, name: str) -> SiteSettings:
    return judge(document.parse(text.encode(), name), name)


def judge(said: Mapping[str, Any], name: str) -> SiteSettings:
    example = {} if "service" in said else tomllib.loads(EXAMPLE.read_text())
    try:
        settings = SiteSettings.model_validate({**example, **said})
    except ValidationError as error:
        raise ConfigError(
            f"{name}: {explain(error, said)}",
            remedy="standfast.example.toml names every key with its default.",
        ) from None
    check_machines(settings, name)
    check_service(settings, name)
    check_promises(settings, name)
    check_witnesses(settings, name)
    check_certificates(settings, name)
    return settings


def explain(error: ValidationError, said: Mapping[str, Any]) -> str:
    """Every wrong key with its path and what is expected."""
    return "; ".join(f"{path(each['loc'], said)}: {wrong(each)}" for each in error.errors())


def path(steps: Sequence[int | str], said: Any) -> str:
    """`machines.1 (web-1).roles`: what stands in an array is counted from 0, and has its name
    beside the number if it has one."""
    words: list[str] = []
    for step in steps:
        said = inside(said, step)
        named = isinstance(step, int) and inside(said, "name")
        words.append(f"{step} ({named})" if named else str(step))
    return ".".join(words)


def inside(said: Any, step: int | str) -> Any:
    """What stands at that step; None where the file says nothing."""
    if isinstance(said, dict):
        return said.get(step)
    return said[step] if isinstance(said, list) and isinstance(step, int) else None


def wrong(detail: Mapping[str, Any]) -> str:
    """What is expected, in pydantic's words where it finds good ones, and what was given."""
    match detail["type"]:
        case "extra_forbidden":
            return "unknown key"
        case "missing":
            return "must be given"
        case "too_short":
            return f"must have {detail['ctx']['min_length']} or more, and has none"
        case "tuple_type" | "frozen_set_type":
            expected = "must be an array"
        case "model_type" | "dict_type" | "mapping_type":
            expected = "must be a table"
        case _:
            expected = re.sub(r"^(\w+ should|Value error, must|Value) ", "must ", detail["msg"])
    given = repr(detail["input"])[:GIVEN_WIDTH]
    return f"{expected[0].lower()}{expected[1:]}; given is {given}"


def check_machines(settings: SiteSettings, name: str) -> None:
    machines = settings.machines
    refuse_twice(name, "name", [(machine.name, machine.name) for machine in machines])
    refuse_twice(name, "address", [(str(m.address), m.name) for m in machines if m.address])
    refuse_twice(name, "public", [(str(m.public), m.name) for m in machines if m.public])
    if len({machine.address is None for machine in machines}) > 1:
        raise ConfigError(
            f"{name}: machines: some have an address and some have none",
            remedy="Give every machine an address, or none, then all are made on this computer.",
        )
    for role, needed in NEEDED.items():
        found = sum(role in machine.roles for machine in machines)
        if found < needed:
            raise ConfigError(
                f"{name}: machines: {found or 'none'} with the role {role}, "
                f"and at least {needed} needed",
                remedy=f'Add "{role}" to the roles of a machine.',
            )
    monitors = sum(Role.MONITOR in machine.roles for machine in machines)
    if monitors not in VOTERS:
        raise ConfigError(
            f"{name}: machines: {monitors} with the role monitor, and it has to be one of "
            f"{', '.join(map(str, VOTERS))}",
            remedy="They vote on who is primary; an even number outlives no more losses.",
        )
    for index, machine in enumerate(machines):
        if not machine.address and (machine.adopt or machine.power):
            key = "adopt" if machine.adopt else "power"
            raise ConfigError(
                f"{name}: machines.{index} ({machine.name}).{key}: only a listed machine has it",
                remedy=f"Leave it out, or give {machine.name} an address.",
            )
        if machine.address and Role.EDGE in machine.roles and not machine.public:
            raise ConfigError(
                f"{name}: machines.{index} ({machine.name}).public: an edge needs a public address",
                remedy=f"Give {machine.name} the address that the internet reaches.",
            )
    check_suites(settings, name)
    check_addresses(settings, name)
    if machines[0].address and not settings.network.management_from:
        raise ConfigError(
            f"{name}: network.management_from: listed machines need it, and it is empty",
            remedy="Name the networks from which operators reach SSH; all others are shut out.",
        )


def check_suites(settings: SiteSettings, name: str) -> None:
    for index, machine in enumerate(settings.machines):
        where = f"{name}: machines.{index} ({machine.name}).suite"
        if machine.suite and machine.address:
            raise ConfigError(
                f"{where}: a listed machine has its own system",
                remedy="Leave it out; the site's `suite` says what web machines must run.",
            )
        if Role.WEB in machine.roles and machine.suite not in (None, settings.suite):
            raise ConfigError(
                f"{where}: a web machine of {machine.suite}, and the service is built on "
                f"{settings.suite}",
                remedy="Set the site's `suite` instead: all web machines run the same release.",
            )


def check_addresses(settings: SiteSettings, name: str) -> None:
    """An address that moves cannot be the one by which its machine is reached."""
    if settings.machines[0].address is None or not addresses_move(settings):
        return
    for key in ("public_interface", "private_interface"):
        if not getattr(settings.edge, key):
            raise ConfigError(
                f"{name}: edge.{key}: addresses that move need it, and it is empty",
                remedy="Name the network device as the edges have it, such as eth0.",
            )
    for index, machine in enumerate(settings.machines):
        where = f"{name}: machines.{index} ({machine.name})"
        moving = {str(each.public) for each in settings.machines if Role.EDGE in each.roles}
        for key, given in (("address", machine.address), ("ssh.host", machine.ssh.host)):
            if str(given) in moving:
                raise ConfigError(
                    f"{where}.{key}: {given} is a public address that moves",
                    remedy="Give the machine another one that stays, or set edge.addresses to "
                    '"stay".',
                )


def refuse_twice(name: str, key: str, given: list[tuple[str, str]]) -> None:
    """`given`: values, each with the machine that has it."""
    for value, count in Counter(value for value, _ in given).items():
        if count > 1:
            where = ", ".join(
                f"machines.{index} ({machine}).{key}"
                for index, (each, machine) in enumerate(given)
                if each == value
            )
            raise ConfigError(
                f"{name}: {where}: {value} is given {count} times",
                remedy="Every machine needs its own.",
            )


def check_service(settings: SiteSettings, name: str) -> None:
    """Its certificate carries its role's name: whoever else has that name would be taken for it,
    and it for them."""
    taken = TAKEN | RESERVED | {machine.name for machine in settings.machines}
    if settings.service.role in taken:
        raise ConfigError(
            f"{name}: service.name: {settings.service.name} is the name of a machine, "
            "or of somebody whom Standfast or PostgreSQL knows",
            remedy="Take another one; its role and its database in PostgreSQL are called so too.",
        )


def check_witnesses(settings: SiteSettings, name: str) -> None:
    """A monitor's witness is called as the machine is."""
    machines = {machine.name for machine in settings.machines}
    for index, each in enumerate(settings.evidence.witnesses):
        if each.name in machines:
            raise ConfigError(
                f"{name}: evidence.witnesses.{index} ({each.name}).name: a machine is called so",
                remedy="Call it after whoever runs it.",
            )


def check_promises(settings: SiteSettings, name: str) -> None:
    known = {promise.id: promise for promise in CATALOG}
    for promise_id, wanted in settings.promises.items():
        if promise_id not in known:
            raise ConfigError(
                f"{name}: promises.{promise_id}: unknown promise",
                remedy=f"Known are: {', '.join(sorted(known))}.",
            )
        figures = known_figures(known[promise_id])
        for figure in given_figures(wanted.objective):
            if figure not in figures:
                raise ConfigError(
                    f"{name}: promises.{promise_id}.objective.{figure}: unknown figure",
                    remedy=f"Known are: {', '.join(sorted(figures))}.",
                )


def check_certificates(settings: SiteSettings, name: str) -> None:
    if settings.certificates and not settings.names:
        raise ConfigError(
            f"{name}: certificates.acme: certificates are issued for names, and the site has none",
            remedy="Give `names`; each must lead to the edges.",
        )


def compose(settings: SiteSettings, *, folder: Path, state: Path, cache: Path, run: Path) -> Site:
    folders = Folders(site=settings.name, state=state, cache=cache, run=run)
    source = (folder / settings.service.source).resolve()
    if not source.is_dir():
        raise ConfigError(
            f"service.source: {source} is no folder", remedy="Name the folder of the service."
        )
    here_too = settings.machines[0].address is None
    store_here = here_too and settings.offsite is None
    said = offered(
        CATALOG,
        settings.promises,
        roles(settings),
        fast=settings.database.fast_failover,
        off_site=store_here or settings.offsite is not None,
        moving=addresses_move(settings),
        stays=stays(settings),
        mirrored=settings.volumes.promised(made_here=here_too),
        disks_here=here_too,
    )
    return Site(
        name=settings.name,
        port=settings.port,
        names=settings.names,
        machines=tuple(machines(settings, folders)),
        made_here=here_too,
        suite=settings.suite,
        suites={each.name: each.suite for each in settings.machines if each.suite},
        service=settings.service,
        source=source,
        network=settings.network,
        edge=settings.edge,
        backup=settings.backup,
        offsite=rented_store(settings.name) if store_here else settings.offsite,
        store_here=store_here,
        database=settings.database,
        volumes=settings.volumes,
        drills=settings.drills,
        promises=said.promises,
        usual=said.usual,
        not_promised=said.impossible,
        company=settings.company,
        evidence=settings.evidence,
        certificates=settings.certificates,
        dns=settings.dns,
        folders=folders,
        sealed=sealed_in(folders.home),
    )


def stays(settings: SiteSettings) -> str:
    """Why it cannot be tried whether the site comes back elsewhere; empty where it can."""
    if settings.machines[0].address is not None:
        return "nothing tries it yet for machines that are listed"
    if settings.offsite is not None and not settings.offsite.page:
        return "no copy of the evidence log goes off site"
    return ""


def rented_store(site: str) -> OffsiteSettings:
    """The one that is made on this computer for a site that names no other."""
    return OffsiteSettings(
        kind=Kind.S3,
        location=f"https://{STORE}/{rented.BUCKET}/{site}",
        region=rented.REGION,
    )


def machines(settings: SiteSettings, folders: Folders) -> list[Machine]:
    names = Names(site=settings.name, home=folders.home)
    moves = addresses_move(settings)
    numbers = addresses.allotted(
        (machine.name for machine in settings.machines), addresses.read(folders.home)
    )
    return [
        listed(machine, moves=moves)
        if machine.address
        else made_here(machine, numbers[machine.name], folders, names, moves=moves)
        for machine in settings.machines
    ]


def addresses_move(settings: SiteSettings) -> bool:
    """Whether an edge's public address may be with another edge."""
    way = settings.edge.way(made_here=settings.machines[0].address is None)
    return way in WAYS and sum(Role.EDGE in each.roles for each in settings.machines) > 1


def listed(machine: MachineSettings, *, moves: bool) -> Machine:
    """Where public addresses move, a machine is reached at the address that stays."""
    assert machine.address is not None
    moves = moves and Role.EDGE in machine.roles
    is_there = machine.address if moves else machine.public or machine.address
    return Machine(
        name=machine.name,
        roles=machine.roles,
        address=machine.address,
        public=machine.public,
        moves=moves,
        ssh_port=machine.ssh.port or SSH_PORT,
        adopt=machine.adopt,
        power=Power(**machine.power.model_dump()) if machine.power else None,
        reach=Reach(
            host=machine.ssh.host or str(is_there),
            user=machine.ssh.user,
            port=machine.ssh.port,
        ),
    )


def made_here(
    machine: MachineSettings, number: int, folders: Folders, names: Names, *, moves: bool
) -> Machine:
    address: IPv4Address = PRIVATE[number]
    return Machine(
        name=machine.name,
        roles=machine.roles,
        address=address,
        public=PUBLIC[number] if Role.EDGE in machine.roles else None,
        moves=moves and Role.EDGE in machine.roles,
        reach=here.reach(folders, names, str(address)),
    )


def roles(settings: SiteSettings) -> Mapping[str, frozenset[str]]:
    return {each.name: frozenset(map(str, each.roles)) for each in settings.machines}
