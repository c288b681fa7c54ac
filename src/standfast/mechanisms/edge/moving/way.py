"""How a public address gets from an edge that is dark to another: one way for each provider.

A way is asked for what an edge has to have for it, and nothing else knows more of it than that. A
provider that moves addresses by a command, or a name service, is another one.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from standfast.mechanisms.edge.moving import vrrp
from standfast.mechanisms.edge.moving.ask import MovingAsk
from standfast.mechanisms.edge.moving.turns import Turn
from standfast.mechanisms.hosts.bundle import Contribution


class Way(Protocol):
    def __call__(self, turns: tuple[Turn, ...], ask: MovingAsk) -> Contribution:
        """What this edge has to have. It is asked only where there is somebody to stand in."""


WAYS: Mapping[str, Way] = MappingProxyType({"vrrp": vrrp.plan})
"""By the word of `[edge] addresses`. Without one, addresses stay where they are."""
