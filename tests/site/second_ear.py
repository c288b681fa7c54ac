"""A second ear for the drill `wire`, which shares no code with it: run in a site's network.

    python3 second_ear.py LIMIT_S

It hears what passes the site's bridges, and prints a line for every run whose sentence could be
read there, as it was first read: `RUN PORT PORT`. Ends when it is told to, or after LIMIT_S.
"""

import re
import signal
import socket
import sys
import time

SENTENCE = re.compile(rb"proof ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
EVERYTHING = 3
"""What a bridge hands on is given to those alone who want to hear everything (packet(7))."""

IPV4, TCP = b"\x08\x00", 6


def main(limit_s: float) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(EVERYTHING))
    ear.setsockopt(socket.SOL_SOCKET, 33, 1 << 25)
    ear.settimeout(1)
    print("ready", flush=True)
    seen = set()
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        try:
            frame = ear.recv(1 << 17)
        except TimeoutError:
            continue
        for run in SENTENCE.findall(frame):
            if run not in seen:
                seen.add(run)
                print(run.decode(), *ports(frame), flush=True)


def ports(frame: bytes) -> list[int]:
    """Of TCP over IPv4, whose headers may be longer than usual."""
    if frame[12:14] != IPV4 or frame[23] != TCP:
        return []
    at = 14 + (frame[14] & 15) * 4
    return [int.from_bytes(frame[at + n : at + n + 2], "big") for n in (0, 2)]


if __name__ == "__main__":
    main(float(sys.argv[1]))
