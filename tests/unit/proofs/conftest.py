"""A small real service behind real TLS, whose faults can be chosen."""

import json
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from edges.tls_server import TlsServer

PASSWORD = "a canary's password, never on a command line"
COOKIE = "guest=canary-is-signed-in"
RUN = "1f0e7a52-7c5b-4b1e-9d7c-3f3f6f0b6a11"

CONTRACT = {
    "sign_in": {
        "method": "POST",
        "path": "/session",
        "json": {"name": "{account}", "password": "{password}"},
    },
    "read": [{"method": "GET", "path": "/lines"}, {"method": "GET", "path": "/lines?said=nobody"}],
    "write": {"method": "PUT", "path": "/lines/{id}", "json": {"said": "{sentence}"}},
    "find": {
        "method": "GET",
        "path": "/lines?said={run}",
        "ids_at": "lines",
        "id_field": "id",
    },
}


@dataclass(slots=True, kw_only=True)
class SmallService:
    """What it does wrong: `doubles` stores every write twice; `fails` answers that many writes
    with 503; `swallows` takes that many writes and hangs up without a word; `forgets` acknowledges
    without storing; `hangs_up` closes each connection after its answer without saying so before;
    `redirects` sends every reader elsewhere; `hides` refuses to list. Another
    `cookie` than before: whoever signed in before is signed in no more."""

    port: int = 0
    ca_file: Path = Path()
    doubles: bool = False
    fails: int = 0
    swallows: int = 0
    forgets: bool = False
    hangs_up: bool = False
    redirects: bool = False
    hides: bool = False
    chunked: bool = False
    cookie: str = COOKIE
    rows: list[tuple[str, str]] = field(default_factory=list)
    arrived: Counter[str] = field(default_factory=Counter)
    connections: int = 0

    def plan(self, **changes: Any) -> dict[str, Any]:
        return {
            **CONTRACT,
            "account": "canary@example.com",
            "password": PASSWORD,
            "addresses": ["127.0.0.1"],
            "port": self.port,
            "host": "127.0.0.1",
            "ca_file": str(self.ca_file),
            "run": RUN,
            "ids": "1f0e7a52-7c5b-84b1-8e90-{number:012d}",
            "rate_per_s": 200,
            "duration_s": 0.2,
            "sessions": 3,
            "find_tries": 3,
            "pinned": False,
            "write_share": 0.4,
            **changes,
        }


class Visit(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    service: SmallService

    def setup(self) -> None:
        super().setup()
        self.service.connections += 1

    def do_GET(self) -> None:
        if self.path.startswith("/lines?said=") and self.service.hides:
            return self.answer(500, {})
        if self.headers.get("Cookie") != self.service.cookie:
            return self.answer(401, {})
        if self.service.redirects:
            return self.answer(302, {}, location="/sign-in")
        said = parse_qs(urlsplit(self.path).query).get("said", ["nobody"])[0]
        rows = [{"id": each} for each, sentence in self.service.rows if said in sentence]
        return self.answer(200, {"lines": rows})

    def do_POST(self) -> None:
        given = self.body()
        if given != {"name": "canary@example.com", "password": PASSWORD}:
            return self.answer(401, {})
        return self.answer(200, {}, cookie=f"{self.service.cookie}; Path=/; HttpOnly")

    def do_PUT(self) -> None:
        identity, said = self.path.rpartition("/")[2], self.body()["said"]
        self.service.arrived[identity] += 1
        if self.headers.get("Cookie") != self.service.cookie:
            return self.answer(401, {})
        if self.service.swallows and len(self.service.arrived) > 1:
            self.service.swallows -= 1
            self.close_connection = True
            return None
        if self.service.fails and len(self.service.arrived) > 1:
            self.service.fails -= 1
            return self.answer(503, {})
        if not self.service.forgets:
            self.service.rows += [(identity, said)] * (2 if self.service.doubles else 1)
        return self.answer(200, {"id": identity})

    def body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def answer(self, status: int, body: Any, *, cookie: str = "", location: str = "") -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in (("Set-Cookie", cookie), ("Location", location)):
            if value:
                self.send_header(name, value)
        if self.service.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            parts = [content[:7], content[7:]]
            content = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts if part)
            content += b"0\r\n\r\n"
        else:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = self.close_connection or self.service.hangs_up

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nobody reads it."""


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `ca.pem` and, issued by it for 127.0.0.1, `server.pem`."""
    folder = tmp_path_factory.mktemp("authority")
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = certificate("a small authority", ca_key.public_key(), ca_key, "a small authority", None)
    mine = certificate("127.0.0.1", key.public_key(), ca_key, "a small authority", "127.0.0.1")
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    (folder / "server.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + mine.public_bytes(serialization.Encoding.PEM)
    )
    return folder


def certificate(
    subject: str,
    public_key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    issuer: str,
    address: str | None,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=address is None, path_length=None), critical=True)
    )
    if address is not None:
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


@contextmanager
def served(authority: Path, faults: dict[str, Any]) -> Iterator[SmallService]:
    service = SmallService(ca_file=authority / "ca.pem", **faults)
    server = TlsServer(("127.0.0.1", 0), type("OneVisit", (Visit,), {"service": service}))
    server.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.context.load_cert_chain(authority / "server.pem")
    service.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def serve(authority: Path) -> Iterator[Callable[..., SmallService]]:
    """Start a service with the faults given: `serve(doubles=True)`."""
    opened: list[Any] = []

    def start(**faults: Any) -> SmallService:
        opened.append(served(authority, faults))
        service: SmallService = opened[-1].__enter__()
        return service

    yield start
    for each in opened:
        each.__exit__(None, None, None)
