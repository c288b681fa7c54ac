"""The first command of the README, on real machines, and its undoing."""

import json
import socket
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
NAME = "test-up"
HOME = Path("/var/lib/standfast/sites") / NAME


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("site") / "standfast.toml"
    path.write_text(f'name = "{NAME}"\nport = {free_port()}\n')
    yield path
    standfast(path, "destroy", "--yes")


def standfast(file: Path, *words: str) -> str:
    done = subprocess.run(
        [str(PROJECT / "bin" / "standfast"), "--file", str(file), *words],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_up_serves_then_changes_nothing_and_destroy_leaves_nothing(file: Path) -> None:
    first = json.loads(standfast(file, "up", "--json"))
    context = ssl.create_default_context(cafile=str(HOME / "ca.pem"))
    with urllib.request.urlopen(first["url"] + "health", context=context, timeout=10) as answer:
        assert answer.status == 200

    again = json.loads(standfast(file, "up", "--json"))
    assert again["changed"] == {}

    standfast(file, "destroy", "--yes")
    assert not HOME.exists()
    namespaces = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True)
    assert f"standfast.{NAME}" not in namespaces.stdout
    assert NAME not in Path("/proc/mounts").read_text()
    processes = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert f"standfast-{NAME}" not in processes.stdout
