"""PostgreSQL's roles besides the service's, and what a service may therefore not be called.

Between database machines a client certificate says who somebody is; pg_ident.conf maps the
machine's name to one of these, so no password is there to be lost.
"""

REPLICATOR = "replicator"
REWINDER = "rewinder"

TAKEN = frozenset({"postgres", REPLICATOR, REWINDER, "template0", "template1", "standfast"})
"""Names that the service's role and database cannot have."""
