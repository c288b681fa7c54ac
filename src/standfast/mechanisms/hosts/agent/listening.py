"""Verb `listening`: on which ports of this machine others could knock, firewall or not.

Read from the kernel's own tables (proc_net_tcp in its documentation): sockets that listen, and
datagram sockets without a peer, unless they are bound to the loopback.
"""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

TABLES: Mapping[str, str] = {"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"}
"""Table to the state that counts: LISTEN, and CLOSE, which a datagram socket without a peer has."""


def read(folder: Path = Path("/proc/net")) -> Mapping[str, Any]:
    found = {
        (name.removesuffix("6"), port, str(address))
        for name, state in TABLES.items()
        if (folder / name).exists()
        for address, port in sockets((folder / name).read_text(), state)
        if not address.is_loopback
    }
    return {
        "listening": [
            {"protocol": protocol, "port": port, "address": address}
            for protocol, port, address in sorted(found)
        ]
    }


def sockets(table: str, state: str) -> Iterator[tuple[IPv4Address | IPv6Address, int]]:
    for line in table.splitlines()[1:]:
        _, local, _, found, *_ = line.split()
        if found == state:
            address, port = local.split(":")
            yield parsed(address), int(port, 16)


def parsed(words: str) -> IPv4Address | IPv6Address:
    """Each four bytes as this machine has them in memory; all that we run on are little-endian."""
    packed = b"".join(bytes.fromhex(words[at : at + 8])[::-1] for at in range(0, len(words), 8))
    if len(packed) == 4:
        return IPv4Address(packed)
    address = IPv6Address(packed)
    return address.ipv4_mapped or address
