"""The witness sees a real front behind real TLS as a visitor does, and says what is wrong."""

import json
import socket
import ssl
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from ipaddress import IPv4Address
from pathlib import Path
from threading import Thread

import click
import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tests.unit.witness.conftest import ANN, KEY, Kept

from edges.tls_server import TlsServer
from standfast.cli import standfast
from standfast.cli.sightings import Front, Looking, answers, front_of, in_a_thread
from standfast.core.clock import SystemClock
from standfast.core.errors import ConfigError, Unreachable
from standfast.mechanisms.witness.diary import Diary
from standfast.mechanisms.witness.sighting import DISTRUST, DOWN, Ports, Sighting
from standfast.proofs.vantage.scan import Heard
from standfast.proofs.vantage.syn import Answer, Asker


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANDFAST_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def certificate(folder: Path, until: timedelta = timedelta(hours=1)) -> Path:
    """A certificate for 127.0.0.1 that has signed itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a front")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + until)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(exist_ok=True)
    path = folder / "front.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))
    return path


class Page(BaseHTTPRequestHandler):
    """A front, with a log below it; `status` is of all else."""

    log = Path("/nowhere")
    status = 200

    def do_GET(self) -> None:
        path = self.log / self.path.removeprefix("/trust/log/")
        found = self.path.startswith("/trust/log/") and path.is_file()
        body = path.read_bytes() if found else b"hello"
        missing = self.path.startswith("/trust/") and not found
        self.send_response(404 if missing else 200 if found else self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def serving(pem: Path, *, log: Path = Path("/nowhere"), status: int = 200) -> Iterator[int]:
    handler = type("Handler", (Page,), {"log": log, "status": status})
    server = TlsServer(("127.0.0.1", 0), handler)
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.context.load_cert_chain(pem)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Seen:
    looking: Looking
    said: list[Sighting]
    rung: list[Sighting]

    def turn(self) -> Sighting:
        (found,) = self.looking.turn()
        return found


def looking(folder: Path, port: int, authority: Path | None) -> Seen:
    said: list[Sighting] = []
    rung: list[Sighting] = []

    def ring(each: Sighting) -> bool:
        rung.append(each)
        return True

    made = Looking(
        front=Front(host="127.0.0.1", port=port, authority=authority),
        diary=Diary(folder=folder / "diary", signer=ANN),
        clock=SystemClock(),
        scans=False,
        say=said.append,
        ring=ring,
    )
    return Seen(looking=made, said=said, rung=rung)


def test_a_front_that_is_well_is_seen_and_written_down(tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    with serving(pem) as port:
        seen = looking(tmp_path, port, pem)
        found = seen.turn()
    shown = x509.load_pem_x509_certificate(pem.read_bytes())
    assert (found.trouble, found.status, found.protocol) == ("", 200, "TLSv1.3")
    assert found.fingerprint == shown.fingerprint(hashes.SHA256()).hex()
    assert (seen.said, seen.rung) == ([found], [])
    told = seen.looking.diary.told()
    assert (told.sightings, told.good, told.complaints) == (1, 1, ())


@pytest.mark.parametrize("why", ["a stranger's certificate", "an expired one"])
def test_a_certificate_that_is_not_believed_rings_once(tmp_path: Path, why: str) -> None:
    expired = why == "an expired one"
    pem = certificate(tmp_path, until=-timedelta(days=1) if expired else timedelta(days=1))
    with serving(pem) as port:
        seen = looking(tmp_path, port, pem if expired else None)
        found = seen.turn()
        seen.turn()
    assert found.trouble == DISTRUST
    assert ("expired" if expired else "self-signed") in found.doubt
    assert found.fingerprint
    assert seen.rung == [found]
    assert seen.looking.diary.told().good == 0


def test_a_front_that_fails_or_is_gone_is_down_and_rings_when_it_lasts(tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    with serving(pem, status=503) as port:
        seen = looking(tmp_path, port, pem)
        assert seen.turn().words.endswith("it answers 503")
    gone = seen.turn()
    assert gone.trouble == DOWN
    assert f"nobody answers at port {port}" in gone.problem
    assert seen.rung == []
    long_ago = gone.at - timedelta(hours=1)
    watch = seen.looking.watches["127.0.0.1"]
    seen.looking.watches["127.0.0.1"] = type(watch)(trouble=DOWN, since=long_ago)
    seen.turn()
    assert len(seen.rung) == 1


def test_a_program_that_speaks_no_tls_is_not_a_front(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def hang_up() -> None:
            while True:
                try:
                    plain, _ = server.accept()
                except OSError:
                    return
                plain.sendall(b"220 mail\r\n")
                plain.close()

        Thread(target=hang_up, daemon=True).start()
        found = looking(tmp_path, server.getsockname()[1], None).turn()
    assert found.trouble


def test_a_name_that_leads_nowhere_is_down(tmp_path: Path) -> None:
    seen = looking(tmp_path, 443, None)

    def find(host: str) -> list[IPv4Address]:
        raise Unreachable(f"{host} has no IPv4 address")

    seen.looking.find = find
    found = seen.turn()
    assert (found.trouble, found.address) == (DOWN, "")
    assert found.words == "DOWN: 127.0.0.1 (no address): 127.0.0.1 has no IPv4 address"


def test_every_address_is_looked_at_and_watched_by_itself(tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    with serving(pem) as port:
        seen = looking(tmp_path, port, pem)
        seen.looking.find = lambda _: [IPv4Address("127.0.0.1"), IPv4Address("127.0.0.2")]
        first, second = seen.looking.turn()
    assert (first.address, first.trouble) == ("127.0.0.1", "")
    assert (second.address, second.trouble) == ("127.0.0.2", DOWN)
    assert set(seen.looking.watches) == {"127.0.0.1", "127.0.0.2"}


def test_what_a_scan_heard_is_ports() -> None:
    place = IPv4Address("203.0.113.7")
    asker = Asker(source=place, target=place, port=40000, secret=b"x" * 16)
    heard = Heard(asker=asker, answers={443: Answer.OPEN, 25: Answer.REFUSED}, udp={53})
    assert answers(heard) == Ports(open=(443,), refused=(25,), udp=(53,))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_it_looks_again_and_again_beside_all_else(tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    with serving(pem) as port:
        seen = looking(tmp_path, port, pem)
        thread = in_a_thread(seen.looking, 0.01)
        deadline = time.monotonic() + 10
        while len(seen.said) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert thread.is_alive()
    assert len(seen.said) >= 3
    seen.looking.find = lambda _: sys.exit()
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("address", "front"),
    [
        ("https://shop.example/trust/log", Front(host="shop.example", port=443, authority=None)),
        ("https://127.0.0.1:8443/trust/log", Front(host="127.0.0.1", port=8443, authority=None)),
    ],
)
def test_the_front_is_where_the_log_is(address: str, front: Front) -> None:
    assert front_of(address, None) == front


@pytest.mark.parametrize("address", ["/a/folder", "https://shop.example:port/trust/log"])
def test_what_has_no_front_is_refused(address: str) -> None:
    with pytest.raises(ConfigError):
        front_of(address, None)


def once(*words: str) -> Result:
    return CliRunner().invoke(
        standfast, ["witness", *words], standalone_mode=False, catch_exceptions=False
    )


def test_one_command_watches_the_record_and_the_front(tmp_path: Path) -> None:
    log = Kept(tmp_path / "log")
    log.grow(3)
    pem = certificate(tmp_path)
    with serving(pem, log=log.folder) as port:
        site = ("--url", f"https://127.0.0.1:{port}/", "--ca-file", str(pem), "--once")
        done = once(*site, "--key", KEY.vkey, "--look", "--json")
        assert done.return_value == 0
        record, front = map(json.loads, done.stdout.splitlines())
        assert (record["size"], front["front"]["status"]) == (3, 200)
        assert once(*site, "--look").return_value == 0
        history = once(*site, "--history")
        assert history.return_value == 0
        assert history.stdout.startswith("2 looks at the front from ")
        assert json.loads(once(*site, "--history", "--json").stdout)["good"] == 2
    with serving(pem, log=log.folder, status=500) as port:
        site = ("--url", f"https://127.0.0.1:{port}/", "--ca-file", str(pem), "--once")
        done = once(*site, "--look", "--key", KEY.vkey)
        assert done.return_value == 1
        assert "cosigned 3 entries" in done.stdout
        assert "DOWN: 127.0.0.1 (127.0.0.1): it answers 500" in done.stderr
        (diary,) = (tmp_path / "state").rglob("sightings-*.jsonl")
        diary.write_bytes(diary.read_bytes().partition(b"\n")[2])
        history = once(*site, "--history")
        assert history.return_value == 1
        assert "line 1: a line before it is missing" in history.stderr


def test_what_cannot_be_looked_at_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--look: .* has no front"):
        once("--url", str(tmp_path), "--key", KEY.vkey, "--look")
    with pytest.raises(click.UsageError, match="goes with --look"):
        once("--url", str(tmp_path), "--key", KEY.vkey, "--scan")
