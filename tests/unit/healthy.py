"""A service behind TLS on the loopback that says how it is, and can stop and come back."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from edges.tls_server import TlsServer

STATUSES = {"/health": 200, "/ill": 503, "/moved": 302}


class Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(STATUSES.get(self.path, 404))
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nobody reads it."""


@contextmanager
def served(certificate: Path, address: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """Its port. `certificate` lies beside its key, as `placing.certificates` puts them."""
    server = TlsServer((address, port), Health)
    server.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.context.load_cert_chain(certificate, f"{certificate}.key")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
