"""Verb `severed`: is that database machine out of this one's reach, and if it is, let Patroni here
be told so at once for some seconds.

Asked by a monitor that is about to take a dead primary's claim away. Patroni asks the dead machine
once more before it takes over, and waits two seconds for an answer that cannot come: with these
rules the kernel says no in its place. They are about Patroni's port alone, and their elements time
out by themselves; the table is of our own, and goes with the rest (`hosts/withdraw.py`).
"""

import json
import socket
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from standfast.core.command import Command, Runner
from standfast.core.errors import Refused, StandfastError
from standfast.mechanisms.hosts.names import DATABASE_PORT, PATRONI_PORT

SETTINGS = Path("/etc/standfast/agent.json")
TIMEOUT_S = 0.25
NFT_TIMEOUT_S = 0.5
REFUSED_S = 5
"""Patroni's election is over by then. If it was a false alarm, nothing else was held up."""

TABLE = ("inet", "standfast-severed")
RULES = """
table inet standfast-severed {{
    set machines {{ type ipv4_addr; flags timeout; }}
    chain output {{ type filter hook output priority filter; }}
}}
flush chain inet standfast-severed output
add rule inet standfast-severed output ip daddr @machines tcp dport {port} reject with tcp reset
add element inet standfast-severed machines {{ {address} timeout {seconds}s }}
"""


def severed(runner: Runner, machine: str) -> Mapping[str, Any]:
    """Whether neither Patroni nor PostgreSQL of that machine accepts a connection from here."""
    databases: Mapping[str, str] = json.loads(SETTINGS.read_text()).get("databases", {})
    if machine not in databases:
        raise Refused("severed takes the name of another database machine of this site")
    address = databases[machine]
    with ThreadPoolExecutor(2) as pool:
        if any(pool.map(partial(accepts, address), (PATRONI_PORT, DATABASE_PORT))):
            return {"severed": False}
    refuse(runner, address)
    return {"severed": True}


def refuse(runner: Runner, address: str) -> None:
    """It only saves time: where it fails, Patroni waits for its two seconds."""
    rules = RULES.format(address=address, port=PATRONI_PORT, seconds=REFUSED_S)
    nft = Command(argv=("nft", "--file", "-"), stdin=rules.encode(), timeout_s=NFT_TIMEOUT_S)
    try:
        runner.run(nft)
    except StandfastError as error:
        print(f"severed: {error.problem}", file=sys.stderr, flush=True)


def accepts(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=TIMEOUT_S).close()
    except OSError:
        return False
    return True
