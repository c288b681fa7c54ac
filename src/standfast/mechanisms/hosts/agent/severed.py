"""Verb `severed`: is that machine out of this one's reach, and if it is, refuse it at once for some
seconds.

Asked by a monitor that is about to take a dead primary's claim away. Patroni asks the dead machine
once more before it takes over, and waits two seconds for an answer that cannot come: with these
rules the kernel says no in its place. They are a table of their own, and time out by themselves.
"""

import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import IPv4Address
from typing import Any

from standfast.core.command import Command, Runner
from standfast.core.errors import Refused
from standfast.mechanisms.hosts.names import DATABASE_PORT, PATRONI_PORT

TIMEOUT_S = 0.25
REFUSED_S = 5
"""Patroni's election is over by then. If it was a false alarm, the secondary follows again."""

RULES = """
table inet standfast-severed {{
    set machines {{ type ipv4_addr; flags timeout; }}
    chain output {{ type filter hook output priority filter; }}
}}
flush chain inet standfast-severed output
add rule inet standfast-severed output ip daddr @machines meta l4proto tcp reject with tcp reset
add element inet standfast-severed machines {{ {address} timeout {seconds}s }}
"""


def severed(runner: Runner, address: str) -> Mapping[str, Any]:
    """Whether neither Patroni nor PostgreSQL at that address accepts a connection from here."""
    try:
        machine = IPv4Address(address)
    except ValueError as error:
        raise Refused("severed takes the address of a machine") from error
    with ThreadPoolExecutor(2) as pool:
        if any(pool.map(partial(accepts, str(machine)), (PATRONI_PORT, DATABASE_PORT))):
            return {"severed": False}
    rules = RULES.format(address=machine, seconds=REFUSED_S)
    runner.run(Command(argv=("nft", "--file", "-"), stdin=rules.encode()))
    return {"severed": True}


def accepts(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=TIMEOUT_S).close()
    except OSError:
        return False
    return True
