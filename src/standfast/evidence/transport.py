"""Where a verifier gets a log's files from: a folder, or anybody's web server.

What comes out is never trusted, only checked, so nothing here decides anything. A server that
sends too much, or nothing for too long, is given up.
"""

import http.client
import os
import ssl
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from standfast.core.errors import CannotVerify, ConfigError, Unreachable
from standfast.evidence.tiles import BUNDLE_LIMIT_BYTES

OBJECT_LIMIT_BYTES = BUNDLE_LIMIT_BYTES
"""The largest file that a log can have: 256 entries of the longest kind, 16 MiB."""

TIMEOUT_S = 20.0
"""For each step of a connection: a phone in a tunnel, not a server that has stopped."""

ABSENT = (http.HTTPStatus.NOT_FOUND, http.HTTPStatus.GONE)

NOT_LISTED = b"<Code>AccessDenied</Code>"
"""What S3 answers, with 403, to whoever may not list the bucket, for what is not there (API
reference, "GetObject"): a copy of a log in such a store says so of every file that it lacks."""


class Missing(CannotVerify):
    """The log does not have this file, which it answered in so many words."""


class Transport(Protocol):
    def fetch(self, path: str) -> bytes:
        """Return a file of the log. Raises `Missing`, or `Unreachable` when nobody answered."""


class FolderTransport:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fetch(self, path: str) -> bytes:
        try:
            with (self._folder / path).open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                return _within_limit(path, file.read(min(size, OBJECT_LIMIT_BYTES) + 1))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise Missing(f"the log has no {path}") from error
        except OSError as error:
            raise Unreachable(f"{path} cannot be read: {error.strerror}") from error


class HttpsTransport:
    """One connection, kept open over all files, opened again once when the server closed it.

    `ca_file` names the certificates to believe instead of the system's, for a site that has its
    own authority; `context`, instead of it, is for who must show a certificate as well. Redirects
    are refused: the address of a log is part of what is verified.
    """

    def __init__(
        self,
        url: str,
        ca_file: Path | None = None,
        *,
        context: ssl.SSLContext | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            raise ConfigError(
                f"{url} is not the https address of a log", remedy="Begin it with https://."
            )
        self._prefix = parts.path.rstrip("/")
        self._host = parts.netloc
        self._connection = http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=timeout_s, context=context or _context(ca_file)
        )

    def fetch(self, path: str) -> bytes:
        try:
            status, body = self._get(path)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise Unreachable(
                f"{self._host} did not answer: {error or type(error).__name__}",
                remedy="Is the address right, and is its certificate one that you trust? "
                "The file of a site's own authority is given with --ca-file.",
            ) from error
        if status in ABSENT or (status == http.HTTPStatus.FORBIDDEN and NOT_LISTED in body):
            raise Missing(f"the log at {self._host} has no {path}")
        if status != http.HTTPStatus.OK:
            raise Unreachable(f"{self._host} answered {status} for {path}")
        return _within_limit(path, body)

    def _get(self, path: str) -> tuple[int, bytes]:
        try:
            return self._asked(path)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self._connection.close()
            return self._asked(path)

    def _asked(self, path: str) -> tuple[int, bytes]:
        self._connection.request("GET", f"{self._prefix}/{path}")
        response = self._connection.getresponse()
        body = response.read(OBJECT_LIMIT_BYTES + 1)
        if not response.isclosed():
            self._connection.close()
        return response.status, body


def _context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ConfigError(
            f"{ca_file} holds no certificates", remedy="Name a file in PEM format."
        ) from error


def _within_limit(path: str, body: bytes) -> bytes:
    if len(body) > OBJECT_LIMIT_BYTES:
        raise CannotVerify(f"{path} is longer than any file of a log")
    return body
