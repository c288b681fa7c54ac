"""A store that is spoken to over HTTP: one connection, kept open. Standard library only.

What is said of a failure names the file and the store's own word for it, never an address with its
query or a header: one of them holds a signature.
"""

import http.client
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from standfast.core.errors import StandfastError, Unreachable
from standfast.mechanisms.backup.offsite.trouble import explained, found_in

TIMEOUT_S = 30.0
"""For each step of a connection."""

BODY_LIMIT_BYTES = 32 * 1024**2
"""Nothing of a page or a log is longer (evidence/transport.py)."""

CODE = re.compile(rb"<Code>([A-Za-z0-9]{1,60})</Code>")
"""What both S3 and Azure call a refusal, in the body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    body: bytes = field(repr=False)

    @property
    def code(self) -> str:
        found = CODE.search(self.body)
        return found[1].decode() if found else ""


class Web:
    """`authority`: a file with the certificates by which the store is known; empty: those that the
    system trusts. `server` is `https://host:port`."""

    def __init__(self, server: str, *, authority: str = "", timeout_s: float = TIMEOUT_S) -> None:
        parts = urlsplit(server)
        self.host = parts.netloc
        name = parts.hostname or ""
        if parts.scheme == "http":
            self._connection = http.client.HTTPConnection(name, parts.port, timeout=timeout_s)
            return
        context = ssl.create_default_context(cafile=authority or None)
        self._connection = http.client.HTTPSConnection(
            name, parts.port, timeout=timeout_s, context=context
        )

    def ask(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Answer:
        """Raises `StandfastError`; an answer of any status is an answer."""
        try:
            return self._again(method, target, headers, body)
        except OSError as error:
            self._connection.close()
            raise silent(error) from error
        except http.client.HTTPException as error:
            self._connection.close()
            kind = type(error).__name__
            raise Unreachable(f"the store off site does not speak HTTP: {kind}") from None

    def _again(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Once more on a new connection, where the kept one was closed meanwhile."""
        try:
            return self._asked(method, target, headers, body)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self._connection.close()
            return self._asked(method, target, headers, body)

    def _asked(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self._connection.request(method, target, body=body or None, headers=dict(headers))
        response = self._connection.getresponse()
        said = response.read(BODY_LIMIT_BYTES)
        if not response.isclosed():
            self._connection.close()
        return Answer(status=response.status, body=said)


def silent(error: OSError) -> StandfastError:
    said = str(error) or type(error).__name__
    return explained(found_in(said), said) or Unreachable(
        f"the store off site does not answer: {said}",
        remedy="It is tried again by itself. Is it down, or the way to it closed?",
    )


def refused(method: str, name: str, answer: Answer) -> StandfastError:
    said = f"it answered {' '.join(filter(None, (str(answer.status), answer.code)))}"
    own = f"{said} to {method} of {name}"
    return explained(found_in(said), own) or Unreachable(f"the store off site: {own}")
