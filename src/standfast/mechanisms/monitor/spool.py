"""A keeper's spool: how what was proven elsewhere gets to the machines that keep the log."""

import shlex

from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.monitor.plan import HOME, USER

SPOOL = f"{HOME}/spool"

HAND_IN_TIMEOUT_S = 10
"""A connection from before a power cut may look open for a while; others are asked meanwhile."""


def hand_in(connection: Connection, name: str, leaf: bytes) -> None:
    """Put `leaf` into the spool under `name`, there whole or not at all. Safe to repeat, and
    to do on several monitors: what is already in the log is not logged again."""
    part, whole = f"{SPOOL}/.{name}.part", f"{SPOOL}/{name}.json"
    take = shlex.join(("install", "-o", USER, "-g", USER, "-m", "0600", "/dev/stdin", part))
    move = shlex.join(("mv", "-T", part, whole))
    connection.run(("sh", "-c", f"{take} && {move}"), stdin=leaf, timeout_s=HAND_IN_TIMEOUT_S)
