"""How the units of this machine's bundle are, by systemd's own word."""

import json
from collections.abc import Mapping, Sequence

from standfast.core.command import Command, Runner
from standfast.core.errors import Refused
from standfast.mechanisms.hosts.apply import UNITS


def states(runner: Runner) -> Mapping[str, str]:
    """Name to state; the names are those that the last applied bundle left here, and what their
    timers start, if that has failed."""
    if not UNITS.exists():
        raise Refused("no bundle was applied here yet", remedy="Run `standfast up`.")
    names: list[str] = json.loads(UNITS.read_text())
    started = started_by_timers(names)
    everything = [*names, *started]
    found = parse_states(everything, runner.run(asked(everything), check=False).text)
    return without_idle(found, started)


def started_by_timers(names: Sequence[str]) -> list[str]:
    """A timer starts the service of its own name (systemd.timer(5))."""
    services = (name.replace(".timer", ".service") for name in names if name.endswith(".timer"))
    return [each for each in services if each not in names]


def without_idle(found: Mapping[str, str], started: Sequence[str]) -> Mapping[str, str]:
    """What a timer starts is idle most of the time, which says nothing; that it failed does."""
    return {
        name: state for name, state in found.items() if name not in started or state == "failed"
    }


def asked(names: Sequence[str]) -> Command:
    return Command(argv=("systemctl", "is-active", *names))


def parse_states(names: Sequence[str], printed: str) -> Mapping[str, str]:
    """`systemctl is-active` prints one state per line, in the order of the names."""
    return dict(zip(names, printed.split(), strict=True))
