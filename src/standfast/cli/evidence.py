"""`standfast evidence verify`: check a site's log from nothing but its key and its address.

Needs neither root nor a site of one's own: this is what a customer runs.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from standfast.cli import promises
from standfast.cli.app import App, open_app, own_pins
from standfast.cli.record import log_url
from standfast.core.clock import SystemClock
from standfast.core.errors import CannotVerify, ConfigError
from standfast.evidence.pins import Pins
from standfast.evidence.read import claimed_name, read_log
from standfast.evidence.tiles import CHECKPOINT
from standfast.evidence.transport import FolderTransport, HttpsTransport, Transport
from standfast.evidence.verify import Verification


@click.group()
def evidence() -> None:
    """Work with the signed record of what was proven."""


@evidence.command()
@click.argument("log", required=False, metavar="[URL|FOLDER]")
@click.option("--key", help="The log's key as one line, from the page or a better source.")
@click.option(
    "--ca-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Believe certificates of this authority instead of the system's.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_obj
def verify(
    file: Path | None, log: str | None, key: str | None, ca_file: Path | None, as_json: bool
) -> int:
    """Verify a log: this site's, the one at URL (a site, its page, its log), or that in FOLDER.

    Every entry is hashed and every signature checked, the log must still begin with what was
    verified here last time, and each promise's state is derived anew. The first time a log is
    verified its key is remembered.

    Exit status: 0 if every promise is kept, 1 if one is broken or the record was altered, 3 if one
    is unproven or the record cannot be verified.
    """
    pins = own_pins()
    address = of_log(log or log_url(the_site(file)))
    found = checked(address, pins, key=key, ca_file=ca_file)
    if as_json:
        click.echo(json.dumps(document(address, found)))
    else:
        show(address, found)
    if found.complaints:
        return 1
    return promises.exit_status(each.state for each in found.states)


def the_site(file: Path | None) -> App:
    app = open_app(file)
    app.must_exist()
    return app


def checked(address: str, pins: Pins, *, key: str | None, ca_file: Path | None) -> Verification:
    """A key that is given is remembered once it has been seen to sign this log."""
    transport = transport_to(address, pins, ca_file)
    origin = claimed_name(transport.fetch(CHECKPOINT))
    vkey = key or pins.key(origin)
    if vkey is None:
        raise CannotVerify(
            f"no key is pinned for the log {origin}",
            remedy="Give it once with --key: it stands on the trust page, and a copy that reached "
            "you another way (a contract, a mail) is worth more.",
        )
    record = read_log(transport, vkey)
    if key is not None:
        authority = ca_file.read_bytes() if ca_file else None
        pins.trust(key, address=address, authority=authority)
    return pins.compared(record, now=SystemClock().now())


def transport_to(address: str, pins: Pins, ca_file: Path | None) -> Transport:
    if not address.startswith("https://"):
        folder = Path(address)
        if not folder.is_dir():
            raise ConfigError(
                f"{address} is neither a folder nor an https address",
                remedy="Name a log's folder, or an address that begins with https://.",
            )
        return FolderTransport(folder if (folder / CHECKPOINT).is_file() else folder / "log")
    return HttpsTransport(address, ca_file or pins.authority_at(address))


def of_log(address: str) -> str:
    """People paste the address of a site or of its page. A folder stays what it is."""
    if not address.startswith("https://"):
        return address
    path = urlsplit(address).path.rstrip("/")
    if path.endswith("/trust"):
        return f"{address.rstrip('/')}/log"
    return address.rstrip("/") if path else f"{address.rstrip('/')}/trust/log"


def document(address: str, found: Verification) -> Mapping[str, Any]:
    checkpoint = found.record.checkpoint
    return {
        "log": {
            "address": address,
            "origin": checkpoint.origin,
            "key": found.record.keyring.log.vkey,
            "size": checkpoint.size,
            "root": checkpoint.root.hex(),
        },
        "complaints": list(found.complaints),
        "promises": [promises.document(each) for each in found.states],
    }


def show(address: str, found: Verification) -> None:
    checkpoint = found.record.checkpoint
    click.echo(f"{address}: {checkpoint.size} entries of {checkpoint.origin}")
    for each in found.complaints:
        click.echo(f"  WRONG: {each}")
    now = SystemClock().now()
    for state in found.states:
        for line in promises.lines(promises.document(state), now):
            click.echo(line)
    if not found.complaints:
        click.echo("Every entry is where it was signed to be, and every signature holds.")
