"""Publish the site on this computer: a port of 127.0.0.1 that leads to the public addresses.

It listens in the computer's own network, then moves into the vantage's namespace, where every
connection it opens starts (setns(2) changes the namespace of new sockets only; the listening one
stays where it was made). It copies bytes and understands none: TLS ends at the edge. An edge that
does not answer is passed over, and asked last from then on, as a customer's browser would with two
addresses of one name. Which addresses there are is read anew for every connection, so edges come
and go without anybody being cut off.

Standard library only, a process of its own:
`python3 relay.py PORT NAMESPACE TARGET_PORT FILE`; the file has an address in each line.
"""

import asyncio
import ctypes
import os
import socket
import sys
from pathlib import Path

CLONE_NEWNET = 0x40000000
CHUNK_BYTES = 65536
CONNECT_TIMEOUT_S = 1.0
"""For one edge. A living one answers within milliseconds, a dead one says nothing at all."""


def enter(namespace: str) -> None:
    handle = os.open(namespace, os.O_RDONLY)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(handle, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), f"cannot enter {namespace}")
    os.close(handle)


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Edges:
    """Those that the file names, whoever did not answer last."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.order: list[str] = []

    def addresses(self) -> tuple[str, ...]:
        named = self.file.read_text().split()
        known = [each for each in self.order if each in named]
        self.order = known + [each for each in named if each not in known]
        return tuple(self.order)

    def ask_last(self, address: str) -> None:
        """Unless the file has forgotten it meanwhile."""
        if address in self.order:
            self.order.remove(address)
            self.order.append(address)


async def connect(edges: Edges, port: int) -> Streams | None:
    """To the first that answers."""
    for address in edges.addresses():
        try:
            opening = asyncio.open_connection(address, port)
            return await asyncio.wait_for(opening, CONNECT_TIMEOUT_S)
        except OSError:  # a timeout is one too
            edges.ask_last(address)
    return None


async def serve(listener: socket.socket, edges: Edges, port: int) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await connect(edges, port)
        if there is None:
            writer.close()
            return
        await asyncio.gather(copy(reader, there[1]), copy(there[0], writer))

    server = await asyncio.start_server(handle, sock=listener)
    async with server:
        await server.serve_forever()


def main() -> None:
    port, namespace, target, file = sys.argv[1:]
    listener = socket.create_server(("127.0.0.1", int(port)))
    enter(namespace)
    asyncio.run(serve(listener, Edges(Path(file)), int(target)))


if __name__ == "__main__":
    main()
