"""The etcd that unit tests use and the real one, over mutual TLS, keep the same contract.

The only site test that imports the product: it is about a class of it. The program comes from the
image of made machines, so that no package of this computer starts a service.
"""

import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.unit.monitor.memory_store import MemoryStore

from standfast.core.errors import Unreachable
from standfast.mechanisms.hosts.tls import Identity, client_context
from standfast.mechanisms.keys.authority import Subject, make, private_pem, signed
from standfast.mechanisms.monitor.gateway import Change, Put, Unchanged
from standfast.mechanisms.monitor.store import EtcdStore, Store

from . import image
from .conftest import free_port

HERE = "127.0.0.1"
PREFIX = "/standfast/"
KEY, OTHER = f"{PREFIX}key", f"{PREFIX}other"
STARTS_WITHIN_S = 20


@dataclass
class RealEtcd:
    folder: Path
    address: str

    def identity(self, name: str) -> Identity:
        return Identity(
            cert=self.folder / f"{name}.pem",
            key=self.folder / f"{name}.key",
            ca=self.folder / "ca.pem",
        )

    def store(self, context: ssl.SSLContext | None = None) -> EtcdStore:
        chosen = context or client_context(self.identity("machine"))
        return EtcdStore([self.address], chosen, prefix=PREFIX)


@pytest.fixture(scope="module")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealEtcd]:
    folder = tmp_path_factory.mktemp("etcd")
    now = datetime.now(UTC)
    authority = make("test", now)
    (folder / "ca.pem").write_bytes(authority.pem)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = Subject(name="machine", addresses=(IPv4Address(HERE),))
    pem = signed(authority, subject, key.public_key(), now)
    (folder / "machine.pem").write_bytes(pem.public_bytes(serialization.Encoding.PEM))
    (folder / "machine.key").write_bytes(private_pem(key))
    made = RealEtcd(folder=folder, address=f"{HERE}:{free_port()}")
    peers = f"http://{HERE}:{free_port()}"
    program = image.base() / "usr/bin/etcd"
    process = subprocess.Popen(
        [
            *(program, "--data-dir", folder / "data", "--log-level", "error", "--logger", "zap"),
            *("--listen-client-urls", f"https://{made.address}"),
            *("--advertise-client-urls", f"https://{made.address}"),
            *("--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers),
            *("--initial-cluster", f"default={peers}", "--client-cert-auth"),
            *("--cert-file", folder / "machine.pem", "--key-file", folder / "machine.key"),
            *("--trusted-ca-file", folder / "ca.pem"),
        ],
        stdout=sys.stderr,
    )
    try:
        wait_for(made)
        yield made
    finally:
        process.kill()
        process.wait()


def wait_for(made: RealEtcd) -> None:
    end = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            made.store().read()
        except Unreachable:
            assert time.monotonic() < end
            time.sleep(0.1)
        else:
            return


@pytest.fixture(params=["memory", "etcd"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore(time.monotonic, prefix=PREFIX)
        return
    made: Store = request.getfixturevalue("etcd").store()
    yield made
    made.commit(Change(deletes=tuple(made.read())))


def put(store: Store, key: str, data: bytes, lease: int = 0) -> int:
    assert store.commit(Change(puts=(Put(key=key, data=data, lease=lease),)))
    return store.read()[key].modified


def test_a_key_is_read_as_it_was_put_with_its_revisions(store: Store) -> None:
    assert dict(store.read()) == {}
    first = put(store, KEY, b"one")
    second = put(store, KEY, b"")
    value = store.read()[KEY]
    assert (value.data, value.created, value.modified, value.lease) == (b"", first, second, 0)
    assert second > first


def test_only_what_is_below_the_prefix_is_read(store: Store) -> None:
    put(store, KEY, b"one")
    store.commit(Change(puts=(Put(key="/elsewhere", data=b""),)))
    assert set(store.read()) == {KEY}


def test_a_change_is_made_only_if_nothing_else_has_changed(store: Store) -> None:
    absent = Change(unchanged=(Unchanged(key=KEY, modified=0),), puts=(Put(key=KEY, data=b"a"),))
    assert store.commit(absent)
    assert not store.commit(absent)
    then = store.read()[KEY].modified
    both = (Unchanged(key=KEY, modified=then), Unchanged(key=OTHER, modified=0))
    change = Change(unchanged=both, puts=(Put(key=KEY, data=b"b"), Put(key=OTHER, data=b"c")))
    assert store.commit(change)
    assert not store.commit(change)
    assert {key: value.data for key, value in store.read().items()} == {KEY: b"b", OTHER: b"c"}


def test_a_change_that_is_not_made_leaves_nothing_of_itself(store: Store) -> None:
    put(store, KEY, b"a")
    wrong = (Unchanged(key=KEY, modified=1),)
    assert not store.commit(
        Change(unchanged=wrong, puts=(Put(key=OTHER, data=b""),), deletes=(KEY,))
    )
    assert set(store.read()) == {KEY}


def test_what_hangs_on_a_lease_goes_with_it(store: Store) -> None:
    lease = store.grant(5)
    put(store, KEY, b"a", lease)
    put(store, OTHER, b"b")
    assert store.read()[KEY].lease == lease
    assert store.keep_alive(lease)
    store.revoke(lease)
    assert set(store.read()) == {OTHER}
    assert not store.keep_alive(lease)


def test_a_lease_that_nobody_renews_ends(store: Store) -> None:
    lease = store.grant(2)
    put(store, KEY, b"a", lease)
    end = time.monotonic() + 10
    while store.read():
        assert time.monotonic() < end
        time.sleep(0.1)
    assert not store.keep_alive(lease)


def test_what_is_left_of_a_lease_is_told_in_whole_seconds_and_renewed(store: Store) -> None:
    lease = store.grant(20)
    assert 18 <= store.left_s(lease) <= 20
    time.sleep(2.1)
    assert store.left_s(lease) <= 17
    assert store.keep_alive(lease)
    assert store.left_s(lease) >= 18
    store.revoke(lease)
    assert store.left_s(lease) < 0


def test_one_change_deletes_a_key_and_writes_another_anew_with_what_it_held(store: Store) -> None:
    """As a removal does: who compares with what was before it, fails from now on."""
    put(store, KEY, b"leader")
    before = put(store, OTHER, b"same")
    seen = (Unchanged(key=OTHER, modified=before),)
    change = Change(unchanged=seen, puts=(Put(key=OTHER, data=b"same"),), deletes=(KEY,))
    assert store.commit(change)
    after = store.read()
    assert set(after) == {OTHER}
    assert (after[OTHER].data, after[OTHER].modified > before) == (b"same", True)
    assert not store.commit(change)


def test_nothing_hangs_on_a_lease_that_is_gone(store: Store) -> None:
    lease = store.grant(5)
    store.revoke(lease)
    with pytest.raises(Unreachable, match="lease not found"):
        store.commit(Change(puts=(Put(key=KEY, data=b"", lease=lease),)))
    with pytest.raises(Unreachable, match="lease not found"):
        store.revoke(lease)
    assert dict(store.read()) == {}


def test_who_shows_no_certificate_is_not_answered(etcd: RealEtcd) -> None:
    context = ssl.create_default_context(cafile=str(etcd.folder / "ca.pem"))
    with pytest.raises(Unreachable, match="does not answer"):
        etcd.store(context).read()


def test_a_voter_that_is_gone_is_left_for_the_next_one(etcd: RealEtcd) -> None:
    with socket.socket() as silent:
        silent.bind((HERE, 0))
        silent.listen()
        dead = f"{HERE}:{silent.getsockname()[1]}"
        store = EtcdStore(
            [dead, etcd.address],
            client_context(etcd.identity("machine")),
            prefix=PREFIX,
            timeout_s=0.5,
        )
        with pytest.raises(Unreachable, match=dead):
            store.read()
        assert dict(store.read()) == {}
