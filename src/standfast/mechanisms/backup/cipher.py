"""Each repository's own key, from the one secret that the operator's custody keeps for backups.

HMAC-SHA-256 of the machine's name under the secret: 256 bits that say nothing of the secret or of
another machine's key, and the same again when a machine is replaced by one of its name.
"""

import hashlib
import hmac
from base64 import b64encode

PURPOSE = b"standfast backup repository "


def repository_key(secret: str, machine: str) -> str:
    key = hmac.digest(secret.encode(), PURPOSE + machine.encode(), hashlib.sha256)
    return b64encode(key).decode()
