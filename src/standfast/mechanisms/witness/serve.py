"""Answer who asks for cosignatures (C2SP tlog-witness): logs, and who watches witnesses.

Plain HTTP: what is asked and answered is signed, and secret is nothing of it. Put a web server with
a certificate before it where that is wanted.
"""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from standfast.core.clock import Clock
from standfast.core.errors import ConfigError
from standfast.evidence.submission import LIMIT_BYTES, TEXT_TYPE, answer, refused
from standfast.evidence.submission import Answer as Said
from standfast.evidence.witness import CHECKPOINT, Witness

ADD = "/add-checkpoint"
PATIENCE_S = 10.0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE_S
    server_version = "standfast"
    sys_version = ""

    def __init__(
        self,
        *words: object,
        witness: Witness,
        clock: Clock,
        alarm: Callable[[str], None],
    ) -> None:
        self.witness = witness
        self.clock = clock
        self.alarm = alarm
        super().__init__(*words)  # type: ignore[arg-type]  # as the server passes them on

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if self.path != ADD:
            self._say(refused(HTTPStatus.NOT_FOUND, f"only {ADD} is asked here"))
        elif not length.isdigit() or len(length) > len(str(LIMIT_BYTES)):
            self._say(refused(HTTPStatus.LENGTH_REQUIRED, "a Content-Length is needed"))
        elif int(length) > LIMIT_BYTES:
            self._say(refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "it is longer than any"))
        else:
            said = answer(self.rfile.read(int(length)), (self.witness,), self.clock.now())
            if said.alarm:
                self.alarm(said.alarm)
            self._say(said, keep=True)

    def do_GET(self) -> None:
        """What was cosigned last, for who watches witnesses."""
        path = self.witness.place / CHECKPOINT
        if self.path == f"/{self.witness.place.name}/{CHECKPOINT}" and path.is_file():
            note = path.read_bytes().decode("utf-8", "replace")
            self._say(Said(status=HTTPStatus.OK, body=note), keep=True)
            return
        self._say(refused(HTTPStatus.NOT_FOUND, "nothing is here"), keep=True)

    def _say(self, said: Said, *, keep: bool = False) -> None:
        """A request that was not read to its end ends the connection."""
        body = said.body.encode()
        self.send_response(said.status)
        self.send_header("Content-Type", said.content_type or TEXT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        if not keep:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """What matters is said by whoever runs this."""


def started(
    where: str, witness: Witness, clock: Clock, alarm: Callable[[str], None]
) -> ThreadingHTTPServer:
    """`where` is HOST:PORT; port 0 is any that is free."""
    host, _, port = where.rpartition(":")
    if not host or not port.isdigit():
        raise ConfigError(f"--listen: {where} is not of the form HOST:PORT")
    handler = partial(Handler, witness=witness, clock=clock, alarm=alarm)
    try:
        server = ThreadingHTTPServer((host.strip("[]"), int(port)), handler)
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"--listen: nobody can listen on {where}: {error}",
            remedy="Is it an address of this computer, and is the port free?",
        ) from error
    Thread(target=server.serve_forever, daemon=True).start()
    return server
