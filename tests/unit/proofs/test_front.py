"""The front is looked at from outside: a real HAProxy with the configuration of a real edge."""

import socket
import ssl
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from tests.unit.edge_here import asking, edge_here, free_port
from tests.unit.keys.issuing import NOON, Signer, World, issue, rsa_key

from standfast.evidence.statement import ShownCertificate
from standfast.mechanisms.edge.plan import FAULTY
from standfast.proofs.drills import front_ciphers
from standfast.proofs.drills.certificate_verifiable import Met, figures, judged, stand_ins, told
from standfast.proofs.drills.doors import Door, doors
from standfast.proofs.vantage.front import Front, look
from standfast.proofs.vantage.hello import (
    CONTROLS,
    SSL_3_0,
    TLS_1_2,
    TLS_1_3,
    WEAK,
    Offer,
    Taken,
    hello,
    taken,
)

NAME = "shop.example"
DOOR = Door(name=NAME, address="127.0.0.1")
Edge = Callable[..., AbstractContextManager[int]]
"""Of the fault that is planted in it; its port."""


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As on a machine: a certificate, its key beside it, and who has signed it."""
    folder = tmp_path_factory.mktemp("pki")
    world, yesterday = World.make(now=now()), now() - timedelta(days=1)
    own = issue(NAME, by=world.root, dns=[NAME], starts=yesterday)
    ending = issue(NAME, by=world.root, dns=[NAME], starts=yesterday, days=10)
    for name, signer in (("cert.pem", own), ("ending.pem", ending)):
        (folder / name).write_bytes(signer.pem)
        (folder / f"{name}.key").write_bytes(signer.key_pem)
    (folder / "ca.pem").write_bytes(world.root.pem)
    return folder


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def edge(pki: Path, tmp_path: Path) -> Edge:
    @contextmanager
    def started(fault: str = "") -> Iterator[int]:
        with edge_here(pki, tmp_path, asking(), fault=fault) as ports:
            yield ports.https

    return started


def seen(port: int, pki: Path, name: str = NAME) -> Front:
    authority = str(pki / "ca.pem")
    door = {"name": name, "address": "127.0.0.1", "port": port, "authority": authority}
    return look({**door, "random": 32 * "7f"})


def test_an_edge_takes_nothing_but_aes_gcm_and_is_believed(edge: Edge, pki: Path) -> None:
    with edge() as port:
        front = seen(port, pki)
    assert (front.problem, front.distrust, front.weak) == ("", "", ())
    assert front.version == "TLSv1.3"
    assert {"AES", "GCM"} <= set(front.cipher.replace("AES_", "AES ").replace("_", " ").split())
    shown = x509.load_der_x509_certificate(b64decode(front.certificate))
    assert shown == x509.load_pem_x509_certificate((pki / "cert.pem").read_bytes())
    measured = front_ciphers.figures([(DOOR, front)])
    assert measured == {
        "weak_offers": 0,
        "unencrypted_doors": 0,
        "unchecked_doors": 0,
        "doors": 1,
    }


def test_the_planted_weak_suite_is_found(edge: Edge, pki: Path) -> None:
    with edge("weak-suite") as port:
        front = seen(port, pki)
    assert front.weak == ("TLS 1.2 with suite 0xc009",)
    assert front_ciphers.figures([(DOOR, front)])["weak_offers"] == 1
    assert f"{DOOR.words} takes TLS 1.2 with suite 0xc009" in front_ciphers.told(
        [(DOOR, front)], front_ciphers.figures([(DOOR, front)])
    )


def test_the_planted_certificate_that_ends_is_shown(edge: Edge, pki: Path) -> None:
    with edge("ending-certificate") as port:
        front = seen(port, pki)
    assert front.distrust == ""
    measured = figures(judge(front, said=[]))
    assert measured["ending_certificates"] == measured["unlike_certificates"] == 1
    assert measured["unverifiable_certificates"] == 0
    assert 8.5 < measured["days_left"] < 9.1


def test_another_name_is_not_believed_and_its_certificate_is_looked_at_all_the_same(
    edge: Edge, pki: Path
) -> None:
    with edge() as port:
        front = seen(port, pki, "other.example")
    assert "not valid for 'other.example'" in front.distrust
    assert front.certificate
    assert figures(judge(front, said=[]))["unverifiable_certificates"] == 1


def test_every_planted_fault_of_the_edge_is_declared() -> None:
    assert {"weak-suite", "ending-certificate", "blind-edge"} == set(FAULTY)


def test_a_door_that_is_shut_or_speaks_no_tls_is_not_checked_and_not_called_good(
    pki: Path,
) -> None:
    shut = seen(free_port(), pki)
    assert "refused" in shut.problem
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=babble, args=(listener,), daemon=True).start()
        plain = seen(listener.getsockname()[1], pki)
    assert plain.problem
    for front in (shut, plain):
        assert front_ciphers.figures([(DOOR, front)])["unchecked_doors"] == 1
        assert figures(judge(front, said=[]))["unchecked_doors"] == 1


def babble(listener: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"220 welcome\r\n")


def test_a_library_that_takes_chacha_and_cbc_is_seen_to(pki: Path) -> None:
    """By OpenSSL itself, with its own defaults."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki / "cert.pem", pki / "cert.pem.key")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=shaking, args=(listener, context), daemon=True).start()
        front = seen(listener.getsockname()[1], pki)
    assert front.problem == ""
    assert [each.split(" with ")[0] for each in front.weak] == ["TLS 1.3", "TLS 1.2"]


def shaking(listener: socket.socket, context: ssl.SSLContext) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with suppress(OSError), connection:
                context.wrap_socket(connection, server_side=True).close()


def judge(
    front: Front,
    *,
    said: Sequence[ShownCertificate],
    authorities: tuple[x509.Certificate, ...] = (),
    door: Door = DOOR,
) -> list[Met]:
    return [judged(door, front, said=said, authorities=authorities, now=now())]


def as_seen(signer: Signer) -> Front:
    der = signer.certificate.public_bytes(Encoding.DER)
    return Front(certificate=b64encode(der).decode(), version="TLSv1.3", cipher="AES128-GCM")


def on_page(signer: Signer, **changes: object) -> ShownCertificate:
    return ShownCertificate(
        names=(NAME,),
        addresses=("127.0.0.1",),
        issuer="Root",
        serial="01",
        sha256=signer.certificate.fingerprint(hashes.SHA256()).hex(),
        key="P-256",
        valid_from=NOON,
        valid_until=NOON,
    ).model_copy(update=changes)


@pytest.fixture(scope="module")
def world() -> World:
    return World.make(now=now())


def lasting(world: World, days: float, **more: Any) -> Signer:
    return issue(NAME, by=world.root, dns=[NAME], starts=now(), days=days, **more)


def test_what_the_page_names_for_that_name_and_address_is_good(world: World) -> None:
    signer = lasting(world, 90)
    good = judge(as_seen(signer), said=[on_page(signer)])
    assert set(figures(good).values()) == {0, 1, 90}
    assert "named on the page; the first one ends in 90 days" in told(good, figures(good))[0]
    for wrong in (
        on_page(signer, names=("www.shop.example",)),
        on_page(signer, addresses=("127.0.0.2",)),
        on_page(signer, sha256="ab" * 32),
    ):
        found = judge(as_seen(signer), said=[wrong])
        assert figures(found)["unlike_certificates"] == 1
        assert "which the page does not name for it" in told(found, figures(found))[1]


@pytest.mark.parametrize(("days", "ending"), [(14.01, 0), (13.99, 1), (-1, 1)])
def test_fourteen_days_are_the_least(world: World, days: float, ending: int) -> None:
    signer = issue(NAME, by=world.root, dns=[NAME], starts=now() - timedelta(days=5), days=5 + days)
    found = judge(as_seen(signer), said=[on_page(signer)])
    assert figures(found)["ending_certificates"] == ending


def test_a_short_key_is_weak(world: World) -> None:
    signer = lasting(world, 90, key=rsa_key(1024))
    found = judge(as_seen(signer), said=[on_page(signer)])
    assert figures(found)["weak_certificates"] == 1
    signer = lasting(world, 90, key=rsa_key(2048))
    found = judge(as_seen(signer), said=[on_page(signer)])
    assert figures(found)["weak_certificates"] == 0


def test_the_site_s_own_authority_is_a_stand_in(world: World) -> None:
    signer = lasting(world, 90)
    said = [on_page(signer)]
    own = judge(as_seen(signer), said=said, authorities=(world.root.certificate,))
    assert stand_ins(own) == (
        "the site’s own authority has signed for shop.example, and no public one",
    )
    assert stand_ins(judge(as_seen(signer), said=said)) == ()


def test_every_name_is_asked_for_at_every_edge_and_addresses_where_there_is_no_name() -> None:
    assert [each.words for each in doors(("a", "b"), ("1", "2"))] == [
        "a at 1",
        "a at 2",
        "b at 1",
        "b at 2",
    ]
    assert [each.words for each in doors((), ("1", "2"))] == ["1", "2"]


def test_a_hello_is_one_record_that_names_whom_it_asks_for() -> None:
    said = hello(Offer(version=TLS_1_2, suites=(0x0005,)), NAME, bytes(32))
    assert said[:3] == b"\x16\x03\x01"
    assert int.from_bytes(said[3:5], "big") == len(said) - 5
    assert NAME.encode() in said
    assert NAME.encode() not in hello(Offer(version=SSL_3_0, suites=(5,)), NAME, bytes(32))
    assert not {suite for each in CONTROLS for suite in each.suites} & {
        suite for each in WEAK for suite in each.suites
    }


def test_an_answer_says_which_version_and_suite_were_taken() -> None:
    body = b"\x03\x03" + bytes(32) + b"\0" + b"\x13\x03" + b"\0"
    assert taken(answer(body)) == Taken(version=TLS_1_2, suite=0x1303)
    of_1_3 = body + b"\x00\x06" + b"\x00\x2b\x00\x02\x03\x04"
    assert taken(answer(of_1_3)) == Taken(version=TLS_1_3, suite=0x1303)
    assert taken(b"") is None
    assert taken(b"\x15\x03\x03\x00\x02\x02\x28") is None
    with pytest.raises(ValueError, match="no answer of TLS"):
        taken(b"220 welcome\r\n")


def answer(body: bytes) -> bytes:
    return b"\x16\x03\x03\x00\x00\x02" + len(body).to_bytes(3, "big") + body
