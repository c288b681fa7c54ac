"""The monitor: keeps a copy of the evidence log, its schedule, and the trust page."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from standfast.core.templates import render
from standfast.evidence.company import Company
from standfast.evidence.statement import ShownCertificate
from standfast.mechanisms.hosts.bundle import Contribution, File, Flow, Folder, Reader, Unit, User
from standfast.mechanisms.hosts.machine import Machine, Role, having
from standfast.mechanisms.hosts.names import (
    AGENT_PORT,
    ETCD_CLIENT_PORT,
    FAULTS,
    IDENTITY_FILES,
    PAGES_PORT,
    SIGNING_KEY,
    WITNESS_KEY,
)
from standfast.mechanisms.monitor import bent
from standfast.mechanisms.monitor.settings import ListedWitness, TimestampAuthority

HOME = "/var/lib/standfast"
VISITED_PORT = 443
COUNTED_S = 3600
"""How much of what was seen of the service goes into one entry: 24 a day."""

USER = "standfast"
KEEPER = "standfast-keeper.service"
PAGES = "standfast-pages.service"
LOG_KEY = "/etc/standfast/log.pem"
"""One key for one log, on every monitor: whichever writes, the log goes on under its name."""

Objectives = Mapping[str, Mapping[str, Mapping[str, float]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitsAsk:
    """`name` is the site's public one; empty where it has none and is asked for by address. A
    success at `path` every `every_s` seconds says that the service is available."""

    name: str
    path: str
    every_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceAsk:
    """`origin` names the log and `key` (PEM) signs it; `enrolled` are the keys that may sign
    proofs, by name, `witnesses` those of the monitors' witnesses, and `listed` other witnesses;
    `timestamps` are authorities that are asked for the time each so many hours.
    `objectives`: promise to drill to this site's limits, `usual` the same of a site that changes
    none; `not_promised`: promise to why not; `company`: what the company says of itself;
    `certificates`: which ones edges show. `visits`: how the service is asked for. `elsewhere`:
    where a copy of the page is, or empty. `quiet`: the log is shown as it came, and nothing is
    added: it lives elsewhere, and two of one key would contradict each other."""

    site: str
    service: str
    origin: str
    key: bytes = field(repr=False)
    log_url: str
    objectives: Objectives
    usual: Objectives
    not_promised: Mapping[str, str]
    enrolled: Mapping[str, str]
    witnesses: Mapping[str, str]
    listed: tuple[ListedWitness, ...]
    timestamps: tuple[TimestampAuthority, ...]
    timestamps_every_h: int
    company: Company
    visits: VisitsAsk
    certificates: tuple[ShownCertificate, ...] = ()
    elsewhere: str = ""
    quiet: bool = False


def plan(
    machine: Machine,
    machines: tuple[Machine, ...],
    ask: EvidenceAsk,
    *,
    issued: tuple[str, ...] = (),
    anchors: str = "",
    publishing: tuple[Machine, ...] = (),
    source: str,
    python: str,
) -> Contribution:
    """`issued`: for these names each edge has a certificate of its own from an ACME server.
    `anchors` (PEM) vouch for what edges show beside the site's own authority. `publishing`: backup
    machines that read the page to put it elsewhere."""
    edges, monitors = having(machines, Role.EDGE), having(machines, Role.MONITOR)
    others = tuple(each for each in monitors if each != machine)
    keeper = {
        "machine": machine.name,
        "monitors": [
            {
                "name": each.name,
                "address": str(each.address),
                "witness": ask.witnesses[each.name],
            }
            for each in monitors
        ],
        "databases": {each.name: str(each.address) for each in having(machines, Role.DATABASE)},
        "agent_port": AGENT_PORT,
        "witnesses": [each.model_dump() for each in ask.listed],
        "timestamps": [each.model_dump() for each in ask.timestamps],
        "timestamps_every_h": ask.timestamps_every_h,
        "etcd_port": ETCD_CLIENT_PORT,
        "pages_port": PAGES_PORT,
        "site": ask.site,
        "service": ask.service,
        "origin": ask.origin,
        "log_url": ask.log_url,
        "elsewhere": ask.elsewhere,
        "folder": HOME,
        "promises": [
            {"id": promise, "objective": objective, "usual": ask.usual[promise]}
            for promise, objective in sorted(ask.objectives.items())
        ],
        "not_promised": dict(ask.not_promised),
        "company": ask.company.model_dump(mode="json"),
        "certificates": [each.model_dump(mode="json") for each in ask.certificates],
        "issued": {
            "names": list(issued),
            "agent_port": AGENT_PORT,
            "edges": [
                {"name": each.name, "address": str(each.address), "public": str(each.public)}
                for each in edges
            ],
        },
        "enrolled": [{"name": name, "key": key} for name, key in sorted(ask.enrolled.items())],
        "visits": {
            "name": ask.visits.name,
            "path": ask.visits.path,
            "addresses": [str(each.public) for each in edges],
            "port": VISITED_PORT,
            "every_s": ask.visits.every_s,
            "period_s": COUNTED_S,
            "anchors": anchors,
        },
        **({"quiet": True} if ask.quiet else {}),
    }
    names = [each.name for each in monitors]
    planted = bent.fault(source, names, machine.name, f"{HOME}/www/log")
    pages = {
        "address": str(machine.address),
        "port": PAGES_PORT,
        "folder": HOME,
        "readers": {
            "edges": [each.name for each in edges],
            "monitors": [each.name for each in others],
            "backups": [each.name for each in publishing],
        },
    }
    model: dict[str, Any] = {
        "source": source,
        "python": python,
        "home": HOME,
        "user": USER,
        "log_key": LOG_KEY,
        "signing_key": SIGNING_KEY,
        "witness_key": WITNESS_KEY,
    }
    return Contribution(
        files=(
            File(
                path="/etc/standfast/keeper.json",
                content=json.dumps(keeper, indent=2, sort_keys=True).encode() + b"\n",
                restarts=(KEEPER,),
            ),
            File(path=f"{FAULTS}/{bent.NAME}.json", content=planted.declaration()),
            File(path=LOG_KEY, content=ask.key, mode=0o600, restarts=(KEEPER,)),
            File(
                path="/etc/standfast/pages.json",
                content=json.dumps(pages, indent=2, sort_keys=True).encode() + b"\n",
                restarts=(PAGES,),
            ),
            *(
                File(
                    path=f"/etc/systemd/system/{unit}",
                    content=render(
                        __package__, "daemon.service", daemon=daemon, title=title, **model
                    ).encode(),
                    restarts=(unit,),
                )
                for unit, daemon, title in (
                    (KEEPER, "keeper", "keeps a copy of the evidence log, and its schedule"),
                    (PAGES, "pages", "serves the trust page"),
                )
            ),
        ),
        units=(Unit(name=KEEPER), Unit(name=PAGES)),
        users=(User(name=USER, home=HOME),),
        folders=(Folder(path=HOME, mode=0o750, owner=USER, group=USER),),
        flows=(
            Flow(
                port=PAGES_PORT,
                sources=tuple(str(edge.address) for edge in edges),
                why="edges read the trust page",
            ),
            *(
                (
                    Flow(
                        port=PAGES_PORT,
                        sources=tuple(str(each.address) for each in others),
                        why="monitors hold one log",
                    ),
                )
                if others
                else ()
            ),
            *(
                (
                    Flow(
                        port=PAGES_PORT,
                        sources=tuple(str(each.address) for each in publishing),
                        why="backup machines publish the trust page off site",
                    ),
                )
                if publishing
                else ()
            ),
        ),
        readers=tuple(
            Reader(path=path, unit=unit, restart=True)
            for path in IDENTITY_FILES
            for unit in (KEEPER, PAGES)
        ),
    )
