"""The table of verbs: what each takes, and what answers it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from standfast.core.command import Runner
from standfast.core.errors import Refused
from standfast.mechanisms.hosts import kernel
from standfast.mechanisms.hosts.agent import facts, issued, listening, units
from standfast.mechanisms.hosts.agent.canary import canary
from standfast.mechanisms.hosts.agent.faults import Faults
from standfast.mechanisms.hosts.agent.severed import severed
from standfast.mechanisms.hosts.volumes import state

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """`is_routine`: asked so often that the journal does not say so each time."""

    takes: frozenset[str] = frozenset()
    does: Callable[..., Answer]
    is_routine: bool = False

    def __call__(self, values: Mapping[str, Any]) -> Answer:
        if values.keys() != self.takes:
            wanted = " and ".join(sorted(self.takes)) or "nothing"
            given = " and ".join(sorted(values)) or "nothing"
            raise Refused(f"this verb takes {wanted[:200]}, not {given[:200]}")
        return self.does(**values)


def table(runner: Runner) -> Mapping[str, Verb]:
    faults = Faults(runner=runner)
    return {
        "facts": Verb(does=facts.read),
        "kernel": Verb(does=kernel.read),
        "listening": Verb(does=listening.read),
        "units": Verb(does=lambda: units.states(runner)),
        "plant": Verb(does=faults.plant, takes=frozenset({"fault", "lease_s"})),
        "remove": Verb(does=faults.remove, takes=frozenset({"fault"})),
        "planted": Verb(does=faults.planted),
        "issued": Verb(does=issued.read),
        "severed": Verb(does=partial(severed, runner), takes=frozenset({"machine"})),
        "volumes": Verb(does=state.read),
        "canary": Verb(does=canary, takes=frozenset({"run"}), is_routine=True),
    }
