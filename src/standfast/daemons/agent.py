"""The agent: answers for one machine, over mutual TLS, what the asker's list of verbs allows.

Standard library only: it runs by the distribution's own python3. systemd holds the listening
socket and starts the agent when somebody knocks; resident on database machines, elsewhere it ends
after `idle_s` without a caller. Nobody is lost by that: whoever knocks while it ends waits in
systemd's socket, which starts it again.
"""

import os
import socket
import ssl
import sys
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Semaphore
from traceback import format_exception

from standfast.core.clock import Clock, SystemClock
from standfast.core.command import SystemRunner
from standfast.core.errors import Refused, StandfastError
from standfast.mechanisms.hosts.agent.permission import AgentSettings, permit
from standfast.mechanisms.hosts.agent.protocol import (
    REQUEST_LIMIT,
    format_answer,
    format_problem,
    parse_request,
    read_line,
)
from standfast.mechanisms.hosts.agent.verbs import Verb, table
from standfast.mechanisms.hosts.names import IDENTITY
from standfast.mechanisms.hosts.tls import Identity, peer, server_context, uses_aes_gcm

SETTINGS = Path("/etc/standfast/agent.json")

FIRST_DESCRIPTOR = 3
"""sd_listen_fds(3): sockets are handed over from the third descriptor on."""

CONNECTIONS_LIMIT = 8
"""Answered at the same time; more wait in the socket. A site has fewer askers than this."""

PATIENCE_S = 10.0
"""For a handshake, and for a request: both are written in one go by whoever is well."""

LEFTOVER_LIMIT = 65536
"""Bytes that are read and thrown away from a peer that goes on after our last word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    settings: AgentSettings
    verbs: Mapping[str, Verb]
    context: ssl.SSLContext
    clock: Clock
    patience_s: float = PATIENCE_S

    def serve(self, listener: socket.socket) -> None:
        """Return when nobody called for `idle_s`, after the last caller has the answer."""
        listener.settimeout(None if self.settings.resident else self.settings.idle_s)
        free = Semaphore(CONNECTIONS_LIMIT)
        with ThreadPoolExecutor(CONNECTIONS_LIMIT) as pool:
            while True:
                free.acquire()
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    return
                attended = pool.submit(self._attend, connection)
                attended.add_done_callback(lambda done: ended(done, free))

    def _attend(self, connection: socket.socket) -> None:
        connection.settimeout(self.patience_s)
        try:
            with self.context.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            ) as secured:
                try:
                    secured.do_handshake()
                    reply = self._reply(secured)
                    secured.settimeout(self.patience_s)
                    secured.sendall(reply)
                finally:
                    hang_up(secured, self.patience_s)
        except OSError as error:
            record(f"a caller was not answered: {error}")

    def _reply(self, secured: ssl.SSLSocket) -> bytes:
        asker = peer(secured)
        try:
            return format_answer(self._answer(secured, asker))
        except StandfastError as error:
            record(f"{asker}: {error.problem}")
            return format_problem(error.problem, error.remedy)

    def _answer(self, secured: ssl.SSLSocket, asker: str) -> Mapping[str, object]:
        if not uses_aes_gcm(secured):
            raise Refused("this connection is not encrypted by AES-GCM", remedy="Offer it.")
        request = parse_request(self._line(secured))
        permit(asker, request.verb, self.settings)
        verb = self.verbs[request.verb]
        if not verb.is_routine:
            record(f"{asker}: {request.verb} {dict(request.values)}")
        return verb(request.values)

    def _line(self, secured: ssl.SSLSocket) -> bytes:
        try:
            return read_line(
                secured, limit=REQUEST_LIMIT, patience_s=self.patience_s, clock=self.clock
            )
        except TimeoutError as error:
            raise Refused(f"no whole request came within {self.patience_s:g} s") from error


def ended(attended: Future[None], free: Semaphore) -> None:
    """Our own mistakes end one connection without an answer; the journal says which."""
    if (error := attended.exception()) is not None:
        record("".join(format_exception(error)))
    free.release()


def hang_up(secured: ssl.SSLSocket, patience_s: float) -> None:
    """Say that no more comes, and let the other side finish: closing with its words unread would
    throw away ours on their way to it."""
    with suppress(OSError):
        secured.settimeout(patience_s)
        secured.shutdown(socket.SHUT_WR)
        left = LEFTOVER_LIMIT
        while left > 0 and (said := secured.recv(left)):
            left -= len(said)


def record(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def handed_over(environment: Mapping[str, str], pid: int) -> socket.socket:
    """The socket that systemd listens on for us."""
    if environment.get("LISTEN_PID") != str(pid) or environment.get("LISTEN_FDS") != "1":
        raise Refused(
            "no socket was handed over", remedy="Start it by standfast-agent.socket, not by hand."
        )
    return socket.socket(fileno=FIRST_DESCRIPTOR)


def main() -> None:
    agent = Agent(
        settings=AgentSettings.from_json(SETTINGS.read_text()),
        verbs=table(SystemRunner()),
        context=server_context(Identity.in_folder(Path(IDENTITY))),
        clock=SystemClock(),
    )
    agent.serve(handed_over(os.environ, os.getpid()))


if __name__ == "__main__":
    main()
