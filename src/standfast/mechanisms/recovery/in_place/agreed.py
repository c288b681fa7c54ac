"""What the databases had agreed on in etcd, and what is to be forgotten of it. Pure.

Patroni finds a database in its folder, the cluster's identifier in etcd, and nobody who leads: then
the machine takes the lead. Who led, who mirrored, how far each was and on which timeline is of the
database that was, and would keep the other from leading. The identifier stays, or becomes that
of what came back: without one, a Patroni with an empty folder would begin a new database.
"""

from collections.abc import Iterator

from standfast.mechanisms.database.claim import prefix
from standfast.mechanisms.hosts.machine import Machine
from standfast.mechanisms.monitor.etcdctl import etcdctl

FORGOTTEN = ("leader", "sync", "status", "optime/leader", "failover", "failsafe", "history")
MEMBERS = "members/"
IDENTIFIER = "initialize"


def leader(monitor: Machine, site: str) -> tuple[str, ...]:
    return etcdctl(monitor, "get", "--print-value-only", f"{prefix(site)}leader")


def forgetting(monitor: Machine, site: str, identifier: str) -> Iterator[tuple[str, ...]]:
    """The identifier first: whatever is forgotten by then, nobody begins anew."""
    at = prefix(site)
    yield etcdctl(monitor, "put", f"{at}{IDENTIFIER}", identifier)
    for key in FORGOTTEN:
        yield etcdctl(monitor, "del", f"{at}{key}")
    yield etcdctl(monitor, "del", "--prefix", f"{at}{MEMBERS}")
