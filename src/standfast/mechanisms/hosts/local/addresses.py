"""Which number a machine made here has in its networks: the same for as long as the site lives.

The file may name machines in another order, or no longer; a number is never given twice, so nobody
is taken for a machine that was there before. Standard library only.
"""

import json
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address
from pathlib import Path

from standfast.core.files import write_atomically
from standfast.mechanisms.hosts.local.names import FIRST_MACHINE, PRIVATE

FILE = "addresses.json"


def allotted(names: Iterable[str], before: Mapping[str, int]) -> dict[str, int]:
    """Known names keep their number; new ones get the next that nobody ever had."""
    given = dict(before)
    for name in names:
        if name not in given:
            given[name] = max(given.values(), default=FIRST_MACHINE - 1) + 1
    return given


def read(home: Path) -> dict[str, int]:
    """Empty for a site that was never brought up."""
    path = home / FILE
    if not path.exists():
        return {}
    noted: dict[str, int] = json.loads(path.read_text())
    return noted


def note(home: Path, machines: Mapping[str, IPv4Address]) -> None:
    numbers = {name: int(address) - int(PRIVATE[0]) for name, address in machines.items()}
    noted = {**read(home), **numbers}
    if noted != read(home):
        home.mkdir(parents=True, exist_ok=True)
        write_atomically(home / FILE, json.dumps(noted, indent=2).encode() + b"\n")
