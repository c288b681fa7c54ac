"""Which faults the failover campaign injects, and in which order. Pure: the seed decides.

Fault number `n` of a seed is always the same, however the campaign was interrupted. Kinds come in
blocks that hold each kind once, so a thousand faults hold each of them some fifty times.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`hold_s`: from the fault to its mending. `sickens`: the primary answers, and is given up by
    its canary, which does that once in ten minutes."""

    words: str
    hold_s: float = 0.0
    sickens: bool = False


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "postmaster-killed": Kind(words="SIGKILL to the primary's postmaster"),
        "postgresql-killed": Kind(words="SIGKILL to every process of the primary's PostgreSQL"),
        "patroni-killed": Kind(words="SIGKILL to the primary's Patroni"),
        "patroni-frozen": Kind(words="SIGSTOP to the primary's Patroni", hold_s=12.0),
        "power-cut": Kind(words="the primary's machine loses its power", hold_s=10.0),
        "power-cut-with-etcd-leader": Kind(
            words="the primary's machine and the monitor that leads etcd lose their power",
            hold_s=12.0,
        ),
        "network-cut": Kind(words="the primary's cable is out", hold_s=10.0),
        "cut-from-monitors": Kind(words="the primary and the monitors are apart", hold_s=10.0),
        "cut-from-etcd": Kind(words="the primary reaches no voter's etcd", hold_s=10.0),
        "cut-from-secondary": Kind(words="the primary and the secondary are apart", hold_s=8.0),
        "one-way-cut": Kind(words="what the primary sends, or gets, is lost", hold_s=8.0),
        "monitor-lost": Kind(words="a monitor that does not lead etcd loses power", hold_s=6.0),
        "etcd-leader-lost": Kind(words="the monitor that leads etcd loses power", hold_s=6.0),
        "secondary-lost": Kind(words="the secondary's machine loses its power", hold_s=8.0),
        "disk-full": Kind(words="the primary's data disk is full", hold_s=12.0, sickens=True),
        "disk-stalled": Kind(
            words="the primary's data disk answers nothing", hold_s=12.0, sickens=True
        ),
        "double-kill": Kind(words="the primary's postmaster, then its successor's"),
        "saturated": Kind(words="six busy loops on two cores", hold_s=12.0),
        "switchover": Kind(words="standfast switchover"),
    }
)

HOST = ("power-cut",)
"""For the comparison with Patroni's own settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """`chance` decides whatever the kind leaves open, each in 0 to 1."""

    number: int
    kind: str
    calm_s: float
    chance: tuple[float, float]


def planned(seed: int, number: int, kinds: Sequence[str]) -> Planned:
    block, place = divmod(number, len(kinds))
    order = random.Random(f"{seed}/block/{block}").sample(list(kinds), len(kinds))
    own = random.Random(f"{seed}/fault/{number}")
    return Planned(
        number=number,
        kind=order[place],
        calm_s=2.0 + 2.0 * own.random(),
        chance=(own.random(), own.random()),
    )
