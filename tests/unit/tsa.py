"""Time-stamp authorities for tests: real ones, by OpenSSL's `ts`, over HTTP on loopback.

`openssl ts -reply` answers as RFC 3161 says, so what is asked and understood here is understood by
programs of others as well.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from standfast.evidence.timestamp.authority import Authority, read_root

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

STAMPING = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])

SETTINGS = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/signer.pem
{certs}
signer_key = {folder}/signer.key
signer_digest = {digest}
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1, millisecs:500
clock_precision_digits = {digits}
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = {ess}
"""


def drawn() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A certificate, its key, and who issued it (none for a root)."""

    certificate: x509.Certificate
    key: Key
    by: "Issued | None" = None

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


def issued(
    name: str,
    by: Issued | None = None,
    *,
    ca: bool = False,
    usage: x509.ExtendedKeyUsage | None = None,
    critical: bool = True,
    since: datetime | None = None,
    until: datetime | None = None,
    key: Key | None = None,
    path_length: int | None = None,
) -> Issued:
    key = key or drawn()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since or now - timedelta(days=400))
        .not_valid_after(until or now + timedelta(days=400))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
    )
    if usage is not None:
        builder = builder.add_extension(usage, critical=critical)
    signing = by.key if by else key
    return Issued(certificate=builder.sign(signing, hashes.SHA256()), key=key, by=by)


def root(name: str = "Root of Time", *, path_length: int | None = None) -> Issued:
    return issued(name, ca=True, path_length=path_length)


def signer(by: Issued, key: Key | None = None) -> Issued:
    return issued("Time", by, usage=STAMPING, key=key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tsa:
    """Answers with the chain up to its root, unless it is told otherwise."""

    folder: Path
    signer: Issued
    with_chain: bool = True
    digest: str = "sha256"
    ess: str = "sha256"
    digits: int = 0
    asked: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        private = self.signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.folder / "signer.key").write_bytes(private)
        (self.folder / "signer.pem").write_bytes(self.signer.pem)
        (self.folder / "chain.pem").write_bytes(b"".join(self.chain))
        (self.folder / "serial").write_text("01\n")
        text = SETTINGS.format(
            folder=self.folder,
            certs=f"certs = {self.folder}/chain.pem" if self.with_chain else "",
            digest=self.digest,
            ess=self.ess,
            digits=self.digits,
        )
        (self.folder / "openssl.cnf").write_text(text)

    @property
    def chain(self) -> list[bytes]:
        """All that stand above the signer, the root last."""
        found, above = [], self.signer.by
        while above is not None:
            found.append(above.pem)
            above = above.by
        return found

    @property
    def root(self) -> bytes:
        return self.chain[-1]

    @property
    def authority(self) -> Authority:
        return Authority(name="time", root=read_root(self.root))

    def reply(self, question: bytes) -> bytes:
        self.asked.append(question)
        place = self.folder / f"{len(self.asked)}"
        place.with_suffix(".tsq").write_bytes(question)
        words = ["ts", "-reply", "-config", f"{self.folder}/openssl.cnf"]
        openssl(*words, "-queryfile", f"{place}.tsq", "-out", f"{place}.tsr")
        return place.with_suffix(".tsr").read_bytes()


def openssl(*words: str) -> str:
    done = subprocess.run(["openssl", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"openssl {words[0]}: {done.stdout}{done.stderr}"
    return done.stdout


def verifies(data: Path, answer: Path, root: Path) -> bool:
    """By OpenSSL, with the very command that the trust page shows."""
    words = ["-verify", "-data", str(data), "-in", str(answer), "-CAfile", str(root)]
    done = subprocess.run(["openssl", "ts", *words], capture_output=True, text=True, check=False)
    return done.returncode == 0 and "Verification: OK" in done.stdout + done.stderr


class Handler(BaseHTTPRequestHandler):
    def __init__(self, *words: object, tsa: Tsa) -> None:
        self.tsa = tsa
        super().__init__(*words)  # type: ignore[arg-type]

    def do_POST(self) -> None:
        assert self.headers["Content-Type"] == "application/timestamp-query"
        body = self.tsa.reply(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        pass


@contextmanager
def serving(handler: object) -> Iterator[str]:
    """Its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)  # type: ignore[arg-type]
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tsr"
    finally:
        server.shutdown()
        server.server_close()


def answering(tsa: Tsa) -> object:
    return partial(Handler, tsa=tsa)
