"""`standfast certificate import|list|show|remove`: what customers' browsers check."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import click
from cryptography import x509

from standfast.cli.app import App, open_app
from standfast.cli.lock import locked
from standfast.core.errors import ConfigError
from standfast.evidence.certificates import answer, command
from standfast.evidence.statement import ShownCertificate
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.keys.authority import ISSUED
from standfast.mechanisms.keys.certificates import brought, check, read
from standfast.mechanisms.keys.certificates.check import Given, Problem
from standfast.mechanisms.keys.certificates.shown import shown
from standfast.mechanisms.keys.vault import Vault

SOON_DAYS = 30
"""Before its end somebody must have it issued anew, which takes authorities up to some days."""

a_file = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.group()
def certificate() -> None:
    """Bring certificates for the site's names, and see what its edges show.

    For a name without one the site's own authority signs, which no browser knows.
    """


@certificate.command(name="import")
@click.argument("chain", type=a_file)
@click.argument("key", type=a_file)
@click.option(
    "--authority",
    type=a_file,
    help="Who signed it, where browsers do not know them: your company's own, as PEM.",
)
@click.pass_obj
def bring(file: Path | None, chain: Path, key: Path, authority: Path | None) -> None:
    """Seal the certificate in CHAIN and its KEY, for the names of the site that it is good for.

    CHAIN is a PEM file: your certificate first, then whoever signed it, and so on. Everything
    that browsers would refuse is refused, with what to try. `standfast up` gives both to the edges,
    which change over without dropping a connection. A newer one takes the older one's place.
    """
    app = open_app(file)
    given = Given(
        chain=read.chain(chain.read_bytes(), str(chain)),
        key=read.private_key(key.read_bytes(), str(key)),
    )
    trusted = authorities(authority)
    wanted, now = app.site.names, app.clock.now()
    refuse(chain, tuple(check.problems(given, wanted=wanted, trusted=trusted, now=now)))
    taken = brought.taken(given, wanted=wanted, trusted=trusted)
    with locked(app.lock_file, "standfast certificate import"):
        vault = app.keys.begin()
        brought.keep(vault, taken)
        app.keys.save()
        (told, *_) = of_site(app, vault, brought.kept(vault, taken.names))
    click.echo(f"{app.site.sealed.sealed} has a certificate for {', '.join(taken.names)}:")
    for line in lines(told, now):
        click.echo(line)
    others = [each for each in wanted if each not in taken.names]
    if others:
        click.echo(f"It is not for {', '.join(others)}: bring one for those too.")
    click.echo("`standfast up` gives it to the edges.")


@certificate.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_obj
def enumerate_(file: Path | None, as_json: bool) -> None:
    """Name the certificates that edges show, or will after `standfast up`. Changes nothing."""
    app = open_app(file)
    known = all_of(app)
    if as_json:
        documents = [each.model_dump(mode="json") for each in known]
        click.echo(json.dumps({"site": app.site.name, "certificates": documents}))
        return
    now = app.clock.now()
    for each in known:
        click.echo(f"{each.names[0]:<32} {each.key:<9} {ending(each, now):<28} {each.issuer}")
    if not known:
        click.echo("none yet: `standfast up` makes them, or `standfast certificate import`")


@certificate.command()
@click.argument("name")
@click.pass_obj
def show(file: Path | None, name: str) -> None:
    """Say all about the certificates for NAME, with a command that compares. Changes nothing."""
    app = open_app(file)
    known = all_of(app)
    found = [each for each in known if name in each.names]
    if not found:
        names = sorted({each for one in known for each in one.names})
        raise ConfigError(
            f"no certificate is for {name}", remedy=f"There are some for: {', '.join(names)}."
        )
    for each in found:
        for line in lines(each, app.clock.now()):
            click.echo(line)


@certificate.command()
@click.argument("name")
@click.pass_obj
def remove(file: Path | None, name: str) -> None:
    """Forget what was brought for NAME; from the next `up` on the site's own authority signs."""
    app = open_app(file)
    with locked(app.lock_file, "standfast certificate remove"):
        vault = app.keys.begin()
        if not brought.drop(vault, name):
            raise ConfigError(
                f"no certificate was brought for {name}", remedy="standfast certificate list"
            )
        app.keys.save()
    click.echo(f"{app.site.sealed.sealed} has none for {name} any more; `standfast up` next.")


def authorities(named: Path | None) -> tuple[x509.Certificate, ...]:
    """Whom this computer trusts, and whom the operator names."""
    own = read.chain(named.read_bytes(), str(named)) if named else ()
    return (*own, *read.system())


def refuse(chain: Path, problems: Sequence[Problem]) -> None:
    if problems:
        raise ConfigError(
            f"{chain}: {'; '.join(each.what for each in problems)}",
            remedy=" ".join(dict.fromkeys(each.remedy for each in problems)),
        )


def all_of(app: App) -> tuple[ShownCertificate, ...]:
    vault = app.keys.vault
    return of_site(app, vault, brought.kept(vault, app.site.names))


def of_site(
    app: App, vault: Vault, given: tuple[brought.Brought, ...]
) -> tuple[ShownCertificate, ...]:
    public = {
        edge.name: (vault.get(f"{ISSUED}{edge.name}-public.pem") or "").encode()
        for edge in app.site.having(Role.EDGE)
    }
    return shown(app.site.machines, public, given)


def lines(of: ShownCertificate, now: datetime) -> Iterator[str]:
    yield f"  names        {', '.join(of.names)}"
    yield f"  issuer       {of.issuer}"
    yield f"  key          {of.key}"
    yield f"  serial       {of.serial}"
    yield f"  valid        from {of.valid_from:{check.DATE}}, {ending(of, now)}"
    yield f"  SHA-256      {of.sha256}"
    for address in of.addresses:
        yield f"  at {address}:"
        yield f"    {command(of, address)}"
    yield f"    answers: {answer(of)}"


def ending(of: ShownCertificate, now: datetime) -> str:
    days = (of.valid_until - now).total_seconds() / 86_400
    words = f"until {of.valid_until:%Y-%m-%d}"
    if days < 0:
        return f"{words}: EXPIRED"
    return f"{words}: {days:.0f} days" + (", renew it" if days < SOON_DAYS else "")
