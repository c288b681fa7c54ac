"""Web servers that take as long as they are told, behind TLS, and customers who ask at random."""

import itertools
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPSConnection
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from random import Random
from typing import Any

from edges.tls_server import TlsServer

CUSTOMERS = 40
"""At most so many wait at once; with fewer, a slow server would hold the load itself up."""

Takes = Callable[[float], float]
"""From the second of the run to how long an answer takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """`at_s`: when it was due, in the run; `took_s`: from then on. `by`: nobody, if it failed."""

    at_s: float
    took_s: float
    by: str


class Visit(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    name: str
    takes: Takes
    began: float

    def do_GET(self) -> None:
        if not self.headers.get("X-Standfast-Check"):
            time.sleep(type(self).takes(time.monotonic() - self.began))
        body = json.dumps({"by": self.name}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nobody reads it."""


class Server(TlsServer):
    request_queue_size = 256


@contextmanager
def served(name: str, identity: Path, takes: Takes) -> Iterator[Server]:
    visit = type("OneVisit", (Visit,), {"name": name, "takes": staticmethod(takes)})
    visit.began = time.monotonic()  # type: ignore[attr-defined]
    server = Server(("127.0.0.1", 0), visit)
    server.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.context.load_cert_chain(identity / f"{name}.pem", identity / f"{name}.pem.key")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def asked(
    port: int,
    identity: Path,
    *,
    rate_per_s: float,
    lasting_s: float,
    seed: int,
    sources: Sequence[str] = ("127.0.0.1",),
) -> Sequence[Answered]:
    """Requests are due at random moments, whether or not earlier ones were answered. `sources`:
    the addresses that customers have, in turn."""
    random, due = Random(seed), [0.0]
    while due[-1] < lasting_s:
        due.append(due[-1] + random.expovariate(rate_per_s))
    context = ssl.create_default_context(cafile=str(identity / "ca.pem"))
    context.check_hostname = False
    kept, numbers = threading.local(), itertools.count()
    began = time.monotonic()

    def ask(at_s: float) -> Answered:
        if not hasattr(kept, "line"):
            source = (sources[next(numbers) % len(sources)], 0)
            kept.line = HTTPSConnection(
                "127.0.0.1", port, timeout=20, context=context, source_address=source
            )
        by = ""
        try:
            kept.line.request("GET", "/")
            answer = kept.line.getresponse()
            body = answer.read()
            by = json.loads(body)["by"] if answer.status == 200 else ""
        except (OSError, HTTPException):
            kept.line.close()
        took_s = time.monotonic() - began - at_s
        return Answered(at_s=at_s, took_s=took_s, by=by)

    with ThreadPoolExecutor(CUSTOMERS) as pool:
        waiting = []
        for at_s in due:
            time.sleep(max(0.0, began + at_s - time.monotonic()))
            waiting.append(pool.submit(ask, at_s))
        return [each.result() for each in waiting]
