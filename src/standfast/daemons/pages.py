"""Serve the trust page and the log's tiles over mutual TLS: to edges, and to backup machines that
publish them elsewhere; to the other monitors also what they need to hold the same log. Standard
library only.

Static files below three folders, nothing else: no listing, no way out of a folder, no writing. One
answer is made: whether this monitor shows all that is in the log, for the edges to choose by.
"""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from standfast.core.clock import Clock, SystemClock
from standfast.mechanisms.hosts.media import IMMUTABLE, SHORT, content_type
from standfast.mechanisms.hosts.serving import Server
from standfast.mechanisms.hosts.tls import Identity, peer, server_context

SETTINGS = Path("/etc/standfast/pages.json")
TRUST = "/trust/"
FOLDERS: Mapping[str, str] = MappingProxyType(
    {TRUST: "www", "/draft/": "drafts", "/spool/": "spool"}
)
"""Where a request's path leads. Edges and backup machines are given the first alone."""

SECURITY = "/.well-known/security.txt"
SECURITY_FILE = "security.txt"
"""Where RFC 9116 wants it, which is no place below the page; edges are given it too."""

CURRENT = "/current"
CURRENT_FILE = "current"
CURRENT_WITHIN_S = 6.0
"""The keeper touches that file each time it has seen that nothing is missing here; a monitor that
was away is not asked before, nor one whose keeper has stopped."""

PATIENCE_S = 5.0
"""How long a start waits for that, so that a monitor that was away for a moment does not show an
older log than the others just did. A keeper takes two seconds; then what is there is shown."""

POLL_S = 0.1

REQUEST_TIMEOUT_S = 10


def file_for(path: str, home: Path) -> Path | None:
    """The file that a request path means, or None. Only names below the folders exist."""
    clean = asked(path)
    clean = f"{TRUST}{SECURITY_FILE}" if clean == SECURITY else clean
    prefix = next((each for each in FOLDERS if clean.startswith(each)), None)
    if prefix is None:
        return None
    folder = home / FOLDERS[prefix]
    parts = PurePosixPath(clean.removeprefix(prefix) or "index.html").parts
    if any(part in ("..", "/") or part.startswith(".") for part in parts):
        return None
    found = folder.joinpath(*parts)
    if "\0" in path or not found.is_file():
        return None
    return found if found.resolve().is_relative_to(folder.resolve()) else None


def asked(path: str) -> str:
    return path.split("?")[0].split("#")[0]


def may_read(asker: str, path: str, readers: Mapping[str, frozenset[str]]) -> bool:
    """`readers`: who is an edge, who another monitor, and who a backup machine that publishes the
    page elsewhere, by the names in their certificates."""
    if asker in readers["monitors"]:
        return True
    if asker in readers["backups"] and path.startswith(TRUST):
        return True
    return asker in readers["edges"] and (
        asked(path) in (CURRENT, SECURITY) or path.startswith(TRUST)
    )


def is_current(home: Path, now: datetime) -> bool:
    return now.timestamp() - seen_current(home) < CURRENT_WITHIN_S


def seen_current(home: Path) -> float:
    """When the keeper last saw that nothing is missing, in seconds since the epoch."""
    try:
        return (home / CURRENT_FILE).stat().st_mtime
    except OSError:
        return 0.0


class Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = REQUEST_TIMEOUT_S
    server_version = "standfast"
    sys_version = ""

    def __init__(
        self, *words: Any, home: Path, readers: Mapping[str, frozenset[str]], clock: Clock
    ) -> None:
        self.home = home
        self.readers = readers
        self.clock = clock
        super().__init__(*words)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        if not may_read(peer(self.connection), self.path, self.readers):
            self.send_error(HTTPStatus.FORBIDDEN)
            return
        if self.path == CURRENT:
            current = is_current(self.home, self.clock.now())
            self._status(HTTPStatus.NO_CONTENT if current else HTTPStatus.SERVICE_UNAVAILABLE)
            return
        path = file_for(self.path, self.home)
        if path is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        body = path.read_bytes()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", content_type(path))
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", IMMUTABLE if "tile" in path.parts else SHORT)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _status(self, status: HTTPStatus) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """The edge keeps the log of requests."""


def wait_until_current(home: Path, clock: Clock) -> None:
    began, end = clock.now(), clock.monotonic() + PATIENCE_S
    while clock.monotonic() < end and seen_current(home) < began.timestamp():
        clock.sleep(POLL_S)


def main() -> None:
    settings = json.loads(SETTINGS.read_text())
    home, clock = Path(settings["folder"]), SystemClock()
    handler = partial(
        Handler,
        home=home,
        readers={kind: frozenset(names) for kind, names in settings["readers"].items()},
        clock=clock,
    )
    wait_until_current(home, clock)
    tls = server_context(Identity.in_folder(Path(os.environ["CREDENTIALS_DIRECTORY"])))
    server = Server(
        (settings["address"], settings["port"]), handler, tls=tls, patience_s=REQUEST_TIMEOUT_S
    )
    server.serve_forever()


if __name__ == "__main__":
    main()
