"""Two people share a site, and one of them loses his computer; the service goes on meanwhile."""

import shutil
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from .conftest import Site, make

EVERY_S = 0.1

MOVING = "503, the database does not answer"
MOVES_WITHIN_S = 4
"""The primary is moved once, because PostgreSQL's machine gets new keys too: the service asks for
another try meanwhile, and nothing else is refused."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = make(tmp_path, "test-shared")
    yield made
    made.run("destroy", "--yes")


class Visitor(threading.Thread):
    """Asks again and again, each time with the CA file that readers are given now."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self.site = site
        self.seen: list[tuple[float, str]] = []
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(EVERY_S):
            answer = self.asked()
            self.seen.append((time.monotonic(), answer))

    def longest_without_s(self) -> float:
        """Seconds between two good answers with none between them."""
        good = [at for at, answer in self.seen if answer == "200"]
        return max((after - before for before, after in pairwise(good)), default=float("inf"))

    def asked(self) -> str:
        try:
            context = ssl.create_default_context(cafile=str(self.site.home / "ca.pem"))
            url = f"https://127.0.0.1:{self.site.port}/health"
            with urllib.request.urlopen(url, context=context, timeout=5) as answer:
                return str(answer.status)
        except urllib.error.HTTPError as error:
            return f"{error.code}, {error.read().decode().strip()}"
        except OSError as error:
            return repr(error)


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
    visitor = Visitor(site)
    visitor.start()
    try:
        done = site.run("keys", "rotate", "--grace", "0")
    finally:
        visitor.ended.set()
        visitor.join()
    assert done.returncode == 0, done.stderr
    counted = Counter(answer for _, answer in visitor.seen)
    assert set(counted) <= {"200", MOVING}, counted
    assert visitor.longest_without_s() < MOVES_WITHIN_S, counted

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
