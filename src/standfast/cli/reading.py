"""Whose log a command reads, from where, and with which key. Needs neither root nor a site of one's
own unless the log is that of the site: this is what a customer runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from standfast.cli.app import App, open_app, own_pins
from standfast.cli.record import log_url
from standfast.core.clock import SystemClock
from standfast.core.errors import CannotVerify, ConfigError
from standfast.evidence.pins import Pins
from standfast.evidence.policy import Policy
from standfast.evidence.read import Record, claimed_name, read_log
from standfast.evidence.tiles import CHECKPOINT
from standfast.evidence.timestamp.judge import gather
from standfast.evidence.transport import FolderTransport, HttpsTransport, Transport
from standfast.evidence.verify import Verification

PAGE = "/index.html"
"""By which the page is asked for in a store that knows of no folders."""

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A log that was verified, and where more of it can be got."""

    address: str
    transport: Transport
    found: Verification

    @property
    def record(self) -> Record:
        return self.found.record

    @property
    def identity(self) -> Mapping[str, Any]:
        """Which log this is, and how far it goes, for `--json`."""
        checkpoint = self.record.checkpoint
        return {
            "address": self.address,
            "origin": checkpoint.origin,
            "key": self.record.keyring.log.vkey,
            "size": checkpoint.size,
            "root": checkpoint.root.hex(),
        }

    def warn(self) -> int:
        """Say what is wrong with the record, on standard error; the exit status that goes with
        it."""
        for each in self.found.complaints:
            click.echo(f"standfast: WRONG: {each}", err=True)
        return 1 if self.found.complaints else 0


def key_options(command: Command) -> Command:
    command = click.option(
        "--ca-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Believe certificates of this authority instead of the system's.",
    )(command)
    return click.option(
        "--key", help="The log's key as one line, from the page or a better source."
    )(command)


def log_options(command: Command) -> Command:
    return click.option(
        "--log",
        metavar="URL|FOLDER",
        help="Another log than this site's: the address of a site, its page or its log, or a copy.",
    )(key_options(command))


def read(
    file: Path | None,
    log: str | None,
    *,
    key: str | None,
    ca_file: Path | None,
    policy: Policy | None = None,
) -> Reading:
    """The log at an address or in a folder, or the site's own."""
    address = of_log(log or log_url(the_site(file)))
    return checked(address, own_pins(), key=key, ca_file=ca_file, policy=policy)


def the_site(file: Path | None) -> App:
    app = open_app(file)
    app.must_exist()
    return app


def checked(
    address: str,
    pins: Pins,
    *,
    key: str | None,
    ca_file: Path | None,
    policy: Policy | None = None,
) -> Reading:
    """A key that is given is remembered once it has been seen to sign this log, and a policy that
    requires anybody once this log was found to satisfy it."""
    transport = transport_to(address, pins, ca_file)
    origin = claimed_name(transport.fetch(CHECKPOINT))
    listed = policy.key(origin) if policy else None
    vkey = key or listed or pins.key(origin)
    if vkey is None:
        raise CannotVerify(
            f"no key is pinned for the log {origin}",
            remedy="Give it once with --key: it stands on the trust page, and a copy that reached "
            "you another way (a contract, a mail) is worth more.",
        )
    if policy and policy.logs and vkey not in {each.vkey for each in policy.logs}:
        raise ConfigError(
            f"the policy is not about the log {origin} with this key",
            remedy="Does the file belong to another log?",
        )
    asked = policy or pins.policy(origin)
    gathered = gather(transport, asked.timestamps if asked else ())
    record = read_log(transport, vkey)
    if key is not None or listed is not None:
        authority = ca_file.read_bytes() if ca_file else None
        pins.trust(vkey, address=address, authority=authority)
    now = SystemClock().now()
    found = pins.compared(record, now=now, policy=asked, gathered=gathered)
    if policy and policy.requires_anybody and not found.complaints:
        pins.require(origin, policy)
    return Reading(address=address, transport=transport, found=found)


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
    address = address.removesuffix(PAGE)
    path = urlsplit(address).path.rstrip("/")
    if path.endswith("/trust"):
        return f"{address.rstrip('/')}/log"
    return address.rstrip("/") if path else f"{address.rstrip('/')}/trust/log"
