"""Whether the store stands elsewhere than the site. Pure.

By what can be measured: a store whose address is one of the site's machines', or in the networks
beside them, is not elsewhere. Then by words: equal regions are one place. A folder has no address,
so its region alone speaks for it, and without one it counts as on the machine.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from standfast.mechanisms.backup.offsite.store import Kind, Store

BESIDE: Mapping[int, int] = {4: 24, 6: 48}
"""Length of the prefix within which machines usually stand in one room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stands:
    """`measured`: by addresses, not by the company's word alone."""

    elsewhere: bool
    measured: bool
    why: str


def stands(store: Store, *, at: Iterable[str], site: Iterable[str]) -> Stands:
    """`at`: addresses under which the store answers. `site`: those of all machines."""
    known = tuple(at)
    rooms = {beside(each) for each in site}
    near = next((each for each in known if beside(each) in rooms), None)
    same = bool(store.region) and store.region.casefold() == store.site_region.casefold()
    if near is not None:
        return Stands(elsewhere=False, measured=True, why=f"{near} is beside a machine of the site")
    if same:
        return Stands(elsewhere=False, measured=False, why=f"both stand in {store.region}")
    if known:
        return Stands(elsewhere=True, measured=True, why=f"{known[0]} is beside no machine")
    if store.kind is Kind.FOLDER and store.region and store.site_region:
        why = f"{store.region} and {store.site_region}, by the company's word"
        return Stands(elsewhere=True, measured=False, why=why)
    return Stands(elsewhere=False, measured=False, why="where it stands is not known")


def beside(address: str) -> IPv4Network | IPv6Network:
    return ip_network(f"{address}/{BESIDE[ip_address(address).version]}", strict=False)


def door(store: Store) -> tuple[str, int] | None:
    """The name whose addresses count, and the port; a folder has neither."""
    match store.kind:
        case Kind.S3:
            server = urlsplit(store.parts["server"])
            port = server.port or {"https": 443, "http": 80}[server.scheme]
            return server.hostname or "", port
        case Kind.AZURE:
            return f"{store.parts['account']}.blob.core.windows.net", 443
        case Kind.SFTP:
            return store.parts["host"], int(store.parts["port"])
        case Kind.FOLDER:
            return None


class Speaks(Enum):
    """How a store's server begins, once it is connected to."""

    TLS = auto()
    FIRST = auto()
    """By itself, without being asked: an SSH server."""
    WHEN_ASKED = auto()


def speaks(store: Store) -> Speaks:
    match store.kind:
        case Kind.SFTP:
            return Speaks.FIRST
        case Kind.S3 if urlsplit(store.parts["server"]).scheme == "http":
            return Speaks.WHEN_ASKED
        case _:
            return Speaks.TLS
