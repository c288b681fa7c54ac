"""What an SSH server takes, in its own first words (RFC 4253)."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from standfast.proofs.drills import ssh_offer
from standfast.proofs.drills.encrypted_in_transit import SshServer, of_ssh, with_ssh

GCM = "aes256-gcm@openssh.com,aes128-gcm@openssh.com"
CHACHA = "chacha20-poly1305@openssh.com"


def packet(to_server: str, to_client: str, kind: int = 20) -> bytes:
    """With its length, and four bytes of padding."""
    lists = (
        "curve25519-sha256",
        "ssh-ed25519",
        to_server,
        to_client,
        "",
        "",
        "none",
        "none",
        "",
        "",
    )
    names = b"".join(struct.pack("!I", len(each)) + each.encode() for each in lists)
    payload = bytes([kind]) + bytes(16) + names + bytes(5)
    body = bytes([4]) + payload + bytes(4)
    return struct.pack("!I", len(body)) + body


@contextmanager
def server(*words: bytes) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener, words), daemon=True).start()
        yield listener.getsockname()[1]


def serve(listener: socket.socket, words: tuple[bytes, ...]) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(100)
        for each in words:
            connection.sendall(each)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(100)


def test_both_directions_are_read_each_cipher_once() -> None:
    with server(b"welcome\r\nSSH-2.0-OpenSSH_9.2\r\n", packet(GCM, f"{GCM},{CHACHA}")) as port:
        assert ssh_offer.offered("127.0.0.1", port) == [*GCM.split(","), CHACHA]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((b"220 mail\r\n",), "no SSH server"),
        ((b"SSH-2.0-x\r\n",), "hung up"),
        ((b"SSH-2.0-x\r\n", packet(GCM, GCM)[:60]), "hung up"),
        ((b"SSH-2.0-x\r\n", packet(GCM, GCM, kind=1)), "of kind 1"),
        ((b"SSH-2.0-x\r\n", struct.pack("!I", 1 << 30)), "too long"),
    ],
    ids=["mail", "silent", "cut", "another kind", "endless"],
)
def test_what_is_no_offer_is_not_taken_for_one(words: tuple[bytes, ...], said: str) -> None:
    with server(*words) as port, pytest.raises(ValueError, match=said):
        ssh_offer.offered("127.0.0.1", port)


def test_one_cipher_that_is_not_aes_gcm_makes_a_machine_weak_and_silence_is_unchecked() -> None:
    good = SshServer(machine="web-1", ciphers=tuple(GCM.split(",")), problem="")
    weak = SshServer(machine="web-2", ciphers=("aes256-gcm@openssh.com", "aes256-ctr"), problem="")
    deaf = SshServer(machine="db-1", ciphers=(), problem="TimeoutError: timed out")
    before = {"links": 3, "unencrypted_links": 0, "open_links": 0, "unchecked_links": 0}
    assert with_ssh(before, [good]) == {**before, "links": 4}
    found = with_ssh(before, [good, weak, deaf])
    assert (found["unencrypted_links"], found["unchecked_links"], found["links"]) == (1, 1, 6)
    assert of_ssh([good, weak, deaf]) == (
        "SSH of 3 machines: 1 take AES-GCM and nothing else",
        "SSH of web-2: takes aes256-gcm@openssh.com, aes256-ctr",
        "SSH of db-1: TimeoutError: timed out",
    )
