"""Ask a voter whether it is part of a majority, through an operator's connection to its machine."""

import json

from standfast.core.errors import Unreachable
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.names import ETCD_CLIENT_PORT, IDENTITY

ANSWER_TIMEOUT_S = 3
"""etcd answers /health after it has asked its majority, which takes milliseconds."""


def is_healthy(connection: Connection) -> bool:
    try:
        return parse(connection.run(asked(connection), check=False).text)
    except Unreachable:
        return False


def asked(connection: Connection) -> tuple[str, ...]:
    return (
        *("curl", "--silent", "--max-time", str(ANSWER_TIMEOUT_S)),
        *("--cacert", f"{IDENTITY}/ca.pem", "--cert", f"{IDENTITY}/cert.pem"),
        *("--key", f"{IDENTITY}/key.pem"),
        f"https://{connection.machine.address}:{ETCD_CLIENT_PORT}/health",
    )


def parse(said: str) -> bool:
    """etcd's `/health`: the word "true", in quotation marks, when it is well."""
    try:
        document = json.loads(said)
    except ValueError:
        return False
    return isinstance(document, dict) and document.get("health") == "true"
