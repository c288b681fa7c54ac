"""For how long the failure of a single machine may be noticed, by its roles. Pure data.

A web, backup or monitor machine may fail without anybody noticing. An edge takes the connections
with it that it held. The secondary takes over from a primary whose machine died when monitors have
taken its claim away, or, where they are not to, when its lease has ended.
"""

from collections.abc import Mapping
from types import MappingProxyType

EDGE_S = 3

HOST_OUTAGE_S = 25
SHARED_FATE_OUTAGE_S = 30
"""The lease of a dead primary lasts longer when a voter dies with it: the voters that are left may
first have to choose a leader, who begins every lease anew (measured: 25 s instead of 22 s)."""

FIXED: Mapping[str, float] = MappingProxyType({"edge": EDGE_S, "web": 0, "backup": 0, "monitor": 0})


FAST_OUTAGE_S = 6
FAST_SHARED_FATE_OUTAGE_S = 12
"""Monitors take the claim away after two of Patroni's loops; an election among them comes first."""

STALL_S = 4
SHARED_FATE_STALL_S = 10
"""For how long commits wait for a secondary that has vanished. Where a voter vanishes with it, an
election may come first, and where an edge does, its visitors have to find the other one."""

OBSERVERS = 3
"""Two of three must see it."""


def host_outage_s(machines: Mapping[str, frozenset[str]], *, fast: bool) -> float:
    """On a site with these machines, each with its roles. `fast`: monitors may take a dead
    primary's claim away."""
    shared = any({"database", "monitor"} <= roles for roles in machines.values())
    if fast and sum("monitor" in roles for roles in machines.values()) >= OBSERVERS:
        return FAST_SHARED_FATE_OUTAGE_S if shared else FAST_OUTAGE_S
    return SHARED_FATE_OUTAGE_S if shared else HOST_OUTAGE_S


def stall_s(machines: Mapping[str, frozenset[str]]) -> float:
    shared = any({"database"} < roles for roles in machines.values())
    return SHARED_FATE_STALL_S if shared else STALL_S


def allowed_s(machine: str, machines: Mapping[str, frozenset[str]]) -> float:
    """The most lenient of its roles: what happens to one role happens to all of them. A second
    primary that fails within a minute waits for its lease, however the first one was replaced."""
    by_role = {**FIXED, "database": host_outage_s(machines, fast=False)}
    return max(by_role[role] for role in machines[machine])
