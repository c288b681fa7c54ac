"""Two people share a site, and one of them loses his computer; the service goes on meanwhile."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Site, make
from .visitor import MOVING, Visitor

MOVES_WITHIN_S = 4
"""The primary is moved once, because PostgreSQL's machine gets new keys too: the service asks for
another try meanwhile, and nothing else is refused."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = make(tmp_path, "test-shared")
    yield made
    made.run("destroy", "--yes")


def let_in(site: Site, key: Path) -> bool:
    address = site.status()["machines"][0]["address"]
    done = subprocess.run(
        [
            *("nsenter", f"--net=/run/netns/standfast.{site.name}", "--", "ssh", "-F", "none"),
            *("-i", str(key), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"),
            *("-o", f"UserKnownHostsFile={site.home / 'known_hosts'}", f"root@{address}", "true"),
        ],
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return done.returncode == 0


def test_a_lost_computer_is_one_removal_and_one_rotation_away(site: Site, tmp_path: Path) -> None:
    lost = tmp_path / "lost"
    subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(lost)), check=True)
    sealed = site.file.with_name(f"{site.name}.secrets.age")

    site.answer("up", "--no-wait")
    assert site.run("operator", "add", "ben", f"{lost}.pub").returncode == 0
    assert not let_in(site, lost)
    site.answer("up", "--no-wait")
    assert let_in(site, lost)
    assert site.answer("up", "--no-wait")["changed"] == {}
    copied = site.file.with_name("copied")
    shutil.copy(sealed, copied)
    known = {name: site.secret(name) for name in ("drawn/database_password", "ca.key")}

    assert site.run("operator", "remove", "ben").returncode == 0
    with Visitor(site) as visitor:
        done = site.run("keys", "rotate", "--grace", "0")
    assert done.returncode == 0, done.stderr
    assert set(visitor.answers) <= {"200", MOVING}, visitor.answers
    assert visitor.longest_without_s() < MOVES_WITHIN_S, visitor.answers

    assert not let_in(site, lost)
    assert all(site.secret(name) != before for name, before in known.items())
    assert Visitor(site).asked() == "200"
    assert {each["state"] for each in site.status()["machines"]} == {"on"}

    site.answer("up", "--no-wait")
    assert site.answer("up", "--no-wait")["changed"] == {}
    shutil.copy(copied, sealed)
    refused = site.run("up", "--no-wait")
    assert refused.returncode == 1
    assert "brought up with other secrets" in refused.stderr
    assert "--older-secrets" in refused.stderr
