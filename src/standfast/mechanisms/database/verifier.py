"""What PostgreSQL stores instead of a password: a SCRAM-SHA-256 verifier (RFC 5803, RFC 7677)."""

import hashlib
import hmac
from base64 import b64encode

ROUNDS = 4096
"""PostgreSQL's own default; the password is 256 random bits, so rounds add nothing."""


def scram_verifier(password: str, salt: bytes) -> str:
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ROUNDS)
    client = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    words = (b64encode(part).decode() for part in (salt, client, server))
    salt_text, client_text, server_text = words
    return f"SCRAM-SHA-256${ROUNDS}:{salt_text}${client_text}:{server_text}"
