"""What `up` says before anything is installed, said by the distribution's own Python."""

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from standfast.mechanisms.hosts.local.early import Asked, asked_for_up

PROJECT = Path(__file__).resolve().parents[4]
PYTHON = "/usr/bin/python3"
SPEAKS_WITHIN_S = 2.0
RUN = re.search(r"-c '\n(.*?main\(\))' ", (PROJECT / "bin/standfast").read_text(), re.DOTALL)
AS_NOBODY = (
    *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
)
"""Somebody else who may still read this checkout, wherever it lies."""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="anybody else is refused at once")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def look(
    folder: Path, *words: str, toml: str = "", packages: str = "", through: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """As bin/standfast runs it, in an empty folder, with an empty cache and no venv."""
    assert RUN is not None
    file = folder / "standfast.toml"
    file.write_text(f'name = "test-look"\n{toml or f"port = {free_port()}"}\n')
    return subprocess.run(
        [*through, PYTHON, "-I", "-B", "-c", RUN[1], str(PROJECT), packages, "yes", *words],
        env={
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "STANDFAST_STATE": str(folder / "state"),
            "STANDFAST_CACHE": str(folder / "cache"),
        },
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


ONE = '[[machines]]\nname = "a"\nroles = ["web"]\n'
"""Less than what a whole site needs, for when other sites are up on this computer."""


@needs_root
def test_it_speaks_within_two_seconds_and_changes_nothing(tmp_path: Path) -> None:
    assert sys.prefix != sys.base_prefix, "the tests run in a venv, and the look does not"
    begun = time.monotonic()
    done = look(tmp_path, "up")
    assert time.monotonic() - begun < SPEAKS_WITHIN_S
    assert done.stderr.startswith("test-look: 11 small Debian machines on this computer\n")
    assert "  download  Python packages 12.1 MB, base image about" in done.stderr
    assert done.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["standfast.toml"]


@needs_root
def test_packages_that_are_missing_are_named(tmp_path: Path) -> None:
    done = look(tmp_path, "up", packages="nftables openssh-client")
    assert "  installs  Debian packages nftables, openssh-client\n" in done.stderr


@needs_root
def test_a_taken_port_is_refused_with_the_status_of_wrong_configuration(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = look(tmp_path, "up", "--json", toml=f"port = {port}\n{ONE}")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        f"standfast: port {port} of 127.0.0.1 is taken by another program\n"
        "Try: Set `port` in standfast.toml to a free one, or stop that program.\n"
    )


@needs_root
def test_a_file_that_is_not_toml_is_refused_at_once(tmp_path: Path) -> None:
    done = look(tmp_path, "up", toml="port = ")
    assert done.returncode == 2
    assert "standfast.toml is not TOML" in done.stderr


@needs_root
def test_a_file_whose_values_are_nonsense_is_left_to_the_judge(tmp_path: Path) -> None:
    done = look(tmp_path, "up", toml='port = "high"\nmachines = 5')
    assert "11 small Debian machines" in done.stderr


@needs_root
def test_anybody_but_root_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    done = look(tmp_path, "up", through=AS_NOBODY)
    assert done.returncode == 2
    assert done.stderr.startswith("standfast: only root may")


@needs_root
def test_nothing_is_said_of_machines_that_are_not_made_here(tmp_path: Path) -> None:
    listed = '[[machines]]\nname = "a"\nroles = ["web"]\naddress = "10.0.0.1"'
    done = look(tmp_path, "up", toml=listed)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("words", [("plan",), ("up", "--help"), ("--help", "up"), ()])
def test_every_other_command_passes_in_silence(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = look(tmp_path, *words)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("up", Asked(file=None, quiet=False)),
        ("--file a.toml up --json", Asked(file=Path("a.toml"), quiet=True)),
        ("--file=a.toml up", Asked(file=Path("a.toml"), quiet=False)),
        ("-f a.toml up", Asked(file=Path("a.toml"), quiet=False)),
        ("-f up", None),
        ("destroy up", None),
        ("--version", None),
    ],
)
def test_the_command_line_is_read_as_the_command_itself_reads_it(
    words: str, asked: Asked | None
) -> None:
    assert asked_for_up(words.split()) == asked
