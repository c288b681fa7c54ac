"""Lead the site's names to where it stands now: by a dynamic update, by a provider's own program,
or by a person."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from standfast.core.command import Command
from standfast.core.errors import ConfigError
from standfast.mechanisms.recovery.lose_site.settings import DnsSettings, Way

NSUPDATE = "/usr/bin/nsupdate"
PACKAGE = "bind9-dnsutils"
TIMEOUT_S = 30
COMMAND_LIMIT_S = 300.0
"""A provider's program may wait until its own servers have the new address."""


def key_in(settings: DnsSettings | None) -> str | None:
    """What is in `key_file` on this computer, if names are led by an update and it is there."""
    if settings is None or settings.way is not Way.UPDATE or settings.key_file is None:
        return None
    path = Path(settings.key_file)
    return path.read_text() if path.is_file() else None


def must_be_possible(settings: DnsSettings, *, carried: bool = False) -> None:
    """Before anything is begun. Raises `ConfigError` for what an update lacks on this computer.
    `carried`: its key is in the envelope."""
    if settings.way is not Way.UPDATE:
        return
    if not Path(NSUPDATE).exists():
        raise ConfigError(f"{NSUPDATE} is not there", remedy=f"apt-get install {PACKAGE}")
    if key_in(settings) is None and not carried:
        raise ConfigError(
            f"dns.key_file: {settings.key_file} is not there, and no key is in the envelope",
            remedy="Put the TSIG key of the zone there, as tsig-keygen(8) writes it.",
        )


def commands(
    settings: DnsSettings, names: Sequence[str], addresses: Sequence[str]
) -> Iterator[Command]:
    """What leads them there; nothing where a person does it."""
    match settings.way:
        case Way.UPDATE:
            yield updated(settings, names, addresses)
        case Way.COMMAND:
            for name in names:
                yield Command(
                    argv=tuple(filled(each, name, addresses) for each in settings.command),
                    timeout_s=COMMAND_LIMIT_S,
                )


def filled(word: str, name: str, addresses: Sequence[str]) -> str:
    return word.replace("{name}", name).replace("{addresses}", ",".join(addresses))


def updated(settings: DnsSettings, names: Sequence[str], addresses: Sequence[str]) -> Command:
    """RFC 2136, by nsupdate(1): all in one message, so that it is done for every name or for
    none."""
    assert settings.key_file is not None
    return Command(
        argv=(NSUPDATE, "-t", str(TIMEOUT_S), "-k", str(Path(settings.key_file))),
        stdin="".join(f"{line}\n" for line in update(settings, names, addresses)).encode(),
        timeout_s=2 * TIMEOUT_S,
    )


def update(settings: DnsSettings, names: Sequence[str], addresses: Sequence[str]) -> Iterator[str]:
    """IPv4 alone, as edges have it; what the old site had of IPv6 would lead nowhere."""
    host, _, port = (settings.server or "").partition(":")
    yield f"server {host} {port or 53}"
    yield f"zone {settings.zone}."
    for name in names:
        for kind in ("A", "AAAA", "CNAME"):
            yield f"update delete {name}. {kind}"
        for address in addresses:
            yield f"update add {name}. {settings.ttl_s} A {address}"
    yield "send"


def instructions(names: Sequence[str], addresses: Sequence[str]) -> Iterator[str]:
    yield "Have these names lead to the new edges, at whoever keeps them:"
    for name in names:
        yield f"  {name}  A  {', '.join(addresses)}"


def leads_here(resolved: Sequence[str], addresses: Sequence[str]) -> bool:
    """Whether what a name resolves to is the new site, and nothing beside it."""
    return bool(resolved) and set(resolved) <= set(addresses)
