"""Base64 with padding (RFC 4648, 4), in its one canonical form: all that logs write and accept."""

import base64
import binascii


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def decoded(text: str) -> bytes | None:
    """None for what only looks like it: `AB==` and `AA==` must not both mean one zero byte."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None
    return data if encoded(data) == text else None
