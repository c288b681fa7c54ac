"""An HTTP server over mutual TLS, for our own daemons. Standard library only."""

import ssl
from http.server import ThreadingHTTPServer
from typing import Any


class Server(ThreadingHTTPServer):
    """The handshake happens in the thread of the connection, so a silent peer stops nobody; it is
    waited for as long as `patience_s`."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self, address: tuple[str, int], handler: Any, *, tls: ssl.SSLContext, patience_s: float
    ) -> None:
        self.tls, self.patience_s = tls, patience_s
        super().__init__(address, handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        request.settimeout(self.patience_s)
        try:
            secured = self.tls.wrap_socket(request, server_side=True)
        except OSError:
            return
        with secured:
            super().finish_request(secured, client_address)
