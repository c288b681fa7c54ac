"""What Patroni keeps in etcd for both machines together: how it decides who is primary.

The figures are the design's, section 6. Synchronous mode is `on`: never `quorum`, with which
another secondary could go on acknowledging for a primary that was given up; never strict, which
writes `*`, satisfied by any receiver at all.
"""

from collections.abc import Mapping
from typing import Any

TTL_S = 20
"""The least that Patroni accepts."""

LOOP_WAIT_S = 1
RETRY_TIMEOUT_S = 3

PRIMARY_START_TIMEOUT_S = 0
"""A PostgreSQL that died is not started again in place: the secondary has all that was promised."""

PRIMARY_STOP_TIMEOUT_S = 5

MAXIMUM_LAG_BYTES = 16 * 1024**3
"""In synchronous mode a secondary that lags still holds every acknowledged commit. With Patroni's
own 1 MiB a host that dies in the middle of a bulk load is never replaced."""

MAX_SLOT_WAL_KEEP = "4GB"
"""How much WAL a receiver that is away may hold back, before the disk of the primary fills."""


MAX_WAL = "1GB"
WAL_KEEP = "1280MB"
"""A primary that died is rewound to its last checkpoint and needs all WAL from there on, which its
successor may have recycled. No checkpoint is further back than `max_wal_size`."""


def configuration(*, slots: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    return {
        "ttl": TTL_S,
        "loop_wait": LOOP_WAIT_S,
        "retry_timeout": RETRY_TIMEOUT_S,
        "primary_start_timeout": PRIMARY_START_TIMEOUT_S,
        "primary_stop_timeout": PRIMARY_STOP_TIMEOUT_S,
        "maximum_lag_on_failover": MAXIMUM_LAG_BYTES,
        "synchronous_mode": True,
        "synchronous_mode_strict": False,
        "synchronous_node_count": 1,
        "failsafe_mode": True,
        "slots": {name: dict(slot) for name, slot in sorted(slots.items())},
        "postgresql": {
            "use_pg_rewind": True,
            "use_slots": True,
            "parameters": {
                "max_connections": 100,
                "max_wal_senders": 10,
                "max_replication_slots": 10,
                "wal_level": "replica",
                "wal_log_hints": "on",
                "max_wal_size": MAX_WAL,
                "wal_keep_size": WAL_KEEP,
                "max_slot_wal_keep_size": MAX_SLOT_WAL_KEEP,
            },
        },
    }


def patch(now: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What to send to Patroni's `PATCH /config` so that it holds what is wanted: a key that is no
    longer wanted becomes null. Empty where nothing differs."""
    changes: dict[str, Any] = {}
    for key in sorted({*now, *wanted}):
        if key not in wanted:
            changes[key] = None
        elif isinstance(wanted[key], Mapping) and isinstance(now.get(key), Mapping):
            if inner := patch(now[key], wanted[key]):
                changes[key] = inner
        elif key not in now or now[key] != wanted[key]:
            changes[key] = wanted[key]
    return changes
