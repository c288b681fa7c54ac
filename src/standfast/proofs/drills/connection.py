"""One kept-alive TLS connection, one request at a time. Standard library only.

What a browser papers over is what a drill must see: a request that was written is never written
again, here or anywhere above. Only a connection that is known to be dead *before* anything was
written may be left for another.
"""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

from standfast.proofs.drills.answer import Answer, Garbled, Reading

ATTEMPT_DELAY_S = 0.25
"""RFC 8305, section 5: the recommended time before the next address is tried as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`addresses` are where to connect; `host` is whom the certificate must name."""

    addresses: Sequence[str]
    port: int
    host: str
    context: ssl.SSLContext


class Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self.usable = True
        self._transport: asyncio.BaseTransport | None = None
        self._reading: Reading | None = None
        self._waiting: asyncio.Future[Answer] | None = None

    async def ask(self, request: bytes) -> Answer:
        """Raises `OSError` or `Garbled` when there is no whole answer.

        Cancelling (a time limit) ends the connection: an answer that comes late must not be taken
        for the answer to the next request.
        """
        if not self.usable or not isinstance(self._transport, asyncio.Transport):
            raise ConnectionAbortedError("the connection is closed")
        self._reading = Reading()
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            self._transport.write(request)
            answer = await self._waiting
        except BaseException:
            self.drop()
            raise
        finally:
            self._reading = self._waiting = None
        if not answer.reusable:
            self.close()
        return answer

    def close(self) -> None:
        self.usable = False
        if self._transport is not None:
            self._transport.close()

    def drop(self) -> None:
        """Without waiting for a peer that may be dead."""
        self.usable = False
        if isinstance(self._transport, asyncio.Transport):
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._reading is None:
            self.drop()  # nobody asked: a farewell such as 408, or an answer out of step
        else:
            self._read(self._reading, data)

    def eof_received(self) -> None:
        self._end(ConnectionResetError("the server closed the connection"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or ConnectionResetError("the server closed the connection"))

    def _end(self, reason: Exception) -> None:
        self.usable = False
        if self._reading is None:
            return
        if isinstance(reason, ConnectionResetError):
            self._read(self._reading, None)
        self._settle(reason)

    def _read(self, reading: Reading, data: bytes | None) -> None:
        try:
            answer = reading.end() if data is None else reading.feed(data)
        except Garbled as error:
            self._settle(error)
        else:
            if answer is not None:
                self._settle(answer)

    def _settle(self, outcome: Answer | Exception) -> None:
        if self._waiting is None or self._waiting.done():
            return
        if isinstance(outcome, Answer):
            self._waiting.set_result(outcome)
        else:
            self._waiting.set_exception(outcome)


async def opened(target: Target) -> Connection:
    """The first address that answers wins: each is tried when the one before it has failed or has
    been silent for a moment, as browsers do with a name of several addresses (RFC 8305).

    Raises the last `OSError` when none answers.
    """
    attempts: set[asyncio.Task[Connection]] = set()
    failure: OSError = ConnectionAbortedError("there is no address to connect to")
    untried = list(target.addresses)
    try:
        while untried or attempts:
            if untried:
                attempts.add(asyncio.create_task(connected(target, untried.pop(0))))
            done, attempts = await asyncio.wait(
                attempts,
                timeout=ATTEMPT_DELAY_S if untried else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for each in done:
                if (error := each.exception()) is None:
                    return each.result()
                if not isinstance(error, OSError):
                    raise error
                failure = error
        raise failure
    finally:
        for each in attempts:
            each.add_done_callback(dropped)
            each.cancel()


def dropped(late: "asyncio.Task[Connection]") -> None:
    """A connection that was made after another one had won."""
    if not late.cancelled() and late.exception() is None:
        late.result().drop()


async def connected(target: Target, address: str) -> Connection:
    _, connection = await asyncio.get_running_loop().create_connection(
        Connection,
        address,
        target.port,
        ssl=target.context,
        server_hostname=target.host,
    )
    return connection
