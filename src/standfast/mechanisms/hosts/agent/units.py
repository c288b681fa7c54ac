"""How the units of this machine's bundle are, by systemd's own word."""

import json
from collections.abc import Mapping, Sequence

from standfast.core.command import Command, Runner
from standfast.core.errors import Refused
from standfast.mechanisms.hosts.apply import UNITS


def states(runner: Runner) -> Mapping[str, str]:
    """Name to state; the names are those that the last applied bundle left here."""
    if not UNITS.exists():
        raise Refused("no bundle was applied here yet", remedy="Run `standfast up`.")
    names: list[str] = json.loads(UNITS.read_text())
    return parse_states(names, runner.run(asked(names), check=False).text)


def asked(names: Sequence[str]) -> Command:
    return Command(argv=("systemctl", "is-active", *names))


def parse_states(names: Sequence[str], printed: str) -> Mapping[str, str]:
    """`systemctl is-active` prints one state per line, in the order of the names."""
    return dict(zip(names, printed.split(), strict=True))
