"""One visit to the service, as a customer's browser makes one: over TLS, to a public address, and
with the site's name, which the certificate must have.
"""

import errno
import socket
import ssl
from dataclasses import dataclass
from enum import StrEnum

from standfast.core.clock import Clock

PATIENCE_S = 5.0
"""For the whole visit: whoever waits longer has gone."""

STATUS_LIMIT_BYTES = 1024
SUCCESS = range(200, 300)


class Answer(StrEnum):
    """`NO_WAY`: this machine has no way to that address, which says nothing of the service."""

    SUCCESS = "success"
    NONE = "none"
    NO_WAY = "no way"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """`name` is what is asked for; where a site has no name, the address itself."""

    name: str
    address: str
    port: int


def visit(
    door: Door,
    path: str,
    trusted: ssl.SSLContext,
    clock: Clock,
    *,
    patience_s: float = PATIENCE_S,
) -> Answer:
    """An answer that is no success counts as none, and so does a certificate that `trusted` does
    not vouch for, or that is another name's."""
    end = clock.monotonic() + patience_s
    try:
        with (
            socket.create_connection((door.address, door.port), timeout=patience_s) as plain,
            trusted.wrap_socket(plain, server_hostname=door.name) as stream,
        ):
            stream.sendall(request(door.name, path))
            status = status_of(first_line(stream, end, clock))
    except OSError as error:
        return failed(error)
    return Answer.SUCCESS if status in SUCCESS and clock.monotonic() <= end else Answer.NONE


def failed(error: OSError) -> Answer:
    """Without a route the kernel says so at once (ip(7), ENETUNREACH)."""
    return Answer.NO_WAY if error.errno == errno.ENETUNREACH else Answer.NONE


def request(name: str, path: str) -> bytes:
    return (
        f"GET {path} HTTP/1.1\r\nHost: {name}\r\nUser-Agent: standfast-monitor\r\n"
        "Accept: */*\r\nConnection: close\r\n\r\n"
    ).encode()


def first_line(stream: ssl.SSLSocket, end: float, clock: Clock) -> bytes:
    """As far as it came in time."""
    said = b""
    while b"\n" not in said and len(said) < STATUS_LIMIT_BYTES:
        left = end - clock.monotonic()
        if left <= 0:
            break
        stream.settimeout(left)
        more = stream.recv(STATUS_LIMIT_BYTES)
        if not more:
            break
        said += more
    return said.partition(b"\n")[0]


def status_of(line: bytes) -> int:
    """Of `HTTP/1.1 200 OK` (RFC 9112, section 4); 0 for what is no such line."""
    words = line.split(None, 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        return 0
    return int(words[1]) if len(words[1]) == 3 else 0
