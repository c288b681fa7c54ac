"""A certificate is issued by a real ACME server, which validates it at a real edge."""

import json
import os
import subprocess
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from tests.unit.edge_here import asking, edge_here, free_port, wait_for

from standfast.core.clock import SystemClock
from standfast.core.command import Command, Result
from standfast.core.errors import Refused, StandfastError, Unreachable
from standfast.mechanisms.edge.acme import AcmeAsk
from standfast.mechanisms.keys.authority import Subject, make, private_pem, signed
from standfast.mechanisms.keys.certificates import account, read
from standfast.mechanisms.keys.certificates.acme import jws
from standfast.mechanisms.keys.certificates.acme.due import due
from standfast.mechanisms.keys.certificates.acme.renew import (
    Https,
    Renewal,
    must_be_ours,
    opened,
    private,
)

from .issuing import NOON, World, issue

NAME, OTHER = "shop.example", "www.shop.example"
NOT_HERE = "elsewhere.example"


@dataclass(slots=True)
class Noting:
    """In the place of systemd: what it is told, and whether it can do it."""

    told: list[tuple[str, ...]] = field(default_factory=list)
    fails: bool = False

    def run(self, command: Command, *, check: bool = True) -> Result:
        self.told.append(command.argv)
        if self.fails:
            raise StandfastError("systemd is not there")
        return Result(status=0, stdout=b"", stderr=b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An edge's files."""

    folder: Path

    @property
    def live(self) -> Path:
        return self.folder / "live"

    def make(self) -> "Place":
        self.live.mkdir()
        now = datetime.now(UTC)
        own = make("demo", now)
        key = ec.generate_private_key(ec.SECP256R1())
        mine = signed(own, Subject(name="demo"), key.public_key(), now)
        (self.folder / "cert.pem").write_bytes(read.written((mine,)).encode())
        (self.folder / "cert.pem.key").write_bytes(private_pem(key))
        (self.folder / "ca.pem").write_bytes(own.pem)
        (self.folder / "account.pem").write_bytes(account.made().encode())
        return self

    @property
    def thumbprint(self) -> str:
        return account.thumbprint((self.folder / "account.pem").read_bytes())

    def renewal(self, directory: str, authority: Path, *names: str) -> Renewal:
        return Renewal(
            directory=directory,
            contact="mailto:operations@shop.example",
            names=names,
            authority=str(authority),
            account=self.folder / "account.pem",
            key=self.folder / "cert.pem.key",
            live=self.live / "acme.pem",
            chain=self.folder / "chain.pem",
            unit="haproxy.service",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    directory: str
    authority: Path
    management: str

    @property
    def root(self) -> x509.Certificate:
        asked = Https(authority=str(self.authority)).ask(f"{self.management}/roots/0", None)
        return read.chain(asked.body, "root")[0]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(folder=tmp_path).make()


@contextmanager
def running(*words: str, port: int, **environment: str) -> Iterator[None]:
    process = subprocess.Popen(
        words,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        yield
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def pebble(place: Place, tmp_path: Path) -> Iterator[Server]:
    """Names lead to 127.0.0.1, where the edge answers; a fifth of all nonces is refused."""
    listen, manage, dns, dns_manage = (free_port() for _ in range(4))
    now = datetime.now(UTC)
    own = make("pebble", now)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = Subject(name="localhost", addresses=(IPv4Address("127.0.0.1"),))
    mine = signed(own, subject, key.public_key(), now)
    folder = tmp_path / "pebble"
    folder.mkdir()
    (folder / "cert.pem").write_text(read.written((mine,)))
    (folder / "key.pem").write_bytes(private_pem(key))
    (folder / "ca.pem").write_bytes(own.pem)
    ask = asking(
        AcmeAsk(directory="", contact="", names=(NAME,), account=b"", thumbprint=place.thumbprint)
    )
    with ExitStack() as stack:
        edge = stack.enter_context(edge_here(place.folder, tmp_path, ask, live=place.live))
        settings = {
            "listenAddress": f"127.0.0.1:{listen}",
            "managementListenAddress": f"127.0.0.1:{manage}",
            "certificate": str(folder / "cert.pem"),
            "privateKey": str(folder / "key.pem"),
            "httpPort": edge.http,
            "tlsPort": edge.https,
        }
        (folder / "pebble.json").write_text(json.dumps({"pebble": settings}))
        names = ("-defaultIPv4", "127.0.0.1", "-defaultIPv6", "")
        off = ("-http01", "", "-https01", "", "-tlsalpn01", "")
        places = ("-dns01", f"127.0.0.1:{dns}", "-management", f"127.0.0.1:{dns_manage}")
        stack.enter_context(running("pebble-challtestsrv", *names, *off, *places, port=dns_manage))
        stack.enter_context(
            running(
                *("pebble", "-config", str(folder / "pebble.json")),
                *("-dnsserver", f"127.0.0.1:{dns}"),
                port=listen,
                PEBBLE_VA_NOSLEEP="1",
                PEBBLE_WFE_NONCEREJECT="20",
            )
        )
        yield Server(
            directory=f"https://127.0.0.1:{listen}/dir",
            authority=folder / "ca.pem",
            management=f"https://127.0.0.1:{manage}",
        )


def run(renewal: Renewal, systemd: Noting, now: datetime | None = None) -> str:
    clock = SystemClock()
    return renewal.run(opened(renewal, clock), systemd, now or clock.now())


def test_a_certificate_is_issued_for_the_machines_own_key_and_once(
    pebble: Server, place: Place
) -> None:
    renewal, systemd = place.renewal(pebble.directory, pebble.authority, NAME, OTHER), Noting()
    assert run(renewal, systemd) == "issued, because there is none yet"
    own, between = read.chain(renewal.chain.read_bytes(), "chain")
    key = private(renewal.key)
    assert own.public_key() == key.public_key()
    must_be_ours(renewal.chain.read_bytes(), key, (NAME, OTHER), datetime.now(UTC))
    assert renewal.live.read_bytes() == renewal.chain.read_bytes() + renewal.key.read_bytes()
    assert renewal.live.stat().st_mode & 0o777 == 0o600
    assert systemd.told == [("systemctl", "reload-or-restart", "haproxy.service")]
    between.verify_directly_issued_by(pebble.root)

    assert run(renewal, systemd) == "nothing is due"
    later = own.not_valid_after_utc - (own.not_valid_after_utc - own.not_valid_before_utc) / 4
    assert "less than a third of its life is left" in run(renewal, systemd, later)
    assert read.chain(renewal.chain.read_bytes(), "chain")[0] != own
    assert len(systemd.told) == 2


def test_a_name_that_leads_elsewhere_is_refused_in_the_servers_words(
    pebble: Server, place: Place
) -> None:
    stranger = Place(folder=place.folder / "stranger")
    stranger.folder.mkdir()
    stranger.make()  # another account: the edge answers with ours
    renewal = stranger.renewal(pebble.directory, pebble.authority, NOT_HERE)
    with pytest.raises(Refused, match=f"calls {NOT_HERE} invalid: .*key authorization"):
        run(renewal, Noting())
    assert not renewal.live.exists()


def test_killed_before_the_reload_was_told_the_next_run_does_it_again(
    pebble: Server, place: Place
) -> None:
    renewal = place.renewal(pebble.directory, pebble.authority, NAME)
    with pytest.raises(StandfastError, match="systemd"):
        run(renewal, Noting(fails=True))
    systemd = Noting()
    assert run(renewal, systemd) == "issued, because there is none yet"
    assert len(systemd.told) == 1


def test_a_server_that_is_away_or_is_none_leaves_everything_as_it_is(place: Place) -> None:
    away = place.renewal(f"https://127.0.0.1:{free_port()}/dir", place.folder / "ca.pem", NAME)
    (place.folder / "chain.pem").write_text("old")
    with pytest.raises(Unreachable, match="does not answer"):
        run(away, Noting())
    assert (place.folder / "chain.pem").read_text() == "old"
    assert not away.live.exists()


@pytest.mark.parametrize(
    ("left", "why"),
    [(31, ""), (29, "less than a third"), (-1, "less than a third")],
)
def test_it_is_due_when_a_third_of_its_life_is_left(left: float, why: str) -> None:
    own = issue(NAME, dns=[NAME], starts=NOON - timedelta(days=90 - left), days=90).certificate
    assert why in due(own, [NAME], NOON)
    assert bool(why) == bool(due(own, [NAME], NOON))


def test_it_is_due_when_there_is_none_or_a_name_has_been_added() -> None:
    own = issue(NAME, dns=[NAME]).certificate
    assert due(None, [NAME], NOON) == "there is none yet"
    assert due(own, [NAME, OTHER], NOON) == f"it is not for {OTHER}"


def test_what_is_issued_for_another_name_is_not_put_in_place() -> None:
    world = World.make()
    own = issue(NOT_HERE, by=world.root, dns=[NOT_HERE])
    assert isinstance(own.key, ec.EllipticCurvePrivateKey)
    with pytest.raises(Refused, match=f"is for {NOT_HERE}"):
        must_be_ours(own.pem, own.key, (NAME,), NOON)


def test_a_signed_request_is_what_rfc_7515_says() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    said: dict[str, Any] = json.loads(
        jws.signed(key, {"a": 1}, url="https://ca.example/x", nonce="n", account="")
    )
    header = json.loads(decoded(said["protected"]))
    assert header["jwk"] == jws.public(key)
    assert (header["alg"], header["nonce"], header["url"]) == ("ES256", "n", "https://ca.example/x")
    both = decoded(said["signature"])
    numbers = int.from_bytes(both[:32], "big"), int.from_bytes(both[32:], "big")
    text = f"{said['protected']}.{said['payload']}".encode()
    key.public_key().verify(encode_dss_signature(*numbers), text, ec.ECDSA(SHA256()))
    read_only = json.loads(jws.signed(key, None, url="u", nonce="n", account="https://ca/1"))
    assert read_only["payload"] == ""
    assert "jwk" not in json.loads(decoded(read_only["protected"]))


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
