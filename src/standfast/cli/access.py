"""Whether customers get in again: their names lead to the new site, and one of them signs in."""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import click

from standfast.cli.account import CANARY, enter_account
from standfast.cli.app import App
from standfast.cli.progress import Progress
from standfast.core.errors import Unreachable
from standfast.core.files import write_atomically
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.keys import custody
from standfast.mechanisms.recovery.lose_site import naming
from standfast.mechanisms.recovery.lose_site.settings import DnsSettings
from standfast.proofs.drills.connection import Target
from standfast.proofs.drills.customer import Customer, canary
from standfast.proofs.drills.load import context

POLL_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """`host` is what a customer knows of the site, `addresses` where it leads. `is_led`: its names
    lead here; where they do not yet, it is an address."""

    host: str
    port: int
    addresses: tuple[str, ...]
    is_led: bool


def led(app: App, progress: Progress) -> Door:
    """Lead the names here, and wait until they do. Without `[dns]` nothing is done about them but
    to look."""
    site = app.site
    edges = tuple(str(each.public) for each in site.having(Role.EDGE))
    if not site.names:
        return by_address(app, edges, is_led=True)
    if site.dns is not None:
        steps = tuple(naming.commands(with_its_key(app, site.dns), site.names, edges))
        for command in steps:
            progress.tell("names", f"leading {', '.join(site.names)} here")
            app.runner.run(command)
        if not steps:
            tell_a_person(site.names, edges)
        wait_until_led(app, edges, site.dns.wait_h * 3600, progress)
    name = site.names[0]
    found = tuple(resolved(name))
    if not naming.leads_here(found, edges):
        return by_address(app, edges, is_led=False)
    return Door(host=name, port=443, addresses=found, is_led=True)


def with_its_key(app: App, settings: DnsSettings) -> DnsSettings:
    """The file that the settings name, or else the key that came along in the envelope."""
    carried = app.keys.vault.get(custody.DNS_KEY)
    if carried is None or naming.key_in(settings) is not None:
        return settings
    path = app.site.folders.home / "dns.key"
    write_atomically(path, carried.encode(), mode=0o600)
    return settings.model_copy(update={"key_file": str(path)})


def by_address(app: App, edges: Sequence[str], *, is_led: bool) -> Door:
    """Its certificate names the addresses, too."""
    at = urlsplit(app.site.health_url)
    host = at.hostname or edges[0]
    return Door(host=host, port=at.port or 443, addresses=(host,), is_led=is_led)


def tell_a_person(names: Sequence[str], edges: Sequence[str]) -> None:
    """Also where only a document is wanted on stdout: nobody else will do it."""
    for line in naming.instructions(names, edges):
        click.echo(line, err=True)


def wait_until_led(app: App, edges: Sequence[str], limit_s: float, progress: Progress) -> None:
    """What a person needs for it, and what other name servers remember, is part of the outage."""
    end = app.clock.monotonic() + limit_s
    while away := [
        each for each in app.site.names if not naming.leads_here(tuple(resolved(each)), edges)
    ]:
        if app.clock.monotonic() > end:
            raise Unreachable(
                f"{', '.join(away)} does not lead to the new site",
                remedy="Set it where it is kept; then run the same command again.",
            )
        progress.tell("names", f"waiting until {', '.join(away)} leads here")
        app.clock.sleep(POLL_S)


def resolved(name: str) -> list[str]:
    """As this computer finds it now, IPv4 alone; empty where it does not."""
    try:
        found = socket.getaddrinfo(name, 443, socket.AF_INET, socket.SOCK_STREAM)
    except OSError:
        return []
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def sign_in(app: App, door: Door) -> Mapping[str, Any]:
    """By an account that is entered now, over TLS that is verified by the name."""
    password = custody.ensure(app.keys.vault).canary_password
    app.keys.save()
    enter_account(app, CANARY, password)
    customer(app, door, CANARY, password).sign_in()
    return {"host": door.host, "addresses": list(door.addresses)}


def customer(app: App, door: Door, account: str, password: str) -> Customer:
    contract = app.site.service.canary.model_dump(mode="json", by_alias=True, exclude={"account"})
    return Customer(
        target=Target(
            addresses=door.addresses,
            port=door.port,
            host=door.host,
            context=context(str(app.site.folders.home / "ca.pem")),
        ),
        clock=app.clock,
        canary=canary(contract),
        account=account,
        password=password,
        run=str(custody.fresh_identifier()),
    )
