"""Where this room's things lie, and on which ports its servers listen. Standard library only."""

from dataclasses import dataclass

HOME = "/var/lib/standfast-backup"
"""On a backup machine: what must outlive the system around it."""

REPOSITORY = f"{HOME}/repository"
LOCKS = f"{HOME}/lock"
RESTORE = f"{HOME}/restore"
ORDER = f"{RESTORE}/order.json"
REPORT = f"{RESTORE}/report.json"
"""Of the last restore."""

SCRATCH = f"{HOME}/scratch"
"""What is restored to be checked; destroyed afterwards, whatever happens."""

IN_MEMORY = "/dev/shm"
"""Where WAL lies while it is looked into: what rests on a disk is encrypted."""

RECEIVED = "/run/standfast/received"
"""On a backup machine: WAL that the primary has just written, in memory, until the repository has
it (`receiver/`)."""

SPOOL = "/var/spool/standfast-backup"
"""On a database machine: what is known of WAL on its way to the repositories."""

SPOOL_LOCKS = f"{SPOOL}/lock"
SETTINGS = "/etc/standfast/backup.json"
OVERRIDE = f"{HOME}/override.env"
"""Environment that a planted fault gives to restores."""

DAMAGED = f"{HOME}/damaged"
"""The repository that such a fault makes."""

REPOSITORY_INSIDE = 18432
COPYING_INSIDE = 18433
"""Where the engine's servers listen, on the loopback; before each is a door (`door.py`)."""

USER = "standfast-backup"
TAKE_UNIT = "standfast-backup.service"
RESTORE_UNIT = "standfast-restore.service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What the database room says of a database machine: PostgreSQL's folder, its socket's folder
    and its port."""

    data: str
    socket: str
    port: int
