"""Just enough HTTP/1.1 for a load: one kept-alive connection, one request at a time, cookies.

Standard library only, so that the load starts in any vantage within a moment. A request that was
written is never repeated: what an ordinary client might paper over is what a drill must see.
"""

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

BODY_LIMIT_BYTES = 32 * 1024 * 1024
"""The list of all that a run stored, with room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    address: str
    port: int
    host: str
    context: ssl.SSLContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    body: bytes


@dataclass(slots=True, kw_only=True)
class Client:
    """One visitor: a connection that is kept, and the cookies the service gave."""

    target: Target
    cookies: dict[str, str] = field(default_factory=dict)
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """Raises `OSError` or `asyncio.IncompleteReadError` when there is no whole answer."""
        await self._connect()
        assert self.reader is not None
        assert self.writer is not None
        try:
            self.writer.write(self._request(method, path, body))
            await self.writer.drain()
            return await self._answer(self.reader)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None

    async def _connect(self) -> None:
        """Open, or open again if the server closed the idle connection before this request."""
        if self.writer is not None and self.reader is not None:
            if not self.reader.at_eof() and not self.writer.is_closing():
                return
            self.close()
        self.reader, self.writer = await asyncio.open_connection(
            self.target.address,
            self.target.port,
            ssl=self.target.context,
            server_hostname=self.target.host,
            limit=BODY_LIMIT_BYTES,
        )

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None) -> bytes:
        content = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.target.host}", "Accept: */*"]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{k}={v}" for k, v in self.cookies.items()))
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + content

    async def _answer(self, reader: asyncio.StreamReader) -> Answer:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split()[1])
        headers = [line.split(": ", 1) for line in head[1:] if ": " in line]
        fields = {name.lower(): value for name, value in headers}
        for name, value in headers:
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.split(";")[0]
        body = await read_body(reader, fields)
        if fields.get("connection", "").lower() == "close":
            self.close()
        return Answer(status=status, body=body)


async def read_body(reader: asyncio.StreamReader, fields: Mapping[str, str]) -> bytes:
    """By length or in chunks (RFC 9112, sections 6 and 7)."""
    if fields.get("transfer-encoding", "").lower() == "chunked":
        parts = []
        while length := int((await reader.readline()).split(b";")[0], 16):
            parts.append(await reader.readexactly(length))
            await reader.readexactly(2)
        await reader.readline()
        return b"".join(parts)
    length = int(fields.get("content-length", "0"))
    if length > BODY_LIMIT_BYTES:
        raise OSError(f"an answer of {length} bytes is longer than a drill reads")
    return await reader.readexactly(length)
