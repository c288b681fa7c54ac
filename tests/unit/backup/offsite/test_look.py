"""A store that does not answer is found out within seconds, before restic is asked."""

import socket
import time

import pytest

from standfast.core.errors import Unreachable
from standfast.mechanisms.backup.offsite.look import ANSWERS_WITHIN_S, addresses
from standfast.mechanisms.backup.offsite.store import Kind, Store


def store(kind: Kind, where: str) -> Store:
    return Store(kind=kind, location=where)


def test_a_store_that_answers_has_addresses_and_a_folder_has_none() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert addresses(store(Kind.S3, f"https://127.0.0.1:{port}/b/s")) == ("127.0.0.1",)
    assert addresses(store(Kind.FOLDER, "/mnt/site")) == ()


def test_a_closed_door_and_an_unknown_name_are_told_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    began = time.monotonic()
    with pytest.raises(Unreachable, match=f"port {port} of 127.0.0.1"):
        addresses(store(Kind.SFTP, f"me@127.0.0.1:{port}/s"))
    with pytest.raises(Unreachable, match="no name that is known"):
        addresses(store(Kind.S3, "https://store.invalid/b/s"))
    assert time.monotonic() - began < ANSWERS_WITHIN_S + 25
