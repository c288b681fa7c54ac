"""Read what Patroni keeps in etcd. Pure.

Keys below `/standfast/SITE/` (Patroni's documentation, "Dynamic Configuration" and `patroni/dcs`):
`leader` (a name, on a lease), `sync` and `config` (JSON), `status` (written in every loop in which
something was written), `failover` (a switchover under way). `removal` is ours.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from standfast.mechanisms.database.removal import Claim

LEADER, SYNC, STATUS, CONFIG, FAILOVER, REMOVAL = (
    "leader",
    "sync",
    "status",
    "config",
    "failover",
    "removal",
)


class Kept(Protocol):
    """A value in etcd and its revision."""

    @property
    def data(self) -> bytes: ...

    @property
    def modified(self) -> int: ...

    @property
    def lease(self) -> int: ...


NAMESPACE = "/standfast/"


def prefix(site: str) -> str:
    return f"{NAMESPACE}{site}/"


def parse(keys: Mapping[str, Kept]) -> Claim | None:
    """`keys` without their prefix. None while nobody leads, or where it is not Patroni's."""
    if not {LEADER, SYNC, STATUS, CONFIG} <= keys.keys():
        return None
    try:
        leader = keys[LEADER].data.decode()
        sync, config = json.loads(keys[SYNC].data), json.loads(keys[CONFIG].data)
    except ValueError:
        return None
    if not (isinstance(sync, dict) and isinstance(config, dict)):
        return None
    return Claim(
        leader=leader,
        leader_revision=keys[LEADER].modified,
        lease=keys[LEADER].lease,
        secondaries=secondaries(sync, leader),
        sync=keys[SYNC].data,
        sync_revision=keys[SYNC].modified,
        status_revision=keys[STATUS].modified,
        removal_revision=keys[REMOVAL].modified if REMOVAL in keys else 0,
        removed_at=moment(keys[REMOVAL].data) if REMOVAL in keys else None,
        holds=holds(config, keys.get(FAILOVER)),
    )


def secondaries(sync: Mapping[str, Any], leader: str) -> tuple[str, ...]:
    """Nobody where `/sync` is of another leader. Names are separated by commas."""
    if sync.get("leader") != leader:
        return ()
    names = str(sync.get("sync_standby") or "").split(",")
    return tuple(name for name in names if name and name != leader)


def moment(removal: bytes) -> datetime | None:
    """When it was, as whoever removed says; None where that cannot be read."""
    try:
        found = datetime.fromisoformat(json.loads(removal)["at"])
    except (ValueError, KeyError, TypeError):
        return None
    return found if found.tzinfo else None


def holds(config: Mapping[str, Any], failover: Kept | None) -> str:
    if config.get("pause"):
        return "Patroni is told to leave everything as it is"
    if config.get("synchronous_mode") is not True:
        return "synchronous_mode is not on"
    if config.get("synchronous_mode_strict"):
        return "in strict mode any receiver acknowledges"
    if failover is not None and failover.data.strip(b"{} \n"):
        return "a switchover is under way"
    return ""
