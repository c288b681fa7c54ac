"""Ask etcd, over mutual TLS: one connection, kept open; one question at a time.

A question that was not answered is not asked again here. Whoever asked looks at what there is now
and decides anew, because a change may have been made although its answer was lost.
"""

import http.client
import json
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from standfast.core.errors import Unreachable
from standfast.mechanisms.monitor import gateway
from standfast.mechanisms.monitor.gateway import Change, Value

TIMEOUT_S = 2.0
"""Shorter than a lease, so that whoever waits here for a dead machine can still ask another."""

CONNECT_TIMEOUT_S = 0.3
"""A kernel accepts at once, however busy etcd is; a dead machine's never does."""

ANSWER_LIMIT_BYTES = 4 * 2**20
"""More than everything that monitors tell each other."""


class Store(Protocol):
    """All but `Unreachable` is an answer. `term`: in which of etcd's terms the last one was given;
    each leader of etcd's has a term of its own."""

    term: int

    def read(self) -> Mapping[str, Value]:
        """Return everything below the prefix, as a majority has it."""

    def commit(self, change: Change) -> bool:
        """Return whether it was made."""

    def grant(self, ttl_s: int) -> int:
        """Return a new lease."""

    def keep_alive(self, lease: int) -> bool:
        """Return whether the lease still lived."""

    def left_s(self, lease: int) -> int:
        """Return how many whole seconds are left until it ends."""

    def revoke(self, lease: int) -> None:
        """End the lease and delete what hangs on it."""


class EtcdStore:
    """`addresses` of voters, each `host:port`; the first that answers is asked until it fails."""

    def __init__(
        self,
        addresses: Sequence[str],
        context: ssl.SSLContext,
        *,
        prefix: str,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._addresses = tuple(addresses)
        self._context = context
        self._prefix = prefix
        self._timeout_s = timeout_s
        self._at = 0
        self._connection: http.client.HTTPSConnection | None = None
        self.term = 0

    def read(self) -> Mapping[str, Value]:
        return gateway.values(self._ask(gateway.RANGE, gateway.everything_under(self._prefix)))

    def commit(self, change: Change) -> bool:
        return gateway.succeeded(self._ask(gateway.TRANSACTION, gateway.transaction(change)))

    def grant(self, ttl_s: int) -> int:
        return gateway.granted(self._ask(gateway.GRANT, {"TTL": str(ttl_s)}))

    def keep_alive(self, lease: int) -> bool:
        return gateway.lives(self._ask(gateway.KEEP_ALIVE, gateway.lease(lease)))

    def revoke(self, lease: int) -> None:
        self._ask(gateway.REVOKE, gateway.lease(lease))

    def left_s(self, lease: int) -> int:
        """Whole seconds until the lease ends."""
        return gateway.left_s(self._ask(gateway.TIME_TO_LIVE, gateway.lease(lease)))

    def _ask(self, path: str, question: Mapping[str, Any]) -> Mapping[str, Any]:
        if self._connection is None:
            self._connection = self._connected()
        try:
            self._connection.request("POST", path, json.dumps(question))
            response = self._connection.getresponse()
            said = response.read(ANSWER_LIMIT_BYTES)
            answer: Mapping[str, Any] = json.loads(said)
        except (OSError, http.client.HTTPException, ValueError) as error:
            where = self._addresses[self._at]
            self._leave()
            raise Unreachable(
                f"etcd at {where} does not answer: {error or type(error).__name__}"
            ) from error
        if response.status != http.HTTPStatus.OK:
            self._leave()
            raise gateway.refusal(response.status, answer)
        self.term = gateway.term(answer)
        return answer

    def _connected(self) -> http.client.HTTPSConnection:
        host, _, port = self._addresses[self._at].rpartition(":")
        return Voter(host, int(port), context=self._context, patience_s=self._timeout_s)

    def _leave(self) -> None:
        """The next question goes to the next voter."""
        with suppress(OSError):
            if self._connection is not None:
                self._connection.close()
        self._connection = None
        self._at = (self._at + 1) % len(self._addresses)


class Voter(http.client.HTTPSConnection):
    """A dead machine is found out sooner than an answer may take."""

    def __init__(self, host: str, port: int, *, context: ssl.SSLContext, patience_s: float) -> None:
        super().__init__(host, port, timeout=CONNECT_TIMEOUT_S, context=context)
        self._tls = context
        self._patience_s = patience_s

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock.settimeout(self._patience_s)
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=self.host)
