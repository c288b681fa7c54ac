"""PostgreSQL's roles besides the service's, and what a service may therefore not be called.

Between database machines a client certificate says who somebody is; pg_ident.conf maps the
machine's name to one of these, so no password is there to be lost.
"""

from standfast.mechanisms.hosts.names import RECEIVER_ROLE

REPLICATOR = "replicator"
REWINDER = "rewinder"

TAKEN = frozenset(
    {"postgres", REPLICATOR, REWINDER, RECEIVER_ROLE, "template0", "template1", "standfast"}
)
"""Names that the service's role and database cannot have."""
