"""Why a folder cannot take what is to be brought back, before anything is touched. Pure."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from standfast.core.errors import ConfigError
from standfast.core.units import size
from standfast.mechanisms.backup import places
from standfast.mechanisms.recovery.point_in_time.look import Found
from standfast.mechanisms.recovery.point_in_time.orders import Order

SOCKET = "/socket/.s.PGSQL.5432"
SOCKET_BYTES = 107
"""The longest name of a socket (unix(7))."""

MARGIN_BYTES = 512 * 1024**2
"""WAL that is being replayed, and what the server writes when it has."""

FEWEST_PARTS = 3
"""The root, one of the system's folders, and the name."""

OURS = (
    places.REPOSITORY,
    places.LOCKS,
    places.RESTORE,
    places.SCRATCH,
    places.DAMAGED,
    f"{places.HOME}/offsite",
    "/etc",
    "/opt/standfast",
    "/var/lib/standfast-machine",
    "/var/lib/standfast-recoveries",
    "/var/lib/postgresql",
    "/run",
    "/proc",
    "/sys",
    "/dev",
)
"""Where nothing is put, because something else is at home there or nothing stays."""


def checked(folder: str) -> str:
    """The folder, as it is written everywhere from then on."""
    path = PurePosixPath(folder)
    if not path.is_absolute() or ".." in path.parts:
        raise ConfigError(
            f"{folder} is no full path", remedy="Name a folder on the machine, as in /srv/look."
        )
    if len(str(path).encode()) + len(SOCKET) > SOCKET_BYTES:
        raise ConfigError(
            f"{path} is too long a name: the server's socket lies in it",
            remedy=f"Take one of at most {SOCKET_BYTES - len(SOCKET)} bytes.",
        )
    if len(path.parts) < FEWEST_PARTS:
        raise ConfigError(
            f"{path} belongs to the system", remedy=f"Name a folder below it, as in {path}/look."
        )
    taken = [each for each in map(PurePosixPath, OURS) if path == each or each in path.parents]
    if taken or PurePosixPath(places.HOME).is_relative_to(path):
        where = taken[0] if taken else places.HOME
        raise ConfigError(
            f"{path} is no place for it: {where} is used for something else",
            remedy="Name another folder on the machine, as in /srv/look.",
        )
    return str(path)


def needed_bytes(order: Order) -> int:
    return order.copy_bytes + MARGIN_BYTES


def refuse(machine: str, found: Found, wanted: Order, others: Iterable[str] = ()) -> None:
    """Raises `ConfigError`. What was ordered before for the same moment is gone on with. `others`:
    folders of that machine into which something was brought back."""
    if found.entries is None:
        raise ConfigError(f"{found.folder} on {machine} is a file", remedy="Name a folder.")
    if found.order is not None:
        if found.order.to != wanted.to:
            raise ConfigError(
                f"{found.folder} on {machine} has the database of another moment: "
                f"{found.order.to or 'the latest there was'}",
                remedy=f"Name another folder, or first: standfast recover discard {found.folder}",
            )
        return
    mine = PurePosixPath(wanted.folder)
    for other in map(PurePosixPath, others):
        if mine != other and (mine.is_relative_to(other) or other.is_relative_to(mine)):
            raise ConfigError(
                f"{other} on {machine} has another database, which would go with this one",
                remedy="Name a folder that is beside it.",
            )
    if found.entries:
        raise ConfigError(
            f"{found.folder} on {machine} is not empty",
            remedy="Name a folder that is not there yet, or an empty one.",
        )
    no_room(machine, found.folder, found.free_bytes, wanted)


def no_room(machine: str, folder: str, free_bytes: int, wanted: Order) -> None:
    """Raises `ConfigError` where the disk is too small."""
    if free_bytes < needed_bytes(wanted):
        elsewhere = (
            "Make room there."
            if wanted.in_place
            else ("Name a folder on a larger disk of that machine, or another machine (--from).")
        )
        raise ConfigError(
            f"{folder} on {machine} has room for {size(free_bytes)}, and "
            f"{size(needed_bytes(wanted))} are needed",
            remedy=elsewhere,
        )
