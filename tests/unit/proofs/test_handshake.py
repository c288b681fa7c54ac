"""Three knocks at real doors: closed as they must be, and open in every way that is a fault."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from standfast.mechanisms.hosts.tls import Identity
from standfast.mechanisms.keys.authority import Authority, Subject, common_name, make, private_pem
from standfast.proofs.drills.handshake import SSL_REQUEST, Finding, greeting, knock

PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Issues identities as a site's own authority does, each in a folder of its own."""

    folder: Path
    authority: Authority

    @classmethod
    def open(cls, folder: Path) -> "Office":
        folder.mkdir()
        now = datetime.now(UTC)
        return cls(folder=folder, authority=make("test", now))

    def identity(self, name: str) -> Identity:
        made = Identity.in_folder(self.folder / name)
        if made.cert.exists():
            return made
        made.cert.parent.mkdir()
        key = ec.generate_private_key(ec.SECP256R1())
        request = (
            x509.CertificateSigningRequestBuilder()
            .subject_name(common_name(name))
            .sign(key, hashes.SHA256())
            .public_bytes(serialization.Encoding.PEM)
        )
        made.key.write_bytes(private_pem(key))
        issued = self.authority.issue(request, Subject(name=name), now=datetime.now(UTC))
        made.cert.write_bytes(issued)
        made.ca.write_bytes(self.authority.pem)
        return made


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office.open(tmp_path_factory.mktemp("office") / "ours")


def context(office: Office, *, strangers: bool, ciphers: str = "") -> ssl.SSLContext:
    mine = office.identity("db-1")
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(mine.cert, mine.key)
    made.load_verify_locations(mine.ca)
    made.verify_mode = ssl.CERT_OPTIONAL if strangers else ssl.CERT_REQUIRED
    if ciphers:
        made.maximum_version = ssl.TLSVersion.TLSv1_2
        made.set_ciphers(ciphers)
    return made


def web(stream: socket.socket) -> None:
    """Anybody who gets here is answered."""
    stream.recv(256)
    stream.sendall(b"HTTP/1.1 200 OK\r\n\r\n")


def tls(made: ssl.SSLContext) -> Callable[[socket.socket], None]:
    def answer(stream: socket.socket) -> None:
        with made.wrap_socket(stream, server_side=True) as secured:
            web(secured)

    return answer


def postgresql(made: ssl.SSLContext, *, careless: bool) -> Callable[[socket.socket], None]:
    """Asks after the handshake who somebody is, as PostgreSQL does. `careless`: in plain, too."""

    def greet(stream: socket.socket, known: bool) -> None:
        stream.recv(256)
        stream.sendall(b"R\0\0\0\x08\0\0\0\0" if known else b"E no entry in pg_hba.conf")

    def answer(stream: socket.socket) -> None:
        first = stream.recv(len(SSL_REQUEST))
        if first != SSL_REQUEST:
            stream.sendall(b"R\0\0\0\x08\0\0\0\0" if careless else b"E no encryption")
            return
        stream.sendall(b"S")
        with made.wrap_socket(stream, server_side=True) as secured:
            greet(secured, known=bool(secured.getpeercert()))

    return answer


@pytest.fixture
def door(office: Office) -> Iterator[Callable[..., Finding]]:
    """Open a door that answers as told, and knock at it."""
    listeners: list[socket.socket] = []

    def opened(answer: Callable[[socket.socket], None], speech: str = "tls") -> Finding:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def attend(stream: socket.socket) -> None:
            with stream, suppress(OSError):
                stream.settimeout(PATIENCE_S)
                answer(stream)

        def serve() -> None:
            with suppress(OSError):
                while True:
                    stream, _ = listener.accept()
                    threading.Thread(target=attend, args=(stream,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        return knock(asked(office, listener.getsockname()[1], speech), Path(identity(office)))

    yield opened
    for each in listeners:
        each.close()


def identity(office: Office) -> str:
    return str(office.identity("web-1").cert.parent)


def asked(office: Office, port: int, speech: str) -> dict[str, Any]:
    return {
        "machine": "db-1",
        "address": "127.0.0.1",
        "port": port,
        "speech": speech,
        "user": "timesheets",
        "database": "timesheets",
        "authority": str(office.identity("web-1").ca),
    }


def test_a_door_that_is_closed_as_it_must_be(office: Office, door: Any) -> None:
    found = door(tls(context(office, strangers=False)))
    assert "AES" in found.cipher
    assert "GCM" in found.cipher
    assert found == Finding(cipher=found.cipher, accepted=True, plain="", stranger="", problem="")


def test_a_door_that_asks_nobody_for_a_certificate(office: Office, door: Any) -> None:
    assert door(tls(context(office, strangers=True))).stranger == "HTTP/1.1 200 OK"


def test_a_door_that_answers_plain_text(door: Any) -> None:
    found = door(web)
    assert (found.cipher, found.accepted, found.plain) == ("", False, "HTTP/1.1 200 OK")


def test_a_refusal_in_plain_words_is_a_refusal(office: Office, door: Any) -> None:
    def go(stream: socket.socket) -> None:
        if stream.recv(1, socket.MSG_PEEK) == b"G":
            stream.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\nthis is an HTTPS server")
        else:
            tls(context(office, strangers=False))(stream)

    assert door(go).plain == ""


def test_another_cipher_is_named(office: Office, door: Any) -> None:
    found = door(tls(context(office, strangers=False, ciphers="ECDHE+CHACHA20")))
    assert "CHACHA20" in found.cipher


def test_a_stranger_with_a_certificate_of_another_authority_is_not_let_in(
    office: Office, door: Any, tmp_path: Path
) -> None:
    foreign = Office.open(tmp_path / "foreign").identity("db-1")
    made = context(office, strangers=False)
    made.load_cert_chain(foreign.cert, foreign.key)
    found = door(tls(made))
    assert (found.cipher, found.accepted) == ("", False)


def test_a_machine_that_is_not_there_is_a_problem_and_no_finding(office: Office) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    found = knock(asked(office, port, "tls"), Path(identity(office)))
    assert found.problem.startswith("ConnectionRefusedError")


@pytest.mark.parametrize("careless", [False, True])
def test_postgresql_is_asked_in_its_own_words(office: Office, door: Any, careless: bool) -> None:
    made = context(office, strangers=True)
    found = door(postgresql(made, careless=careless), "postgresql")
    assert found.accepted
    assert found.stranger == ""
    assert bool(found.plain) is careless


def test_who_only_receives_wal_says_so(office: Office) -> None:
    plain = {**asked(office, 5432, "postgresql"), "user": "wal_receiver"}
    said = greeting({**plain, "replication": True})
    assert b"\0user\0wal_receiver\0" in b"\0" + said[8:]
    assert said.endswith(b"\0replication\0true\0\0")
    assert b"replication" not in greeting(plain)
    assert struct.unpack("!I", said[:4]) == (len(said),)


def test_postgresqls_request_for_tls_is_that_of_its_manual() -> None:
    assert struct.unpack("!II", SSL_REQUEST) == (8, (1234 << 16) + 5679)
