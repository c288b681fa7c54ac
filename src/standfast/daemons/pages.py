"""Serve the trust page and the log's tiles to the edges, over mutual TLS. Standard library only.

Static files below one folder, nothing else: no listing, no way out of the folder, no writing.
"""

import json
import os
import ssl
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from standfast.mechanisms.hosts.tls import Identity, peer, server_context

SETTINGS = Path("/etc/standfast/pages.json")
PREFIX = "/trust/"
REQUEST_TIMEOUT_S = 10

TYPES: Mapping[str, str] = MappingProxyType(
    {".html": "text/html; charset=utf-8", ".json": "application/json", ".svg": "image/svg+xml"}
)
IMMUTABLE = "public, max-age=31536000, immutable"
SHORT = "public, max-age=5"


def file_for(path: str, folder: Path) -> Path | None:
    """The file that a request path means, or None. Only names below `folder` exist."""
    clean = path.split("?")[0].split("#")[0]
    if not clean.startswith(PREFIX):
        return None
    parts = PurePosixPath(clean.removeprefix(PREFIX) or "index.html").parts
    if any(part in ("..", "/") or part.startswith(".") for part in parts):
        return None
    found = folder.joinpath(*parts)
    if "\0" in path or not found.is_file():
        return None
    return found if found.resolve().is_relative_to(folder.resolve()) else None


def content_type(path: Path) -> str:
    if path.name == "checkpoint":
        return "text/plain; charset=utf-8"
    return TYPES.get(path.suffix, "application/octet-stream")


class Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = REQUEST_TIMEOUT_S
    server_version = "standfast"
    sys_version = ""

    def __init__(self, *words: Any, folder: Path, readers: frozenset[str]) -> None:
        self.folder = folder
        self.readers = readers
        super().__init__(*words)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        if peer(self.connection) not in self.readers:
            self.send_error(HTTPStatus.FORBIDDEN)
            return
        path = file_for(self.path, self.folder)
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

    def log_message(self, *words: object) -> None:
        """The edge keeps the log of requests."""


class Server(ThreadingHTTPServer):
    """The handshake happens in the thread of the connection, so a silent peer stops nobody."""

    daemon_threads = True
    request_queue_size = 64
    tls: ssl.SSLContext

    def finish_request(self, request: Any, client_address: Any) -> None:
        request.settimeout(REQUEST_TIMEOUT_S)
        try:
            secured = self.tls.wrap_socket(request, server_side=True)
        except OSError:
            return
        with secured:
            super().finish_request(secured, client_address)


def main() -> None:
    settings = json.loads(SETTINGS.read_text())
    handler = partial(
        Handler,
        folder=Path(settings["folder"]) / "www",
        readers=frozenset(settings["readers"]),
    )
    server = Server((settings["address"], settings["port"]), handler)
    server.tls = server_context(Identity.in_folder(Path(os.environ["CREDENTIALS_DIRECTORY"])))
    server.serve_forever()


if __name__ == "__main__":
    main()
