"""Where the engine's things lie. Standard library only."""

STANZA = "main"
PROGRAM = "/usr/bin/pgbackrest"

CONFIGURATION = "/etc/pgbackrest"

REPOSITORY_CONF = "/etc/pgbackrest/pgbackrest.conf"
"""Where the program looks by itself, so that a person on a backup machine need not say it."""

RESTORE_CONF = "/etc/pgbackrest/restore.conf"
"""For restores on a backup machine: who knows of database hosts refuses to restore elsewhere."""

DATABASE_CONF = "/etc/pgbackrest/database.conf"
"""Of a machine that has a database; it may keep a repository too, which has its own."""

ARCHIVE_COMMAND = f"{PROGRAM} --config={DATABASE_CONF} --stanza={STANZA} archive-push %p"
SERVE_REPOSITORY = f"{PROGRAM} --config={REPOSITORY_CONF} server"
SERVE_DATABASE = f"{PROGRAM} --config={DATABASE_CONF} server"
PACKAGE = "pgbackrest"
