"""Ask a machine's SSH server which ciphers it takes: run on the machine, because others may not.

    python3 -m standfast.proofs.drills.ssh_offer ADDRESS PORT

Client and server each say what they take before anything is encrypted (RFC 4253, sections 4.2 and
7.1), so the server's word is what it would do, whatever its files say. The answer is JSON:
`{"ciphers": [], "problem": ""}`. Standard library only; nobody signs in.
"""

import json
import socket
import struct
import sys
from collections.abc import Iterator

PATIENCE_S = 10.0
"""A server under load lets a newcomer wait."""

OURS = b"SSH-2.0-standfast\r\n"
KEX_INIT = 20
COOKIE_BYTES = 16
CIPHER_LISTS = (2, 3)
"""Of the ten lists: encryption from client to server, and back."""

MOST_LINES = 50
MOST_BYTES = 35_000
"""Of one packet (RFC 4253, section 6.1)."""


def offered(address: str, port: int) -> list[str]:
    """Raises `OSError` or `ValueError` when the server does not say it."""
    with socket.create_connection((address, port), timeout=PATIENCE_S) as stream:
        stream.sendall(OURS)
        with stream.makefile("rb") as said:
            for _ in range(MOST_LINES):
                if said.readline(256).startswith(b"SSH-2.0-"):
                    break
            else:
                raise ValueError("it is no SSH server")
            (length,) = struct.unpack("!I", exactly(said.read(4), 4))
            if length > MOST_BYTES:
                raise ValueError("its first packet is too long")
            return ciphers(exactly(said.read(length), length))


def exactly(content: bytes, length: int) -> bytes:
    if len(content) < length:
        raise ValueError("it hung up")
    return content


def ciphers(packet: bytes) -> list[str]:
    """In order, each once, of a packet without its length."""
    padding, kind = packet[0], packet[1]
    if kind != KEX_INIT:
        raise ValueError(f"its first packet is of kind {kind}")
    lists = list(name_lists(packet[2 + COOKIE_BYTES : len(packet) - padding]))
    both = [name for each in CIPHER_LISTS for name in lists[each].split(",")]
    return list(dict.fromkeys(both))


def name_lists(rest: bytes) -> Iterator[str]:
    """RFC 4251, section 5; ten of them stand before the last flag."""
    for _ in range(10):
        (length,) = struct.unpack_from("!I", exactly(rest, 4))
        yield exactly(rest[4:], length)[:length].decode("ascii")
        rest = rest[4 + length :]


def main(address: str, port: str) -> None:
    found: list[str] = []
    problem = ""
    try:
        found = offered(address, int(port))
    except (OSError, ValueError) as error:
        problem = f"{type(error).__name__}: {error}"[:200]
    print(json.dumps({"ciphers": found, "problem": problem}))


if __name__ == "__main__":
    main(*sys.argv[1:])
