"""S3 as others understand it: moto, which carries out AWS's policies, and AWS's own client.

What `standfast backup offsite policy` prints is given to users of moto's, and restic works with
their keys. AWS's client works with the store of a site that is made here. The programs come from
requirements/foreign.lock; where they cannot be had these tests fail.
"""

import json
import os
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

import pytest

from standfast.core.clock import SystemClock
from standfast.core.command import Command, Result, SystemRunner
from standfast.core.errors import CommandFailed
from standfast.mechanisms.backup.offsite import policy
from standfast.mechanisms.backup.offsite.commands import WORK_LIMIT_S, Access
from standfast.mechanisms.backup.offsite.page.elsewhere import Item
from standfast.mechanisms.backup.offsite.page.opening import opened
from standfast.mechanisms.backup.offsite.repository import OffsiteRepository
from standfast.mechanisms.backup.offsite.snapshots import Source
from standfast.mechanisms.backup.offsite.store import Kind, Store
from standfast.mechanisms.hosts.local.names import Names
from standfast.mechanisms.hosts.local.store.permission import Holder
from standfast.mechanisms.hosts.local.store.rented import Rented
from standfast.mechanisms.hosts.local.store.serve import Store as Server
from standfast.mechanisms.hosts.local.store.serve import bucket_in
from standfast.mechanisms.hosts.machine import Folders
from standfast.mechanisms.keys.stranger import papers

ROOT = Path(__file__).resolve().parents[2]
CLIENT = ROOT / "tests" / "foreign" / "s3_client.py"
LOOPBACK = "127.0.0.1"
NOW = datetime(2026, 11, 29, 6, 0, tzinfo=UTC)
SOURCE = Source(copy="20261129-024420F", position="0/5000028", data_at=NOW)
FREE_REQUESTS = 7
"""So many moto lets pass before it asks who comes: a bucket, and three for each of two users."""


@pytest.fixture(scope="session")
def venv() -> Path:
    script = 'source bin/bootstrap; standfast_venv foreign && printf "%s" "$STANDFAST_VENV"'
    done = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return Path(done.stdout)


def client(venv: Path, *words: str, **environment: str) -> Any:
    done = subprocess.run(
        [venv / "bin/python", CLIENT, *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Bounded:
    """Ends what restic would try again for minutes."""

    def run(self, command: Command, *, check: bool = True) -> Result:
        argv = tuple("4" if word == f"{WORK_LIMIT_S:g}" else word for word in command.argv)
        return SystemRunner().run(replace(command, argv=argv), check=check)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """moto's server, with a user for each of our two policies."""

    store: Store
    keys: dict[str, list[str]]

    def repository(self, holder: Holder) -> OffsiteRepository:
        id, secret = self.keys[holder]
        words = {"AWS_ACCESS_KEY_ID": id, "AWS_SECRET_ACCESS_KEY": secret}
        access = Access(store=self.store, words=words, password="the-key", answer_limit_s=30)
        return OffsiteRepository(access=access, runner=SystemRunner())


@pytest.fixture
def provider(venv: Path, tmp_path: Path) -> Iterator[Provider]:
    port = free_port()
    store = Store(
        kind=Kind.S3, location=f"http://{LOOPBACK}:{port}/backups/shop", region="us-east-1"
    )
    with (tmp_path / "moto.log").open("wb") as log:
        server = subprocess.Popen(
            [venv / "bin/moto_server", "-H", LOOPBACK, "-p", str(port)],
            env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": str(FREE_REQUESTS)},
            stdout=log,
            stderr=log,
        )
    try:
        wait_for(f"http://{LOOPBACK}:{port}/moto-api/")
        said = {
            Holder.FIRST: as_moto_reads_it(policy.first_key(store)),
            Holder.SECOND: as_moto_reads_it(policy.second_key(store)),
        }
        for holder, document in said.items():
            (tmp_path / holder).write_text(document)
        users = (f"{holder}={tmp_path / holder}" for holder in said)
        url = f"http://{LOOPBACK}:{port}"
        yield Provider(store=store, keys=client(venv, "accounts", url, "backups", *users))
    finally:
        server.terminate()
        server.wait()


def as_moto_reads_it(document: str) -> str:
    """AWS lets whoever may list a bucket ask whether it is there (API reference, "HeadBucket");
    moto wants a right of that name for it, which AWS does not have."""
    return document.replace('"s3:ListBucket"', '"s3:ListBucket", "s3:HeadBucket"')


def wait_for(url: str) -> None:
    end = monotonic() + 60
    while monotonic() < end:
        with suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        sleep(0.1)
    raise AssertionError(f"{url} does not answer")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "passed"
    folder.mkdir()
    (folder / "relation").write_bytes(os.urandom(2_000_000))
    return folder


def test_the_first_keys_policy_is_enough_for_snapshots_and_for_nothing_more(
    provider: Provider, data: Path, tmp_path: Path
) -> None:
    first = provider.repository(Holder.FIRST)
    first.prepare()
    first.snapshot(data, SOURCE, machine="backup-1", now=NOW)
    first.prepare()
    (found,) = first.snapshots()
    back = first.restore(found, tmp_path / "back")
    assert (back / "relation").read_bytes() == (data / "relation").read_bytes()
    first.check(every_byte=True)
    with pytest.raises(CommandFailed):
        replace(first, runner=Bounded()).forget([found])
    assert first.snapshots() == (found,), "the first key has taken a snapshot away"


def test_the_second_keys_policy_is_enough_for_retention(provider: Provider, data: Path) -> None:
    first, second = (provider.repository(each) for each in Holder)
    first.prepare()
    first.snapshot(data, SOURCE, machine="backup-1", now=NOW)
    second.forget(second.snapshots())
    second.prune()
    assert first.snapshots() == ()
    first.snapshot(data, SOURCE, machine="backup-1", now=NOW)
    first.check(every_byte=True)


def test_the_first_keys_policy_is_enough_for_the_trust_page(
    provider: Provider, venv: Path, data: Path, tmp_path: Path
) -> None:
    """And restic does not stumble over it."""
    first = provider.repository(Holder.FIRST)
    id, secret = provider.keys[Holder.FIRST]
    words = {"AWS_ACCESS_KEY_ID": id, "AWS_SECRET_ACCESS_KEY": secret}
    place = opened(provider.store, words, runner=SystemRunner(), clock=SystemClock())
    tile = "log/tile/0/000.p/3"
    assert place.read("index.html") is None
    place.send([Item(name=tile, content=b"tile"), Item(name="index.html", content=b"old")])
    first.prepare()
    first.snapshot(data, SOURCE, machine="backup-1", now=NOW)
    place.send([Item(name="index.html", content=b"new")])
    assert place.read("index.html") == b"new"
    url, bucket = provider.store.parts["server"], provider.store.parts["bucket"]
    assert client(venv, "look", url, bucket, "shop/trust", **words) == {
        "shop/trust/index.html": ["text/html; charset=utf-8", "public, max-age=60"],
        f"shop/trust/{tile}": [
            "application/octet-stream",
            "public, max-age=31536000, immutable",
        ],
    }
    place.remove([tile])
    assert place.read(tile) is None
    first.check(every_byte=True)
    provider.repository(Holder.SECOND).prune()
    assert place.read("index.html") == b"new"


def test_another_key_of_the_same_provider_is_refused_in_words(provider: Provider) -> None:
    id, _ = provider.keys[Holder.FIRST]
    words = {"AWS_ACCESS_KEY_ID": id, "AWS_SECRET_ACCESS_KEY": "another-secret"}
    place = opened(provider.store, words, runner=SystemRunner(), clock=SystemClock())
    with pytest.raises(CommandFailed, match="the store off site refuses us: it answered 403"):
        place.send([Item(name="index.html", content=b"page")])


def test_awss_client_works_with_our_store_and_is_refused_what_the_first_key_may_not(
    venv: Path, tmp_path: Path
) -> None:
    folders = Folders(site="shop", state=tmp_path, cache=tmp_path, run=tmp_path)
    rented = Rented(
        folders=folders,
        names=Names(site="shop", home=folders.home),
        runner=SystemRunner(),
        clock=SystemClock(),
    )
    rented.make({Holder.FIRST: "of-the-first", Holder.SECOND: "of-the-second"})
    rented.certify(papers("store.shop", IPv4Address(LOOPBACK), now=SystemClock().now()))
    server = Server((LOOPBACK, 0), bucket_in(rented.folder), rented.folder, SystemClock())
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    url = f"https://{LOOPBACK}:{server.server_address[1]}"
    words = ("work", url, "standfast", "shop", "elsewhere", str(rented.authority))
    said = client(venv, *words, **rented.words(Holder.FIRST))
    server.shutdown()
    server.server_close()
    assert said == {
        "read": "0123456789",
        "part": "234",
        "length": 10,
        "listed": ["shop/data/ab/abcd", "shop/locks/ef"],
        "overwrite": "AccessDenied",
        "delete": "AccessDenied",
        "unlock": "",
        "missing": "NoSuchKey",
    }
