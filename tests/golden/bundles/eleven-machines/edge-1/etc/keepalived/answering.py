"""Whether this edge's HAProxy answers: asked once a second, before it may hold an address.

Asked at its own socket, not at a public address: one that is elsewhere would answer from there. Its
worker has to say how it is, so one that hangs counts as dead. Standard library only, a process of
its own: `python3 answering.py`; it ends with 0 if HAProxy answers. Once a second for as long as the
edge lives, so it loads only the half of `socket` that is written in C: 8 ms of a core, not 17.
"""

import _socket
import sys

SOCKET = "/run/haproxy/admin.sock"
TIMEOUT_S = 0.9
"""Less than keepalived waits for this program."""

QUESTION = b"show info\n"
SIGN = b"\nPid: "
"""Management guide, section 9.3, `show info`."""


def answers(path: str = SOCKET, timeout_s: float = TIMEOUT_S) -> bool:
    line = _socket.socket(_socket.AF_UNIX)
    try:
        line.settimeout(timeout_s)
        line.connect(path)
        line.sendall(QUESTION)
        said = b""
        while SIGN not in said and (part := line.recv(65536)):
            said += part
        return SIGN in said
    except OSError:  # a timeout is one too
        return False
    finally:
        line.close()


if __name__ == "__main__":
    sys.exit(0 if answers() else 1)
