"""The keeper's spool: how what was proven elsewhere gets to the machine that keeps the log."""

import shlex

from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.monitor.plan import HOME, USER

SPOOL = f"{HOME}/spool"


def hand_in(connection: Connection, name: str, leaf: bytes) -> None:
    """Put `leaf` into the spool under `name`, there whole or not at all. Safe to repeat: the
    keeper logs what it already has only once."""
    part, whole = f"{SPOOL}/.{name}.part", f"{SPOOL}/{name}.json"
    take = shlex.join(("install", "-o", USER, "-g", USER, "-m", "0600", "/dev/stdin", part))
    move = shlex.join(("mv", "-T", part, whole))
    connection.run(("sh", "-c", f"{take} && {move}"), stdin=leaf)
