"""A small server behind TLS, for whoever measures or tests what stands before one."""

import ssl
from http.server import ThreadingHTTPServer
from typing import Any


class TlsServer(ThreadingHTTPServer):
    """The handshake is each connection's own business, or one visitor would hold up all others."""

    daemon_threads = True
    request_queue_size = 128
    context: ssl.SSLContext

    def get_request(self) -> tuple[ssl.SSLSocket, Any]:
        plain, address = self.socket.accept()
        wrapped = self.context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        return wrapped, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A visitor who hangs up in the middle is a visitor's right."""
