"""Voters are stopped in good order, one by one, and the primary's lease is never refused."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from . import image
from .conftest import PROJECT, free_port

HERE = "127.0.0.1"
STARTER = PROJECT / "src" / "standfast" / "mechanisms" / "database" / "patroni_start.py"
RENEWING = Path(__file__).with_name("renewing.py")
STOPS = 12
"""Patroni alone took the lease for lost at four of fifteen stops, in a run of the same kind."""

SETTLES_S = 1.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Voter:
    name: str
    folder: Path
    client: str
    peer: str

    def start(self, program: Path, peers: str) -> "subprocess.Popen[bytes]":
        client, peer = f"http://{self.client}", f"http://{self.peer}"
        return subprocess.Popen(
            [
                *(program, "--name", self.name, "--data-dir", self.folder, "--log-level", "fatal"),
                *("--listen-client-urls", client, "--advertise-client-urls", client),
                *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer),
                *("--initial-cluster", peers),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


class Voters:
    """Three of them, with the program from the image of made machines."""

    def __init__(self, folder: Path) -> None:
        self.program = image.base() / "usr/bin/etcd"
        self.all = [
            Voter(
                name=name,
                folder=folder / name,
                client=f"{HERE}:{free_port()}",
                peer=f"{HERE}:{free_port()}",
            )
            for name in ("a", "b", "c")
        ]
        self.peers = ",".join(f"{each.name}=http://{each.peer}" for each in self.all)
        self.running = {each.name: each.start(self.program, self.peers) for each in self.all}

    def stop_and_start(self, voter: Voter) -> None:
        self.running[voter.name].terminate()
        self.running[voter.name].wait(timeout=20)
        self.running[voter.name] = voter.start(self.program, self.peers)

    def kill(self) -> None:
        for each in self.running.values():
            each.kill()
            each.wait()


@pytest.fixture
def voters(tmp_path: Path) -> Iterator[Voters]:
    made = Voters(tmp_path)
    try:
        yield made
    finally:
        made.kill()


def test_the_primary_keeps_its_lease_while_voters_stop_and_start(voters: Voters) -> None:
    hosts = [each.client for each in voters.all]
    with ExitStack() as after:
        renewing = after.enter_context(
            subprocess.Popen(
                [sys.executable, RENEWING, STARTER, *hosts],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        )
        after.callback(renewing.kill)
        assert renewing.stdout
        assert renewing.stdout.readline() == "holds\n"
        for count in range(STOPS):
            voters.stop_and_start(voters.all[count % len(voters.all)])
            time.sleep(SETTLES_S)
        said, _ = renewing.communicate("", timeout=60)
    found = json.loads(said)
    assert found["renewed"] > STOPS
    assert found["refused"] == 0, found
