"""A signed-in visitor: cookies, and as many connections as requests under way, as browsers do.

A visitor whose request hangs opens another connection for the next one. With one connection each,
a single dead server would soon hold up every visitor, and the load would measure itself.
Standard library only.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from standfast.proofs.drills.answer import Answer
from standfast.proofs.drills.connection import Connection, Target, opened

IDLE_LIMIT_S = 2.0
"""Shorter than any server keeps an idle connection: a farewell that crosses a request on the
network would count as a failed request that was nobody's fault."""

HTTPS = 443


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One request. `key` goes out as Idempotency-Key, which tells every server on the way that
    repeating is safe even where the method does not say so."""

    method: str
    path: str
    body: Any = None
    key: str = ""


@dataclass(slots=True, kw_only=True)
class Visitor:
    target: Target
    cookies: dict[str, str] = field(default_factory=dict)
    idle: list[tuple[float, Connection]] = field(default_factory=list)

    async def ask(self, asking: Asking) -> Answer:
        """Raises `OSError` or `Garbled` when there is no whole answer. Never asks twice."""
        connection = await self._kept() or await opened(self.target)
        answer = await connection.ask(written(asking, self.target, self.cookies))
        for line in answer.all("set-cookie"):
            learn(self.cookies, line)
        if connection.usable:
            self.idle.append((asyncio.get_running_loop().time(), connection))
        return answer

    def leave(self) -> None:
        while self.idle:
            self.idle.pop()[1].close()

    async def _kept(self) -> Connection | None:
        """The connection used last, unless it is dead or has been idle for long."""
        await asyncio.sleep(0)  # so that a farewell that has arrived is read before this request
        oldest = asyncio.get_running_loop().time() - IDLE_LIMIT_S
        while self.idle:
            since, connection = self.idle.pop()
            if connection.usable and since >= oldest:
                return connection
            connection.close()
        return None


def written(asking: Asking, target: Target, cookies: Mapping[str, str]) -> bytes:
    host = target.host if target.port == HTTPS else f"{target.host}:{target.port}"
    lines = [f"{asking.method} {asking.path} HTTP/1.1", f"Host: {host}", "Accept: */*"]
    content = b"" if asking.body is None else json.dumps(asking.body).encode()
    if cookies:
        lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in cookies.items()))
    if asking.key:
        lines.append(f"Idempotency-Key: {asking.key}")
    if asking.body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + content


def learn(cookies: dict[str, str], line: str) -> None:
    """RFC 6265, section 5.2, as far as one site needs it: a value, or its end."""
    pair, *attributes = (part.strip() for part in line.split(";"))
    name, _, value = pair.partition("=")
    if any(each.lower() == "max-age=0" for each in attributes) or not value:
        cookies.pop(name, None)
    else:
        cookies[name] = value
