"""Ask the agent of a machine, as the operator: through SSH, and inside it mutual TLS.

SSH is the way there (no machine opens a port to the operator); TLS is who speaks: the machine's
certificate must name it, and the operator's own is what the agent's list of verbs goes by.
"""

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standfast.core.clock import SystemClock
from standfast.core.errors import Refused, Unreachable
from standfast.mechanisms.hosts.agent.protocol import (
    ANSWER_LIMIT,
    format_request,
    parse_reply,
    read_line,
)
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.names import AGENT_PORT
from standfast.mechanisms.hosts.tls import Identity, client_context

HANDSHAKE_TIMEOUT_S = 20.0
"""The agent may have to be started first, on a computer that is under load."""

ANSWER_TIMEOUT_S = 150.0
"""The longest verb restarts a unit, which systemd gives ninety seconds to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agents:
    """`connections` by machine name."""

    connections: Mapping[str, Connection]
    identity: Identity

    def ask(self, machine: str, verb: str, **values: Any) -> dict[str, Any]:
        """The answer. `Refused` if the machine says no, `Unreachable` if it says nothing.

        A request is never sent twice: whoever hears no answer does not know whether it was done.
        """
        connection = self.connections[machine]
        path = connection.forward(str(connection.machine.address), AGENT_PORT)
        context = client_context(self.identity)
        return parse_reply(exchange(path, machine, format_request(verb, values), context), machine)


def exchange(path: Path, machine: str, line: bytes, context: ssl.SSLContext) -> bytes:
    with socket.socket(socket.AF_UNIX) as plain:
        plain.settimeout(HANDSHAKE_TIMEOUT_S)
        try:
            plain.connect(str(path))
        except OSError as error:
            raise silent(machine, str(error)) from error
        return spoken(plain, machine, line, context, patience_s=ANSWER_TIMEOUT_S)


def spoken(
    plain: socket.socket, machine: str, line: bytes, context: ssl.SSLContext, *, patience_s: float
) -> bytes:
    """The answer of whoever is at the other end, who must be `machine`."""
    try:
        with context.wrap_socket(plain, server_hostname=machine) as secured:
            secured.sendall(line)
            return read_line(
                secured, limit=ANSWER_LIMIT, patience_s=patience_s, clock=SystemClock()
            )
    except ssl.SSLCertVerificationError as error:
        raise Refused(
            f"what answers as the agent of {machine} is not {machine}: {error.verify_message}",
            remedy="Was the machine made anew? `standfast up` gives it a certificate.",
        ) from error
    except ssl.SSLError as error:
        raise alerted(machine, error) from error
    except OSError as error:
        raise silent(machine, str(error)) from error


def ask_directly(
    address: tuple[str, int],
    machine: str,
    line: bytes,
    context: ssl.SSLContext,
    *,
    patience_s: float,
) -> dict[str, Any]:
    """As one machine asks another, without SSH. Raises as `Agents.ask` does."""
    try:
        plain = socket.create_connection(address, timeout=patience_s)
    except OSError as error:
        raise silent(machine, str(error)) from error
    with plain:
        answer = spoken(plain, machine, line, context, patience_s=patience_s)
    return parse_reply(answer, machine)


def alerted(machine: str, error: ssl.SSLError) -> Refused | Unreachable:
    """An alert (RFC 8446, section 6) is a word of the machine's; any other failure is none."""
    if "ALERT" in (error.reason or ""):
        return Refused(
            f"the agent of {machine} does not accept this identity: {error.reason}",
            remedy="Is it from the authority of this site, and still valid?",
        )
    return silent(machine, str(error))


def silent(machine: str, why: str) -> Unreachable:
    return Unreachable(
        f"the agent of {machine} does not answer: {why}",
        remedy=f"standfast logs {machine} --unit standfast-agent.service",
    )
