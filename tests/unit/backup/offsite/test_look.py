"""A store that does not answer is found out within seconds, before restic is asked."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from standfast.core.errors import Unreachable
from standfast.mechanisms.backup.offsite import look
from standfast.mechanisms.backup.offsite.look import ANSWERS_WITHIN_S, addresses
from standfast.mechanisms.backup.offsite.store import Kind, Store

from .page.stores import Office, static


def store(kind: Kind, where: str) -> Store:
    return Store(kind=kind, location=where)


@contextmanager
def listening(greeting: bytes = b"") -> Iterator[int]:
    """Its port. Connections wait in the kernel, and the first one is greeted, if with anything."""
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        if greeting:
            pool.submit(lambda: server.accept()[0].sendall(greeting))
        yield server.getsockname()[1]


def test_a_store_that_answers_has_addresses_and_a_folder_has_none(tmp_path: Path) -> None:
    office = Office.open(tmp_path / "office")
    with static(tmp_path, office.identity("store")) as address:
        assert addresses(store(Kind.S3, f"{address}/b/s")) == ("127.0.0.1",)
    with listening() as port:
        assert addresses(store(Kind.S3, f"http://127.0.0.1:{port}/b/s")) == ("127.0.0.1",)
    with listening(b"SSH-2.0-x\r\n") as port:
        assert addresses(store(Kind.SFTP, f"me@127.0.0.1:{port}/s")) == ("127.0.0.1",)
    assert addresses(store(Kind.FOLDER, "/mnt/site")) == ()


@pytest.mark.parametrize(
    ("kind", "where"), [(Kind.S3, "https://127.0.0.1:{}/b/s"), (Kind.SFTP, "me@127.0.0.1:{}/s")]
)
def test_a_server_that_hangs_is_told_from_one_that_answers(
    kind: Kind, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "ANSWERS_WITHIN_S", 0.2)
    with listening() as port, pytest.raises(Unreachable, match="timed out"):
        addresses(store(kind, where.format(port)))


def test_a_closed_door_and_an_unknown_name_are_told_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    began = time.monotonic()
    with pytest.raises(Unreachable, match=f"port {port} of 127.0.0.1"):
        addresses(store(Kind.SFTP, f"me@127.0.0.1:{port}/s"))
    with pytest.raises(Unreachable, match="no name that is known"):
        addresses(store(Kind.S3, "https://store.invalid/b/s"))
    assert time.monotonic() - began < ANSWERS_WITHIN_S + 25
