"""One source that floods an edge, as a process of its own: as many requests as it is told, or as
many new connections, whatever it is answered."""

import asyncio
import ssl
from collections import Counter
from dataclasses import dataclass

LINES = 32
"""Kept-alive connections of a flood of requests."""

ASKS = b"GET /entries HTTP/1.1\r\nHost: edge-1\r\n\r\n"
PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """From one address. `anew`: each request comes on a connection of its own."""

    port: int
    source: str
    rate_per_s: float
    lasting_s: float
    anew: bool

    async def run(self) -> Counter[str]:
        """What it was answered: a status, or `cut` for a connection that was closed instead."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        found: Counter[str] = Counter()
        loop = asyncio.get_running_loop()
        began, sent = loop.time(), 0
        async with asyncio.TaskGroup() as group:
            lines: asyncio.Queue[Line] = asyncio.Queue()
            for _ in range(LINES):
                lines.put_nowait(Line(flood=self, context=context))
            while (now := loop.time() - began) < self.lasting_s:
                while sent < now * self.rate_per_s:
                    sent += 1
                    if self.anew:
                        group.create_task(Line(flood=self, context=context).once(found))
                    elif not lines.empty():
                        group.create_task(lines.get_nowait().again(found, lines))
                    else:
                        found["not sent: all connections wait"] += 1
                await asyncio.sleep(0.005)
        return found


@dataclass(slots=True, kw_only=True)
class Line:
    flood: Flood
    context: ssl.SSLContext
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None

    async def again(self, found: Counter[str], lines: "asyncio.Queue[Line]") -> None:
        await self.ask(found)
        lines.put_nowait(self)

    async def once(self, found: Counter[str]) -> None:
        await self.ask(found)
        self.close()

    async def ask(self, found: Counter[str]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                found[await self.answer()] += 1
        except (OSError, EOFError, ValueError):
            found["cut"] += 1
            self.close()

    async def answer(self) -> str:
        if self.reader is None or self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(
                "127.0.0.1", self.flood.port, ssl=self.context, local_addr=(self.flood.source, 0)
            )
        self.writer.write(ASKS)
        head = await self.reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").lower().split("\r\n")
        fields = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        await self.reader.readexactly(int(fields["content-length"]))
        if fields.get("connection") == "close":
            self.close()
        return lines[0].split()[1]

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


def flooded(flood: Flood) -> Counter[str]:
    return asyncio.run(flood.run())
