"""What came back, as it is spoken to on its machine. Pure."""

from collections.abc import Iterable

from standfast.mechanisms.backup.places import HOME, USER
from standfast.mechanisms.backup.scratch import PORT
from standfast.mechanisms.hosts.names import KEYS_GROUP
from standfast.mechanisms.recovery.point_in_time.orders import Order

NAME = "standfast.mechanisms.recovery.point_in_time.bring"
PYTHON = "/usr/bin/python3"

AS_USER = ("env", "--chdir=/", "runuser", "-u", USER, "--")
"""Nobody else is let in: its socket lies in a folder that only this user enters."""

ALONE = ("PrivateNetwork=yes", "ProtectSystem=strict")
"""For what stays to be looked at; in the site's place it comes from another machine."""


def started(order: Order, environment: Iterable[str], run: str) -> tuple[str, ...]:
    """systemd-run(1). SIGINT is what PostgreSQL takes for a fast shutdown, and Python for an
    interruption."""
    where = (
        (f"SupplementaryGroups={KEYS_GROUP}",)
        if order.in_place
        else (*ALONE, "Nice=10", f"ReadWritePaths={HOME} {order.folder}")
    )
    properties = (
        *("Type=exec", f"User={order.user}", f"Group={order.user}", "KillSignal=SIGINT"),
        *("TimeoutStopSec=330", "NoNewPrivileges=yes", "ProtectHome=read-only", *where),
        *(f"Environment={each}" for each in environment),
    )
    return (
        *("systemd-run", "--quiet", "--collect", f"--unit={order.unit}"),
        f"--description=Standfast: what was brought back into {order.folder}",
        *(word for each in properties for word in ("-p", each)),
        *(PYTHON, "-m", NAME, order.folder, run),
    )


def psql(folder: str, database: str, *words: str) -> tuple[str, ...]:
    at = (f"--host={folder}/socket", f"--port={PORT}", "--username=postgres")
    return (*AS_USER, "psql", *at, f"--dbname={database}", *words)


def dump_of(folder: str, database: str, table: str) -> str:
    """The file into which a table is written."""
    return f"{folder}/tables/{database}.{table.replace('/', '_')}.sql"


def dump(folder: str, database: str, table: str) -> tuple[str, ...]:
    """One table with its rows, as statements (pg_dump(1)); owners and rights are the live
    database's affair."""
    at = (f"--host={folder}/socket", f"--port={PORT}", "--username=postgres")
    return (
        *(*AS_USER, "pg_dump", *at, f"--dbname={database}", "--no-owner", "--no-privileges"),
        *("--strict-names", f"--table={table}", f"--file={dump_of(folder, database, table)}"),
    )
