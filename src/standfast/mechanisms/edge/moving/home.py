"""Whether an edge has its own public address: asked on the edge itself."""

from standfast.core.errors import Unreachable
from standfast.mechanisms.edge.moving.turns import HELD, holds, public
from standfast.mechanisms.hosts.connection import Connection

ANSWER_WITHIN_S = 5.0


def is_home(connection: Connection, timeout_s: float = ANSWER_WITHIN_S) -> bool:
    """Of a machine whose public address cannot be elsewhere, or that has none, it is so always."""
    if not connection.machine.moves:
        return True
    try:
        shown = connection.run(HELD, check=False, timeout_s=timeout_s).text
    except Unreachable:
        return False
    return holds(shown, public(connection.machine))
