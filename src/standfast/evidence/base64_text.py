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


def exact(text: bytes) -> bytes | None:
    """As `decoded`, for long texts: only what can differ is written again, which is the end."""
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        return None
    end = len(data) - (len(data) % 3 or 3)
    is_exact = len(text) == (len(data) + 2) // 3 * 4 and (
        not data or binascii.b2a_base64(data[end:], newline=False) == text[-4:]
    )
    return data if is_exact else None
