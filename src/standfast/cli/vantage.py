"""`standfast vantage`: look at a site as a stranger does, from wherever this runs."""

import json
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import click

from standfast.cli.progress import Progress
from standfast.core.clock import Clock, SystemClock
from standfast.core.errors import ConfigError, Refused, Unreachable
from standfast.mechanisms.keys import custody
from standfast.proofs.vantage.scan import Heard, scan
from standfast.proofs.vantage.syn import Answer
from standfast.proofs.vantage.visit import Visit, meet

FRONT = (80, 443)
RATE = 3000
RATES = click.IntRange(100, 50_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One address of a host; `front` is None where nobody answers on 443."""

    host: str
    heard: Heard
    front: Visit | None

    @property
    def open(self) -> Sequence[int]:
        return self.heard.having(Answer.OPEN)

    @property
    def strange(self) -> list[int]:
        """Of what is open, what no web front needs."""
        return [port for port in self.open if port not in FRONT]

    @property
    def is_good(self) -> bool:
        said = self.heard.document
        quiet = not (self.strange or said["refused"] or said["udp"])
        return quiet and self.front is not None and not self.front.doubt

    @property
    def document(self) -> Mapping[str, Any]:
        return {
            "host": self.host,
            **self.heard.document,
            "front": asdict(self.front) if self.front else None,
            "good": self.is_good,
        }


@click.command()
@click.argument("hosts", nargs=-1, required=True, metavar="HOST…")
@click.option("--rate", type=RATES, default=RATE, show_default=True, help="Questions a second.")
@click.option(
    "--ca",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Whom to believe, for a site with an authority of its own.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def vantage(hosts: tuple[str, ...], rate: int, ca: Path | None, as_json: bool) -> int:
    """Look at HOST, a name or an IPv4 address, as a stranger does: every TCP port, the usual UDP
    ports, the handshake and an answer.

    Needs nothing of the site, and can run anywhere as root. A web front that is all that answers,
    with a certificate that is believed, ends with 0; whatever else answers, even by a refusal,
    with 1. Ask only what is yours, or whose owner agrees: to others this looks like an attack.
    """
    must_be_root()
    places = [(host, each) for host in hosts for each in addresses(host)]
    progress = Progress(quiet=as_json)
    seconds = 2 * 65535 * len(places) / rate
    progress.say(f"asking 65,535 ports of {len(places)} addresses, for up to {seconds:.0f} s")
    clock = SystemClock()
    heard = scan(
        [each for _, each in places],
        range(1, 65536),
        rate,
        secret=custody.fresh_identifier().bytes,
        clock=clock,
    )
    looks = [
        Look(host=host, heard=each, front=front_of(host, each, ca, clock))
        for (host, _), each in zip(places, heard, strict=True)
    ]
    if as_json:
        click.echo(json.dumps({"looks": [each.document for each in looks]}))
    else:
        for line in (line for each in looks for line in lines(each)):
            click.echo(line)
    return 0 if all(each.is_good for each in looks) else 1


def must_be_root() -> None:
    if os.geteuid() != 0:
        raise Refused(
            "asking ports without opening connections takes raw sockets, which only root has",
            remedy="Run it as root.",
        )


def addresses(host: str) -> list[IPv4Address]:
    try:
        found = socket.getaddrinfo(host, 443, socket.AF_INET, socket.SOCK_STREAM)
    except OSError as error:
        raise Unreachable(
            f"{host} has no IPv4 address: {error.strerror}", remedy="Is the name right?"
        ) from error
    except UnicodeError as error:
        raise ConfigError(f"{host} is no name of a host") from error
    return [IPv4Address(each) for each in dict.fromkeys(str(entry[4][0]) for entry in found)]


def front_of(host: str, heard: Heard, authority: Path | None, clock: Clock) -> Visit | None:
    try:
        return meet(host, str(heard.asker.target), 443, authority, clock)
    except OSError:
        return None


def lines(look: Look) -> Iterator[str]:
    said = look.heard.document
    yield f"{look.host} ({said['address']})"
    yield f"  open         {numbers(look.open)}"
    if look.strange:
        yield f"  not the web  {numbers(look.strange)}"
    if said["refused"]:
        yield f"  refused      {numbers(said['refused'])}: an answer, where silence is better"
    if said["udp"]:
        yield f"  UDP answers  {numbers(said['udp'])}"
    front = look.front
    if front is None:
        yield "  443          nobody answers"
        return
    yield f"  handshake    {front.protocol or 'none'} {front.cipher}".rstrip()
    yield f"  certificate  {front.doubt or 'believed'}"
    if front.fingerprint:
        yield f"  SHA-256      {front.fingerprint}"
    yield f"  answer       {front.status or 'none'} after {front.seconds:.2f} s"


SHOWN = 12


def numbers(ports: Sequence[int]) -> str:
    more = f" and {len(ports) - SHOWN} more" if len(ports) > SHOWN else ""
    return (", ".join(map(str, ports[:SHOWN])) or "none") + more
