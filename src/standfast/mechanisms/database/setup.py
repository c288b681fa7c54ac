"""The service's role and database: set up on the primary, once for each form of setup.sql.

What was run last is noted in the database itself, so it moves with the primary and comes back with
a restored copy.
"""

import hashlib

from standfast.mechanisms.database.plan import SETUP
from standfast.mechanisms.database.psql import psql
from standfast.mechanisms.hosts.connection import Connection


def digest(setup: bytes) -> str:
    return hashlib.sha256(setup).hexdigest()[:16]


def ensure(primary: Connection, *, database: str, wanted: str) -> bool:
    """Return whether it had to be run."""
    asked = psql(database, "--command=SELECT digest FROM standfast.setup")
    if primary.run(asked, check=False).text.strip() == wanted:
        return False
    note = (
        f"INSERT INTO standfast.setup (digest) VALUES ('{wanted}') "
        "ON CONFLICT (one) DO UPDATE SET digest = excluded.digest"
    )
    primary.run(psql("postgres", f"--file={SETUP}"))
    primary.run(psql(database, f"--command={note}"))
    return True
