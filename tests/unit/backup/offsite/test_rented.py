"""The real restic on the store of a site that is made here, over its own TLS."""

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import pytest

from standfast.core.clock import SystemClock
from standfast.core.command import Command, Result, SystemRunner
from standfast.core.errors import CommandFailed
from standfast.mechanisms.backup.offsite.commands import Access
from standfast.mechanisms.backup.offsite.repository import OffsiteRepository
from standfast.mechanisms.backup.offsite.snapshots import Source
from standfast.mechanisms.backup.offsite.store import Kind, Store
from standfast.mechanisms.hosts.local.names import Names
from standfast.mechanisms.hosts.local.store.permission import Holder
from standfast.mechanisms.hosts.local.store.rented import Rented
from standfast.mechanisms.hosts.local.store.serve import Store as Server
from standfast.mechanisms.hosts.local.store.serve import bucket_in
from standfast.mechanisms.hosts.machine import Folders
from standfast.mechanisms.keys.stranger import papers, still_good

from .seen import NOW

LOOPBACK = IPv4Address("127.0.0.1")
SECRETS = {Holder.FIRST: "of-the-first-key", Holder.SECOND: "of-the-second-key"}
SOURCE = Source(copy="20261129-024420F", position="0/5000028", data_at=NOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A store that runs, and how either key reaches it."""

    rented: Rented
    server: Server

    def repository(self, holder: Holder = Holder.FIRST, **words: str) -> OffsiteRepository:
        port = self.server.server_address[1]
        store = Store(
            kind=Kind.S3,
            location=f"https://{LOOPBACK}:{port}/standfast/shop",
            region="elsewhere",
            authority=str(self.rented.authority),
        )
        access = Access(
            store=store,
            words={**self.rented.words(holder), **words},
            password="the-key",
            answer_limit_s=20,
        )
        return OffsiteRepository(access=access, runner=SystemRunner())

    @property
    def objects(self) -> Path:
        return self.rented.folder / "objects" / "shop"


def made(folder: Path) -> Rented:
    folders = Folders(site="shop", state=folder, cache=folder, run=folder)
    store = Rented(
        folders=folders,
        names=Names(site="shop", home=folders.home),
        runner=SystemRunner(),
        clock=SystemClock(),
    )
    store.make(SECRETS)
    return store


def serving(store: Rented) -> Server:
    server = Server((str(LOOPBACK), 0), bucket_in(store.folder), store.folder, SystemClock())
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a repository, made once: drawing its key takes a second."""
    folder = tmp_path_factory.mktemp("store")
    store = made(folder)
    store.certify(papers("store.shop", LOOPBACK, now=SystemClock().now()))
    server = serving(store)
    Place(rented=store, server=server).repository().prepare()
    server.shutdown()
    server.server_close()
    return folder


@pytest.fixture
def place(template: Path, tmp_path: Path) -> Iterator[Place]:
    store = made(Path(shutil.copytree(template, tmp_path / "state")))
    server = serving(store)
    yield Place(rented=store, server=server)
    server.shutdown()
    server.server_close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "passed"
    folder.mkdir()
    (folder / "relation").write_bytes(bytes(range(256)) * 4000)
    (folder / "PG_VERSION").write_text("15\n")
    return folder


def test_what_is_put_there_comes_back(place: Place, data: Path, tmp_path: Path) -> None:
    store = place.repository()
    store.prepare()
    taken = store.snapshot(data, SOURCE, machine="backup-1", now=NOW)
    (found,) = store.snapshots()
    assert found.id.startswith(taken.id)
    assert found.source == SOURCE
    back = store.restore(found, tmp_path / "back")
    assert (back / "relation").read_bytes() == (data / "relation").read_bytes()
    store.check(every_byte=True)
    assert not store.opens_without_its_key()
    assert store.stored_bytes() > 0
    assert not list((place.objects / "locks").iterdir()), "restic removes its locks by itself"


def test_nothing_of_the_data_lies_there_in_plain(place: Place, data: Path) -> None:
    (data / "canary").write_text("canary of the company's data " * 100)
    place.repository().snapshot(data, SOURCE, machine="backup-1", now=NOW)
    stored = b"".join(path.read_bytes() for path in place.objects.rglob("*") if path.is_file())
    assert b"canary of the company" not in stored
    assert b"PG_VERSION" not in stored


def test_the_first_key_cannot_take_a_snapshot_away_and_the_second_can(
    place: Place, data: Path, tmp_path: Path
) -> None:
    place.repository().snapshot(data, SOURCE, machine="backup-1", now=NOW)
    first = place.repository()
    quick = replace(first, runner=Impatient(folder=tmp_path))
    with pytest.raises(CommandFailed):
        quick.forget(first.snapshots())
    assert len(first.snapshots()) == 1
    second = place.repository(Holder.SECOND)
    second.forget(second.snapshots())
    second.prune()
    assert first.snapshots() == ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Impatient:
    """restic tries again for minutes what was refused. As soon as it has said so once, it is ended
    as timeout(1) would end it."""

    folder: Path

    def run(self, command: Command, *, check: bool = True) -> Result:
        said = self.folder / "complaint"
        environment = {**os.environ, **(command.environment or {})}
        with said.open("wb") as complaint, (self.folder / "said").open("wb") as out:
            restic = subprocess.Popen(
                command.argv[4:], env=environment, stdout=out, stderr=complaint
            )
            end = monotonic() + 60
            while restic.poll() is None and b"returned error" not in said.read_bytes():
                assert monotonic() < end, "nothing was refused"
                sleep(0.02)
            restic.send_signal(signal.SIGINT)
            status = restic.wait()
        return Result(
            status=status,
            stdout=(self.folder / "said").read_bytes(),
            stderr=said.read_bytes(),
        )


def test_a_wrong_secret_is_told_as_a_refusal(place: Place) -> None:
    thief = place.repository(AWS_SECRET_ACCESS_KEY="guessed")
    with pytest.raises(CommandFailed, match="refuses us"):
        thief.snapshots()


def test_a_store_of_another_authority_is_not_spoken_to(place: Place, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(papers("store.shop", LOOPBACK, now=SystemClock().now()).authority)
    known = place.repository()
    misled = replace(
        known.access, store=replace(known.access.store, authority=str(other)), answer_limit_s=5
    )
    with pytest.raises(CommandFailed, match="not the one that is known"):
        replace(known, access=misled).snapshots()


def test_a_damaged_pack_is_found(place: Place, data: Path) -> None:
    store = place.repository()
    store.snapshot(data, SOURCE, machine="backup-1", now=NOW)
    pack = max((place.objects / "data").glob("*/*"), key=lambda path: path.stat().st_size)
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 1
    pack.write_bytes(content)
    with pytest.raises(CommandFailed):
        store.check(every_byte=True)


def test_a_full_store_is_told_as_full(place: Place, data: Path, tmp_path: Path) -> None:
    place.server.bucket.objects.quota_bytes = 1000
    store = replace(place.repository(), runner=Impatient(folder=tmp_path))
    with pytest.raises(CommandFailed, match="is full"):
        store.snapshot(data, SOURCE, machine="backup-1", now=NOW)
    assert store.snapshots() == ()


def test_its_keys_are_made_once_and_readable_by_their_owner_alone(tmp_path: Path) -> None:
    store = made(tmp_path)
    before = store.words(Holder.FIRST)
    store.make(dict.fromkeys(Holder, "another"))
    assert store.words(Holder.FIRST) == before
    keys = store.folder / "keys.json"
    assert keys.stat().st_mode & 0o077 == 0
    assert set(json.loads(keys.read_bytes())["keys"]) == {"first", "second"}


def test_its_certificate_is_made_anew_before_it_ends() -> None:
    now = SystemClock().now()
    own, others = (papers("store.shop", LOOPBACK, now=now) for _ in range(2))
    assert still_good(own.authority, own.certificate, now=now)
    assert not still_good(own.authority, own.certificate, now=now + timedelta(days=250))
    assert not still_good(others.authority, own.certificate, now=now)


def test_whoever_speaks_no_tls_or_says_nothing_keeps_nobody_from_it(place: Place) -> None:
    address = (str(LOOPBACK), place.server.server_address[1])
    with socket.create_connection(address), socket.create_connection(address) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        trusting = ssl.create_default_context(cafile=str(place.rented.authority))
        with (
            socket.create_connection(address, timeout=5) as raw,
            trusting.wrap_socket(raw, server_hostname=str(LOOPBACK)) as known,
        ):
            known.sendall(b"GET /standfast/ HTTP/1.1\r\nHost: x\r\n\r\n")
            assert known.recv(100).startswith(b"HTTP/1.1 403")
