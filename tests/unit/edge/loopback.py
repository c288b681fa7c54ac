"""An edge as it is rendered, in a real HAProxy on the loopback, before small web servers."""

import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPResponse, HTTPSConnection
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from edges.placing import machine, placed
from edges.tls_server import TlsServer
from standfast.mechanisms.edge.plan import EdgeAsk, config
from standfast.mechanisms.edge.settings import EdgeSettings
from standfast.mechanisms.hosts.machine import Role

QUICK = EdgeSettings(first_byte_s=1, once_s=1, request_s=1, customer_idle_s=2, queue_s=1)
"""As short as they can be, so that a test of what comes after them is short."""

PATIENCE_S = 10.0
"""How long a test waits for what comes at once on an idle computer."""


@dataclass(slots=True)
class Web:
    """A web server or a monitor: it answers 200 with its name, but for what a path tells it.

    `/die`: take the request and hang up; `/die-once`: do so if it is the first to arrive
    anywhere. `/wait`: until `release` is set. `arrived` holds method and path of what came."""

    name: str
    port: int = 0
    arrived: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    deaths: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(1))
    release: threading.Event = field(default_factory=threading.Event)
    server: Any = None

    def close(self) -> None:
        """As a machine whose program has ended: whoever connects is refused."""
        self.release.set()
        self.server.shutdown()
        self.server.server_close()


class Visit(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    web: Web

    def answer(self) -> None:
        if self.headers.get("X-Standfast-Check") or self.path == "/current":
            return self.say(204 if self.path == "/current" else 200)
        self.web.arrived.append(f"{self.command} {self.path}")
        self.web.headers.append(dict(self.headers))
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.path == "/die" or (self.path == "/die-once" and self.web.deaths.acquire(False)):
            self.close_connection = True
            return None
        if self.path.startswith("/wait") and not self.web.release.wait(PATIENCE_S):
            return self.say(500)
        return self.say(200)

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = answer

    def say(self, status: int) -> None:
        body = b"" if status == 204 else self.web.name.encode()
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nobody reads it."""


@dataclass(slots=True, kw_only=True)
class Edge:
    """`identity`: a folder with `ca.pem` and certificates by name."""

    port: int
    identity: Path
    admin: Path
    webs: Sequence[Web]
    monitor: Web
    process: "subprocess.Popen[bytes]"

    def connection(self, timeout_s: float = PATIENCE_S) -> HTTPSConnection:
        context = ssl.create_default_context(cafile=str(self.identity / "ca.pem"))
        context.check_hostname = False
        return HTTPSConnection("127.0.0.1", self.port, timeout=timeout_s, context=context)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> "Said":
        """On a connection of its own; `_` in a header's name stands for `-`."""
        connection = self.connection()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body=body, headers=named)
        return said(connection.getresponse())

    def arrived(self, path: str) -> list[str]:
        """Which web servers the requests for a path came to."""
        return [web.name for web in self.webs for each in web.arrived if each.endswith(f" {path}")]

    def tell(self, command: str) -> str:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(PATIENCE_S)
            line.connect(str(self.admin))
            line.sendall(f"{command}\n".encode())
            return b"".join(iter(lambda: line.recv(65536), b"")).decode()

    def release(self) -> None:
        for web in self.webs:
            web.release.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    status: int
    body: bytes
    headers: dict[str, str]

    def document(self) -> Any:
        return json.loads(self.body)


def said(answer: HTTPResponse) -> Said:
    headers = {name.lower(): value for name, value in answer.getheaders()}
    return Said(status=answer.status, body=answer.read(), headers=headers)


@contextmanager
def served(web: Web, identity: Path) -> Iterator[Web]:
    server = TlsServer(("127.0.0.1", 0), type("OneVisit", (Visit,), {"web": web}))
    server.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.context.load_cert_chain(identity / f"{web.name}.pem", identity / f"{web.name}.pem.key")
    web.port, web.server = server.server_address[1], server
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield web
    finally:
        web.close()
        thread.join()


@contextmanager
def edge(
    identity: Path,
    folder: Path,
    *,
    limits: EdgeSettings = QUICK,
    slow: tuple[str, ...] = (),
    trusted: tuple[str, ...] = (),
    changed: Callable[[str], str] = lambda text: text,
) -> Iterator[Edge]:
    webs, monitor = (Web("web-1"), Web("web-2")), Web("monitor-1")
    webs[1].deaths = webs[0].deaths
    machines = (
        machine("edge-1", Role.EDGE),
        machine("web-1", Role.WEB),
        machine("web-2", Role.WEB),
        machine("monitor-1", Role.MONITOR),
    )
    ask = EdgeAsk(
        health="/health",
        security_txt=False,
        trusted=trusted,
        slow=slow,
        slow_limit_s=8,
        limits=limits,
    )
    with (
        served(webs[0], identity),
        served(webs[1], identity),
        served(monitor, identity),
        socket.create_server(("127.0.0.1", 0), backlog=512) as plain,
        socket.create_server(("127.0.0.1", 0), backlog=512) as secure,
    ):
        text = config(machines[0], machines, ask).decode()
        text = placed(
            text,
            identity=identity,
            folder=folder,
            ports={each.name: each.port for each in (*webs, monitor)},
            plain=plain.fileno(),
            secure=secure.fileno(),
        )
        (folder / "haproxy.cfg").write_text(changed(text))
        with subprocess.Popen(
            ("haproxy", "-db", "-f", str(folder / "haproxy.cfg")),
            pass_fds=(plain.fileno(), secure.fileno()),
            stdout=(folder / "log").open("wb"),
            stderr=subprocess.STDOUT,
        ) as process:
            try:
                running = Edge(
                    port=secure.getsockname()[1],
                    identity=identity,
                    admin=folder / "admin.sock",
                    webs=webs,
                    monitor=monitor,
                    process=process,
                )
                wait_until(lambda: answers(running), lambda: (folder / "log").read_text())
                yield running
            finally:
                process.kill()


def answers(running: Edge) -> bool:
    """It has read its file, and its checks have been answered."""
    assert running.process.poll() is None, "HAProxy has ended"
    if not running.admin.exists():
        return False
    try:
        return running.tell("show servers state web").count(" 2 0 ") > 0
    except OSError:
        return False


def wait_until(holds: Callable[[], bool], otherwise: Callable[[], str] = lambda: "") -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, otherwise()
        time.sleep(0.01)
