"""The server is a real one of the standard library, on a port of this computer's own."""

import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from standfast.core.errors import CannotVerify, ConfigError, Unreachable
from standfast.evidence.transport import (
    OBJECT_LIMIT_BYTES,
    FolderTransport,
    HttpsTransport,
    Missing,
)
from standfast.evidence.verify import verify


class Server:
    def __init__(self, folder, files):
        handler = type("Handler", (Handler,), {"files": files, "peers": []})
        self.peers = handler.peers
        self.files = files
        self.ca_file = folder / "ca.pem"
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate(self.ca_file))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_port}/evidence/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def stop(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5

    def do_GET(self):
        self.peers.append(self.client_address)
        answer = self.files.get(self.path.removeprefix("/evidence/"), 404)
        status, body = (answer, b"") if isinstance(answer, int) else (200, answer)
        if isinstance(answer, tuple):
            status, body = answer
        if status == 0:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.path.endswith("closing")

    def log_message(self, *_):
        pass


def certificate(path):
    """A certificate that is its own authority, and its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def server(tmp_path):
    running = Server(tmp_path, {"checkpoint": b"signed", "closing": b"once", "silent": 0})
    yield running
    running.stop()


@pytest.fixture(params=["folder", "https"])
def transport(request, tmp_path):
    """Both transports over the same files: they keep the same contract."""
    files = {"checkpoint": b"signed", "tile/0/000": bytes(64), "long": b"x" * 17_000_000}
    if request.param == "folder":
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content)
        yield FolderTransport(tmp_path)
        return
    running = Server(tmp_path, files)
    yield HttpsTransport(running.url, running.ca_file)
    running.stop()


def test_a_file_comes_as_it_is(transport):
    assert transport.fetch("checkpoint") == b"signed"
    assert transport.fetch("tile/0/000") == bytes(64)


def test_a_file_that_is_not_there_is_missing(transport):
    for path in ("nothing", "tile/0/001.p/3", "checkpoint/below"):
        with pytest.raises(Missing, match=f"no {path}"):
            transport.fetch(path)
    assert transport.fetch("checkpoint") == b"signed"


def test_a_file_longer_than_any_of_a_log_is_refused_and_the_next_one_comes(transport):
    assert OBJECT_LIMIT_BYTES < 17_000_000
    with pytest.raises(CannotVerify, match="longer than any file"):
        transport.fetch("long")
    assert transport.fetch("checkpoint") == b"signed"


def test_a_folder_in_the_place_of_a_file_cannot_be_read(tmp_path):
    (tmp_path / "checkpoint").mkdir()
    with pytest.raises(Unreachable, match="cannot be read"):
        FolderTransport(tmp_path).fetch("checkpoint")


def test_all_files_come_over_one_connection(server):
    transport = HttpsTransport(server.url, server.ca_file)
    for _ in range(5):
        transport.fetch("checkpoint")
    assert len(set(server.peers)) == 1


def test_a_connection_that_the_server_closed_is_opened_again(server):
    transport = HttpsTransport(server.url, server.ca_file)
    for path in ("closing", "closing", "checkpoint"):
        assert transport.fetch(path) == server.files[path]


def test_a_server_that_hangs_up_twice_is_unreachable(server):
    with pytest.raises(Unreachable, match="did not answer"):
        HttpsTransport(server.url, server.ca_file).fetch("silent")


@pytest.mark.parametrize("status", [301, 403, 500, 503])
def test_an_answer_that_is_neither_yes_nor_no_is_unreachable(server, status):
    server.files["odd"] = status
    with pytest.raises(Unreachable, match=f"answered {status} for odd"):
        HttpsTransport(server.url, server.ca_file).fetch("odd")


def test_a_certificate_that_nobody_vouches_for_is_refused(server):
    with pytest.raises(Unreachable, match=r"did not answer: .*certificate"):
        HttpsTransport(server.url).fetch("checkpoint")


def test_a_server_that_has_gone_is_unreachable(server):
    transport = HttpsTransport(server.url, server.ca_file)
    transport._host = "gone"
    transport._connection.port = 1
    with pytest.raises(Unreachable, match="gone did not answer"):
        transport.fetch("checkpoint")


@pytest.mark.parametrize("url", ["http://example.test/", "example.test", "file:///etc", "https://"])
def test_only_an_https_address_leads_to_a_log(url):
    with pytest.raises(ConfigError, match="not the https address"):
        HttpsTransport(url)


def test_a_file_without_certificates_is_refused(tmp_path):
    empty = tmp_path / "empty.pem"
    empty.write_bytes(b"")
    for path in (empty, tmp_path / "absent.pem"):
        with pytest.raises(ConfigError, match="holds no certificates"):
            HttpsTransport("https://example.test/", path)


def test_a_log_is_verified_over_the_network(server, tmp_path, kept, open_log, hour):
    open_log(tmp_path / "log").append(kept.leaves())
    for each in (tmp_path / "log").rglob("*"):
        if each.is_file():
            server.files[str(each.relative_to(tmp_path / "log"))] = each.read_bytes()
    found = verify(HttpsTransport(server.url, server.ca_file), kept.vkey, now=hour(2), pinned=None)
    assert found.complaints == ()
    assert [str(each.state) for each in found.states] == ["kept"]


def test_a_store_that_refuses_what_it_does_not_have_misses_it(server):
    """S3 does, to whoever may not list. Any other refusal is one."""
    server.files["tile/0/000"] = (403, b"<Error><Code>AccessDenied</Code></Error>")
    server.files["tile/0/001"] = (403, b"<html>no</html>")
    transport = HttpsTransport(server.url, server.ca_file)
    with pytest.raises(Missing, match="no tile/0/000"):
        transport.fetch("tile/0/000")
    with pytest.raises(Unreachable, match="answered 403"):
        transport.fetch("tile/0/001")
