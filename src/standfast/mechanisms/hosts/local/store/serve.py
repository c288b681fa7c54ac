"""The store's process: HTTP/1.1 over TLS, a thread for each connection.

    python3 -m standfast.mechanisms.hosts.local.store.serve FOLDER ADDRESS PORT

Standard library only. It reads FOLDER/keys.json, cert.pem and key.pem once, and keeps objects in
FOLDER/objects.
"""

import json
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from standfast.core.clock import Clock, SystemClock
from standfast.mechanisms.hosts.local.store.answering import BODY_LIMIT, Bucket, Pair, refused
from standfast.mechanisms.hosts.local.store.objects import Objects
from standfast.mechanisms.hosts.local.store.permission import Holder
from standfast.mechanisms.hosts.local.store.refusals import Code, RefusedRequest
from standfast.mechanisms.hosts.local.store.request import Reply, Request

QUIET_S = 60
"""After so long without a word a connection is closed."""

CONNECTIONS = 32
"""restic opens five."""

CHUNK_BYTES = 1024**2


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    timeout = QUIET_S
    server: "Store"

    def do_GET(self) -> None:
        self.reply()

    do_HEAD = do_PUT = do_DELETE = do_POST = do_GET

    def reply(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(method=self.command, target=self.path, headers=headers)
        try:
            said = self.answer(request)
        except RefusedRequest as error:
            said = refused(request, error)
        self.send(said)

    def answer(self, request: Request) -> Reply:
        """What nobody wants is read too: who is still sending does not hear a refusal."""
        length = self.length()
        try:
            holder = self.server.bucket.admitted(request, self.server.clock.now())
            if length > BODY_LIMIT:
                raise RefusedRequest(Code.TOO_LARGE, f"more than {BODY_LIMIT} bytes")
        except RefusedRequest:
            self.pass_over(length)
            raise
        return self.server.bucket.answer(request, holder, self.rfile.read(length))

    def length(self) -> int:
        said = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not said.isdigit():
            self.close_connection = True
            raise RefusedRequest(Code.NO_LENGTH, "the body's length has to be said before it")
        return int(said)

    def pass_over(self, length: int) -> None:
        if length > BODY_LIMIT:
            self.close_connection = True
            return
        while length > 0 and (chunk := self.rfile.read(min(CHUNK_BYTES, length))):
            length -= len(chunk)

    def send(self, said: Reply) -> None:
        self.send_response(said.status)
        for name, value in said.lines():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(said.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Who asked for what, restic says itself."""


class Store(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = CONNECTIONS

    def __init__(self, address: tuple[str, int], bucket: Bucket, folder: Path, clock: Clock):
        self.bucket = bucket
        self.clock = clock
        self.places = BoundedSemaphore(CONNECTIONS)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.minimum_version = ssl.TLSVersion.TLSv1_2
        self.tls.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        super().__init__(address, Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        """The handshake is the connection's own business, in its thread: it may never come."""
        connection, address = super().get_request()
        wrapped = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return wrapped, address

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        with self.place():
            super().process_request_thread(request, client_address)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Whoever comes when all are taken waits for one."""
        with self.places:
            yield

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that ends early, or speaks no TLS, in one line."""
        print(f"{client_address[0]}: {sys.exc_info()[1]!r}", file=sys.stderr, flush=True)


def bucket_in(folder: Path) -> Bucket:
    """As keys.json says (`rented.py` writes it)."""
    said = json.loads((folder / "keys.json").read_bytes())
    return Bucket(
        name=said["bucket"],
        folder=said["folder"],
        region=said["region"],
        keys={Holder(name): Pair(**pair) for name, pair in said["keys"].items()},
        objects=Objects(folder=folder / "objects"),
    )


def main() -> None:
    folder, address, port = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    Store((address, port), bucket_in(folder), folder, SystemClock()).serve_forever()


if __name__ == "__main__":
    main()
