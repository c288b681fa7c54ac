"""Which machine takes writes and which ones hold every one of them, for `status`. Pure."""

from collections.abc import Container, Mapping
from typing import Any

from standfast.mechanisms.database.observe import Cluster


def document(cluster: Cluster | None, on: Container[str]) -> Mapping[str, Any]:
    """`{primary, copies, others}`: the machine that takes writes or null, those that hold every
    acknowledged write beside it, and the database machines that do not, with what they do.

    `on`: the machines that answer. What Patroni says of another one is some seconds old.
    """
    if cluster is None:
        return {"primary": None, "copies": [], "others": {}}
    primary = cluster.primary if cluster.primary in on else None
    copies = [each for each in cluster.synchronous if each in on]
    return {
        "primary": primary,
        "copies": copies,
        "others": {
            each.name: each.state if each.name in on else "does not answer"
            for each in cluster.members
            if each.name not in (primary, *copies)
        },
    }


def line(found: Mapping[str, Any]) -> str:
    """What the person on call has to know of it first."""
    others = "".join(f"; {name} {state}" for name, state in found["others"].items())
    if found["primary"] is None:
        return f"NO DATABASE TAKES WRITES{others}"
    if not found["copies"]:
        return f"{found['primary']} takes writes, ONLY ONE COPY IS LEFT{others}"
    return f"{found['primary']} takes writes, mirrored by {', '.join(found['copies'])}{others}"
