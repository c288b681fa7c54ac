"""Where the engine's things lie. Standard library only."""

from standfast.mechanisms.backup.places import SPOOL

STANZA = "main"
PROGRAM = "/usr/bin/pgbackrest"

CONFIGURATION = "/etc/pgbackrest"

REPOSITORY_CONF = "/etc/pgbackrest/pgbackrest.conf"
"""Where the program looks by itself, so that a person on a backup machine need not say it."""

RESTORE_CONF = "/etc/pgbackrest/restore.conf"
"""For restores on a backup machine: who knows of database hosts refuses to restore elsewhere."""

DATABASE_CONF = "/etc/pgbackrest/database.conf"
"""Of a machine that has a database; it may keep a repository too, which has its own."""

ARCHIVE_CONF = f"{SPOOL}/archive.conf"
"""The same without the repositories that are out; made on the machine (`../archive.py`)."""

ARCHIVE_COMMAND = (
    f"conf={ARCHIVE_CONF}; test -s $conf || conf={DATABASE_CONF}; "
    f"exec {PROGRAM} --config=$conf --stanza={STANZA} archive-push %p"
)
"""Read by the shell that PostgreSQL starts."""

SERVE_REPOSITORY = f"{PROGRAM} --config={REPOSITORY_CONF} server"
SERVE_DATABASE = f"{PROGRAM} --config={DATABASE_CONF} server"
PACKAGE = "pgbackrest"
