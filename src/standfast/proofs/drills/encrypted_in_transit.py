"""Observation `encrypted-in-transit`: every link between two machines, tried from its own end.

Which links there are follows from the flows that make the firewall, so no link can be forgotten:
what the firewall does not name cannot be opened. Each machine knocks at all the doors that it may
knock at (`handshake.py`); a door is good when it speaks AES-GCM with the site's identity, and
answers neither plain text nor whoever shows no certificate. Operators come by SSH: each machine's
server is asked which ciphers it takes (`ssh_offer.py`), and AES-GCM must be all of them.
"""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from standfast.mechanisms.database.roles import REWINDER
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Machine, Role
from standfast.mechanisms.hosts.names import (
    DATABASE_PORT,
    IDENTITY,
    RECEIVER_ROLE,
    SERVICE_IDENTITY,
)
from standfast.mechanisms.rollout.links import Link
from standfast.proofs.drills.ground import Ground, Ran
from standfast.proofs.drills.handshake import POSTGRESQL, Finding
from standfast.proofs.drills.program import program, unreadable

HANDSHAKE = "standfast.proofs.drills.handshake"
SSH = "standfast.proofs.drills.ssh_offer"

MACHINES_AT_ONCE = 4
KNOCKING_LIMIT_S = 120.0
"""For all the doors of one machine: three knocks of some seconds each, some side by side."""

SHOWN = 20
"""Doors with something wrong that the evidence names; the counts are complete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    link: Link
    finding: Finding

    @property
    def is_encrypted(self) -> bool:
        found = self.finding
        return "AES" in found.cipher and "GCM" in found.cipher and not found.plain

    @property
    def was_checked(self) -> bool:
        """Whoever has an identity and is not let in has not seen the link as it is used."""
        return not self.finding.problem and self.finding.accepted


@dataclass(frozen=True, slots=True, kw_only=True)
class SshServer:
    machine: str
    ciphers: tuple[str, ...]
    problem: str

    @property
    def is_encrypted(self) -> bool:
        return bool(self.ciphers) and all(
            each.startswith("aes") and "-gcm@" in each for each in self.ciphers
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptedInTransit:
    def prepare(self, ground: Ground) -> None:
        """Nothing is needed, and nothing disturbed."""

    def run(self, ground: Ground, *, short: bool) -> Ran:
        started = ground.clock.now()
        links = ground.links()
        sources = sorted({each.source for each in links})
        with ThreadPoolExecutor(MACHINES_AT_ONCE) as pool:
            looked = [
                each
                for of_one in pool.map(lambda source: look(ground, source, links), sources)
                for each in of_one
            ]
        servers = ssh_servers(ground)
        measured = with_ssh(figures(looked), servers)
        story = (*told(looked, measured), *of_ssh(servers))
        ground.tell(story[0])
        return Ran(
            target="",
            run=str(ground.run),
            measured=measured,
            story=story,
            seen={
                "ciphers": ciphers(looked),
                "ssh": {each.machine: list(each.ciphers) for each in servers},
                "doors": [f"{named(each.link)}: {fault_of(each)}" for each in wrong(looked)][
                    :SHOWN
                ],
            },
            started_at=started,
            ended_at=ground.clock.now(),
        )


def look(ground: Ground, source: str, links: Sequence[Link]) -> list[Looked]:
    mine = [each for each in links if each.source == source]
    machines = {each.name: each for each in ground.machines}
    doors = [door(each, machines[source], machines[each.target], ground.database) for each in mine]
    findings = knocked(ground.connections[source], ground.programs, doors)
    return [
        Looked(link=link, finding=finding) for link, finding in zip(mine, findings, strict=True)
    ]


def door(link: Link, source: Machine, target: Machine, database: str) -> Mapping[str, Any]:
    """As `handshake.py` wants it. To PostgreSQL a web machine comes as the service, a database
    machine as whoever repairs a copy, and a backup machine as who receives WAL: each with the
    certificate that it is known by."""
    is_service = source.is_a(Role.WEB)
    receives = not is_service and not source.is_a(Role.DATABASE)
    to_postgresql = link.port == DATABASE_PORT
    return {
        "machine": target.name,
        "address": str(target.address),
        "port": link.port,
        "speech": POSTGRESQL if to_postgresql else "tls",
        "user": database if is_service else RECEIVER_ROLE if receives else REWINDER,
        "database": database if is_service else "postgres",
        "replication": to_postgresql and receives,
        "identity": SERVICE_IDENTITY if to_postgresql and is_service else IDENTITY,
        "authority": f"{IDENTITY}/ca.pem",
    }


def knocked(
    connection: Connection, programs: str, doors: Sequence[Mapping[str, Any]]
) -> list[Finding]:
    """`programs`: the folder of our own source on the machine."""
    asked = program(programs, HANDSHAKE)
    said = connection.run(asked, stdin=json.dumps(doors).encode(), timeout_s=KNOCKING_LIMIT_S)
    try:
        found = [Finding(**each) for each in json.loads(said.stdout)]
    except (ValueError, TypeError) as error:
        raise unreadable(connection.machine.name, "at its doors") from error
    return found


def ssh_servers(ground: Ground) -> list[SshServer]:
    with ThreadPoolExecutor(MACHINES_AT_ONCE) as pool:
        return list(pool.map(lambda each: ssh_server(ground, each), ground.machines))


def ssh_server(ground: Ground, machine: Machine) -> SshServer:
    asked = program(ground.programs, SSH, str(machine.address), str(machine.ssh_port))
    said = ground.connections[machine.name].run(asked, check=False, timeout_s=KNOCKING_LIMIT_S)
    try:
        found = json.loads(said.stdout)
        return SshServer(
            machine=machine.name, ciphers=tuple(found["ciphers"]), problem=found["problem"]
        )
    except (ValueError, TypeError, KeyError):
        return SshServer(machine=machine.name, ciphers=(), problem="its answer cannot be read")


def with_ssh(measured: Mapping[str, float], servers: Sequence[SshServer]) -> dict[str, float]:
    unchecked = sum(bool(each.problem) for each in servers)
    weak = sum(not each.is_encrypted for each in servers if not each.problem)
    return {
        **measured,
        "links": measured["links"] + len(servers),
        "unencrypted_links": measured["unencrypted_links"] + weak,
        "unchecked_links": measured["unchecked_links"] + unchecked,
    }


def of_ssh(servers: Sequence[SshServer]) -> tuple[str, ...]:
    good = sum(each.is_encrypted for each in servers)
    return (
        f"SSH of {len(servers)} machines: {good} take AES-GCM and nothing else",
        *(
            f"SSH of {each.machine}: {each.problem or 'takes ' + ', '.join(each.ciphers)}"
            for each in servers
            if not each.is_encrypted
        ),
    )


def figures(looked: Sequence[Looked]) -> dict[str, float]:
    return {
        "links": len(looked),
        "unencrypted_links": sum(
            not each.is_encrypted for each in looked if not each.finding.problem
        ),
        "open_links": sum(bool(each.finding.stranger) for each in looked),
        "unchecked_links": sum(not each.was_checked for each in looked),
    }


def told(looked: Sequence[Looked], measured: Mapping[str, float]) -> tuple[str, ...]:
    bad = wrong(looked)
    return (
        f"three knocks at each of {len(looked)} links between machines, and at SSH … "
        f"{measured['unencrypted_links']:.0f} not encrypted, {measured['open_links']:.0f} open, "
        f"{measured['unchecked_links']:.0f} not checked",
        *(f"{number} × {cipher}" for cipher, number in ciphers(looked).items()),
        *(f"{named(each.link)}: {fault_of(each)}" for each in bad[:SHOWN]),
    )


def wrong(looked: Sequence[Looked]) -> list[Looked]:
    return [each for each in looked if fault_of(each)]


def fault_of(looked: Looked) -> str:
    found = looked.finding
    if found.problem:
        return f"could not be reached ({found.problem})"
    if found.plain:
        return f"answers plain text: {found.plain}"
    if not looked.is_encrypted:
        return f"is not encrypted by AES-GCM but by {found.cipher or 'nothing'}"
    if found.stranger:
        return f"lets in who has no certificate: {found.stranger}"
    return "" if found.accepted else "does not let in the site's own identity"


def ciphers(looked: Sequence[Looked]) -> dict[str, int]:
    names = sorted({each.finding.cipher for each in looked if each.finding.cipher})
    return {name: sum(each.finding.cipher == name for each in looked) for name in names}


def named(link: Link) -> str:
    return f"{link.source} to {link.target}:{link.port} ({link.why})"
