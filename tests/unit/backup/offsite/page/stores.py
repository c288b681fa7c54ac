"""A site's page with its log, the real server of monitors before it, and places to put it."""

import json
import ssl
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.unit.written import WrittenLog

from edges.tls_server import TlsServer
from standfast.core.clock import SystemClock
from standfast.daemons.pages import Handler
from standfast.evidence.envelope import leaf
from standfast.evidence.note import vkey
from standfast.evidence.read import read_log
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.state import derive
from standfast.evidence.statement import EnrolledNotice, EnrolledSigner, TextNotice
from standfast.evidence.transport import FolderTransport
from standfast.mechanisms.backup.offsite.page.elsewhere import Item
from standfast.mechanisms.hosts.serving import Server
from standfast.mechanisms.hosts.tls import Identity, server_context
from standfast.mechanisms.keys.authority import Subject, common_name, make, private_pem

LOOPBACK = "127.0.0.1"
NOON = SystemClock().now().replace(microsecond=0) - timedelta(hours=1)
ORIGIN = "example.localhost/trust/log"
KEY = Ed25519Signer.from_seed(ORIGIN, bytes(32))
STAMPS = {
    "3-time.checkpoint": b"what was stamped",
    "3-time.tsr": b"answer",
    "time.pem": b"root",
}


@dataclass
class HandClock:
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Monitor:
    """As a keeper leaves its folder: `www` is what its pages show."""

    home: Path
    log: WrittenLog = field(init=False)

    def __post_init__(self) -> None:
        self.log = WrittenLog(self.www / "log", KEY)

    @property
    def www(self) -> Path:
        return self.home / "www"

    def grow(self, by: int, at: datetime) -> None:
        size = self.log.copy.published.size
        said = [] if size else [enrolled()]
        said += [TextNotice(text=f"notice {size + each}", at=at) for each in range(by - len(said))]
        self.log.append([leaf("example", each, KEY) for each in said])
        self.show(at)

    def show(self, at: datetime, **more: Any) -> None:
        # Imported here: the room itself must not know the page.
        from standfast.pages.trust.render import pages

        record = read_log(FolderTransport(self.www / "log"), vkey(KEY))
        made = pages(
            record,
            derive(record.entries, now=at),
            site="example",
            service="timesheets",
            log_url="https://example.localhost/trust/log",
            vkey=vkey(KEY),
            now=at,
            **more,
        )
        for name, content in made.items():
            (self.www / name).write_bytes(content)

    def stamp(self) -> None:
        folder = self.www / "log" / "timestamps"
        folder.mkdir()
        for name, content in STAMPS.items():
            (folder / name).write_bytes(content)
        listed = {"authority": "time", "size": 3, "at": "2026-03-01T12:00:00.000Z"}
        (folder / "index.json").write_text(json.dumps({"version": 1, "timestamps": [listed]}))


def enrolled() -> EnrolledNotice:
    signer = EnrolledSigner(name=ORIGIN, key=vkey(KEY))
    return EnrolledNotice(text="the vantage measures", at=NOON, signers=(signer,))


class Trusting:
    """One monitor's folder, read as its pages hand it over."""

    def __init__(self, monitor: Monitor) -> None:
        self.inner = FolderTransport(monitor.www)

    def fetch(self, path: str) -> bytes:
        return self.inner.fetch(path)


@dataclass
class Kept:
    """A place in memory that tells in which order things came; `fails_after` sends it refuses."""

    files: dict[str, bytes] = field(default_factory=dict)
    came: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    fails_after: int | None = None
    seen: Any = None

    def read(self, name: str) -> bytes | None:
        return self.files.get(name)

    def send(self, items: Iterable[Item]) -> None:
        for each in items:
            if self.fails_after is not None and len(self.came) >= self.fails_after:
                raise self.seen
            self.came.append(each.name)
            self.files[each.name] = each.content

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            self.gone.append(name)
            self.files.pop(name, None)


@dataclass(frozen=True)
class Office:
    """Issues what machines of a site show each other."""

    folder: Path
    authority: Any

    @classmethod
    def open(cls, folder: Path) -> "Office":
        folder.mkdir()
        return cls(folder=folder, authority=make("test", datetime.now(UTC)))

    def identity(self, name: str) -> Identity:
        made = Identity.in_folder(self.folder / name)
        made.cert.parent.mkdir()
        key = ec.generate_private_key(ec.SECP256R1())
        request = (
            x509.CertificateSigningRequestBuilder()
            .subject_name(common_name(name))
            .sign(key, hashes.SHA256())
            .public_bytes(serialization.Encoding.PEM)
        )
        subject = Subject(name=name, addresses=(IPv4Address(LOOPBACK),))
        made.key.write_bytes(private_pem(key))
        made.cert.write_bytes(self.authority.issue(request, subject, now=datetime.now(UTC)))
        made.ca.write_bytes(self.authority.pem)
        return made


@contextmanager
def pages_of(monitor: Monitor, identity: Identity, *backups: str) -> Iterator[int]:
    """The real `daemons/pages.py`, at a port of this computer's own."""
    readers: Mapping[str, frozenset[str]] = {
        "edges": frozenset(),
        "monitors": frozenset(),
        "backups": frozenset(backups),
    }
    handler = partial(Handler, home=monitor.home, readers=readers, clock=SystemClock())
    server = Server((LOOPBACK, 0), handler, tls=server_context(identity), patience_s=5)
    with running(server):
        yield server.server_address[1]


@contextmanager
def running(server: Any) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class LikeS3(SimpleHTTPRequestHandler):
    """Static files; what is not there is refused, as by a bucket that not everybody may list."""

    protocol_version = "HTTP/1.1"

    def send_error(self, code: int, *_: Any) -> None:
        body = b"<Error><Code>AccessDenied</Code></Error>"
        self.send_response(403)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def static(folder: Path, identity: Identity) -> Iterator[str]:
    """The address of a folder over TLS, without a certificate of whoever reads."""
    server = TlsServer((LOOPBACK, 0), partial(LikeS3, directory=str(folder)))
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.context.load_cert_chain(identity.cert, identity.key)
    with running(server):
        yield f"https://{LOOPBACK}:{server.server_address[1]}"
