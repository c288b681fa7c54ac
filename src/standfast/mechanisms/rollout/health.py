"""What is wrong with a site right now, in words; nothing where all is well.

Asked between two machines of a rollout: on a site that is well the next one may be touched, and
what was not wrong before a machine was touched is that machine's doing.
"""

import json
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

from standfast.core.clock import Clock
from standfast.core.errors import StandfastError, Unreachable
from standfast.mechanisms.hosts.agent.units import asked, parse_states
from standfast.mechanisms.hosts.apply import UNITS
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.rollout.machines import on_all

SETTLE_S = 90.0
"""A machine that restarts, its services, and a secondary that catches up; on a loaded computer."""

POLL_S = 1.0

RETURN_S = 3.0
"""Until every edge asks a web machine again that was away: two good checks, half a second apart, of
which the first may wait two seconds for its answer (edge/templates/haproxy.cfg)."""

RUNNING = frozenset({"active", "reloading"})

Ask = Callable[[Container[str]], Iterable[str]]
"""Given the machines that are looked at, returns troubles, of the service at its public address, of
the databases, of the voters: each as `what is wrong` or `what is wrong: how`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """`asks`: what is looked at beside the units of every machine."""

    connections: Mapping[str, Connection]
    asks: tuple[Ask, ...]
    clock: Clock

    def troubles(self) -> frozenset[str]:
        of_machines = on_all(self.connections.values(), on_machine)
        of_the_whole = (trouble for ask in self.asks for trouble in ask(self.connections))
        return frozenset(
            (*(each for found in of_machines.values() for each in found), *of_the_whole)
        )

    def settle(self, before: frozenset[str] = frozenset()) -> frozenset[str]:
        """What is wrong that was not before, once it has had the time to pass."""
        end = self.clock.monotonic() + SETTLE_S
        while new := newly_wrong(self.troubles(), before):
            if self.clock.monotonic() > end:
                return new
            self.clock.sleep(POLL_S)
        self.clock.sleep(RETURN_S)
        return new


def newly_wrong(now: frozenset[str], before: frozenset[str]) -> frozenset[str]:
    """Of a trouble, what stands before the colon says which it is, and the rest how it shows."""
    known = {kind(each) for each in before}
    return frozenset(each for each in now if kind(each) not in known)


def kind(trouble: str) -> str:
    return trouble.partition(": ")[0]


def on_machine(connection: Connection) -> tuple[str, ...]:
    name = connection.machine.name
    try:
        noted = connection.run(("cat", str(UNITS)), check=False)
        if noted.status:
            return ()  # a new machine: nothing was applied there yet
        names: list[str] = json.loads(noted.stdout)
        said = connection.run(asked(names).argv, check=False).text
    except Unreachable:
        return (f"{name} is not reached",)
    return tuple(not_running(name, parse_states(names, said)))


def not_running(machine: str, states: Mapping[str, str]) -> Iterator[str]:
    for unit, state in states.items():
        if state not in RUNNING:
            yield f"{unit} on {machine} is {state}"


def not_well(machine: str, troubles: Iterable[str], *, untouched: Iterable[str]) -> StandfastError:
    """The end of a rollout that stops at the first machine after which the site is not well."""
    rest = ", ".join(untouched) or "none"
    return StandfastError(
        f"after {machine} the site is not well: {'; '.join(sorted(troubles))}; "
        f"not touched yet: {rest}",
        remedy=f"standfast logs {machine}; when the site is well again, the same command goes on.",
    )
