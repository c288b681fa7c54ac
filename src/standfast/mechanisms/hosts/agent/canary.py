"""Verb `canary`: this database machine's part in a look at both copies. A primary writes the canary
and waits until its commit is acknowledged; a secondary waits until it is there.

Asked by a monitor of all database machines at once, again and again. The machine's heartbeat has a
connection to PostgreSQL open, as PostgreSQL's own user, and does it; nothing is started here. That
it cannot now is an answer too (`{"problem": …}`), so that a database that is down for an hour does
not fill the journal.
"""

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from standfast.core.clock import SystemClock
from standfast.core.errors import Refused
from standfast.mechanisms.hosts.agent.protocol import ANSWER_LIMIT, parse, read_line
from standfast.mechanisms.hosts.names import HEARTBEAT_SOCKET

PATIENCE_S = 2.0
"""Longer than the heartbeat waits for a commit or for a canary, however little it gets to run."""


def canary(run: str, path: Path = Path(HEARTBEAT_SOCKET)) -> Mapping[str, Any]:
    """`run` is the canary: a UUID that nobody has used before."""
    try:
        wanted = UUID(run)
    except (ValueError, AttributeError, TypeError) as error:
        raise Refused("a canary is a UUID") from error
    try:
        with socket.socket(socket.AF_UNIX) as asked:
            asked.settimeout(PATIENCE_S)
            asked.connect(str(path))
            asked.sendall(f"{wanted}\n".encode())
            line = read_line(asked, limit=ANSWER_LIMIT, patience_s=PATIENCE_S, clock=SystemClock())
    except OSError as error:
        return {"problem": f"the heartbeat does not answer: {error}"}
    match parse(line):
        case dict(answer):
            return answer
    return {"problem": "the heartbeat broke off before its answer was whole"}
