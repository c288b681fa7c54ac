"""Give every machine the certificates it needs, and keep those that still serve."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from standfast.mechanisms.hosts.machine import Machine, Role, having
from standfast.mechanisms.hosts.names import PRIMARY
from standfast.mechanisms.keys.authority import ISSUED, Authority, Subject, is_current, is_for
from standfast.mechanisms.keys.certificates.brought import Brought
from standfast.mechanisms.keys.identity import WITNESS
from standfast.mechanisms.keys.vault import Vault
from standfast.mechanisms.rollout.plan import Certificates

ENDING_DAYS = 13
"""One fewer than the page promises at least."""


def certify(
    machines: tuple[Machine, ...],
    inspected: Mapping[str, Mapping[str, Any]],
    authority: Authority,
    *,
    vault: Vault,
    public: Subject,
    service: Subject,
    every_name: Subject,
    brought: tuple[Brought, ...],
    now: datetime,
) -> Certificates:
    """`inspected` holds each machine's signing requests; `public` is what edges show the world
    (`every_name` what they show while a fault is planted),
    `service` what the service shows the database, `brought` what edges show besides."""

    def one(kind: str, machine: Machine, subject: Subject) -> bytes:
        request = inspected[machine.name]["csr"][kind].encode()
        name = f"{ISSUED}{machine.name}-{kind}.pem"
        known = (vault.get(name) or "").encode()
        if known and is_current(known, request, subject, authority, now=now):
            return known
        pem = authority.issue(request, subject, now=now)
        vault.put(name, pem.decode())
        return pem

    def ending(machine: Machine) -> bytes:
        """Kept when its end is past: then it is no better, and nothing would be gained."""
        request = inspected[machine.name]["csr"]["public"].encode()
        name = f"{ISSUED}{machine.name}-ending.pem"
        known = (vault.get(name) or "").encode()
        if known and is_for(known, request, every_name, authority):
            return known
        pem = authority.issue(request, every_name, now=now, days=ENDING_DAYS)
        vault.put(name, pem.decode())
        return pem

    return Certificates(
        authority=authority.trusted,
        identity={each.name: one("identity", each, itself(each)) for each in machines},
        public={each.name: one("public", each, public) for each in having(machines, Role.EDGE)},
        service={each.name: one("service", each, service) for each in having(machines, Role.WEB)},
        ending={each.name: ending(each) for each in having(machines, Role.EDGE)},
        brought=brought,
    )


def itself(machine: Machine) -> Subject:
    """A database machine also answers as the primary, when it is."""
    dns = (PRIMARY,) if machine.is_a(Role.DATABASE) else ()
    return Subject(name=machine.name, dns=dns, addresses=(machine.address,))


def kinds(machine: Machine) -> tuple[str, ...]:
    """Which key pairs a machine has; all but a witness's have a certificate."""
    edge = ("public",) if machine.is_a(Role.EDGE) else ()
    web = ("service",) if machine.is_a(Role.WEB) else ()
    monitor = (WITNESS,) if machine.is_a(Role.MONITOR) else ()
    return ("identity", *edge, *web, *monitor)
