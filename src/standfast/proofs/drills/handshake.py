"""Knock at the doors of other machines, from a machine that may: run there, by its own Python.

    python3 -m standfast.proofs.drills.handshake < doors

The doors are a JSON list of `{"machine", "address", "port", "speech", "user", "database",
"identity", "authority"}` (the last two are a folder and a file), to PostgreSQL also with
"replication" for who only receives WAL; the answer a list of findings in
the same order. At each door it knocks three times: with the site's
identity, in plain text, and without a certificate. Standard library only; nothing that it says
changes anything.
"""

import json
import socket
import ssl
import struct
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PATIENCE_S = 4.0
AT_ONCE = 8

POSTGRESQL = "postgresql"

HELLO = b"GET / HTTP/1.0\r\n\r\n"
"""Understood by most, garbage to the rest: either way a door that is open says something."""

READ_BYTES = 256

SSL_REQUEST = struct.pack("!II", 8, 80877103)
"""PostgreSQL, "Message Formats": the first message of a client that wants TLS."""

AUTHENTICATION = b"R"
TLS_ALERT = 0x15


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`cipher`: with the identity; empty when there was no handshake. `accepted`: the identity was
    let in. `plain` and `stranger`: what was answered without one is let in; empty when refused."""

    cipher: str
    accepted: bool
    plain: str
    stranger: str
    problem: str


def knock(door: Mapping[str, Any], identity: Path) -> Finding:
    """Who cannot be reached at all is a finding, too: its `problem`."""
    try:
        cipher, accepted = with_identity(door, identity)
        return Finding(
            cipher=cipher,
            accepted=accepted,
            plain=in_plain_text(door),
            stranger=without_certificate(door),
            problem="",
        )
    except (OSError, ValueError) as error:
        words = f"{type(error).__name__}: {error}"
        return Finding(cipher="", accepted=False, plain="", stranger="", problem=words[:200])


def with_identity(door: Mapping[str, Any], identity: Path) -> tuple[str, bool]:
    """The cipher, and whether whoever shows the identity is let in."""
    connected(door).close()  # a door that is not there is no door without TLS
    trust = context(door["authority"])
    trust.load_cert_chain(identity / "cert.pem", identity / "key.pem")
    cipher = ""
    try:
        with secured(door, trust) as stream:
            cipher = (stream.cipher() or ("",))[0]
            stream.sendall(greeting(door))
            said = heard(stream)
    except (ssl.SSLError, ConnectionError):
        return cipher, False
    return cipher, door["speech"] != POSTGRESQL or said.startswith(AUTHENTICATION)


def in_plain_text(door: Mapping[str, Any]) -> str:
    with connected(door) as stream:
        try:
            stream.sendall(greeting(door))
            return let_in(door, heard(stream))
        except ConnectionError:
            return ""


def without_certificate(door: Mapping[str, Any]) -> str:
    """In TLS 1.3 the server's refusal comes after the handshake (RFC 8446, section 4.4.2.4)."""
    try:
        with secured(door, context(door["authority"])) as stream:
            stream.sendall(greeting(door))
            said = heard(stream)
    except (ssl.SSLError, ConnectionError):
        return ""
    if door["speech"] == POSTGRESQL:
        return let_in(door, said)
    return printable(said)


def let_in(door: Mapping[str, Any], said: bytes) -> str:
    """What counts as an answer to whoever may get none: not an alert, and not a refusal in the
    words of a server that wants TLS."""
    if door["speech"] == POSTGRESQL:
        return printable(said) if said.startswith(AUTHENTICATION) else ""
    if not said or said[0] == TLS_ALERT or said.startswith((b"HTTP/1.0 400", b"HTTP/1.1 400")):
        return ""
    return printable(said)


def greeting(door: Mapping[str, Any]) -> bytes:
    if door["speech"] != POSTGRESQL:
        return HELLO
    replication = ("replication", "true") if door.get("replication") else ()
    pairs = ("user", door["user"], "database", door["database"], *replication, "")
    body = struct.pack("!I", 3 << 16) + b"\0".join(word.encode() for word in pairs) + b"\0"
    return struct.pack("!I", len(body) + 4) + body


def connected(door: Mapping[str, Any]) -> socket.socket:
    return socket.create_connection((door["address"], door["port"]), timeout=PATIENCE_S)


def secured(door: Mapping[str, Any], trust: ssl.SSLContext) -> ssl.SSLSocket:
    plain = connected(door)
    try:
        if door["speech"] == POSTGRESQL:
            plain.sendall(SSL_REQUEST)
            if plain.recv(1) != b"S":
                raise ssl.SSLError("it offers no TLS")
        return trust.wrap_socket(plain, server_hostname=door["machine"])
    except BaseException:
        plain.close()
        raise


def heard(stream: socket.socket) -> bytes:
    """Silence is an answer, too: nobody was let in by it."""
    try:
        return stream.recv(READ_BYTES)
    except TimeoutError:
        return b""


def context(authority: str) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.load_verify_locations(authority)
    return made


def printable(said: bytes) -> str:
    return said[:60].decode("ascii", "replace").strip()


def main() -> None:
    doors: Sequence[Mapping[str, Any]] = json.load(sys.stdin)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = pool.map(lambda door: knock(door, Path(door["identity"])), doors)
        print(json.dumps([asdict(each) for each in found]))


if __name__ == "__main__":
    main()
