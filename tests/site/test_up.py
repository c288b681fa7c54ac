"""The first command of the README, interrupted and repeated, and its undoing."""

import json
import random
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import PROJECT, STATE, THREE, Site, fetched, make

GUESTBOOK = (PROJECT / "tests/services/guestbook/service.toml").read_text()
RUNNING = tuple(map(Path, ("/run/standfast", "/dev/shm/standfast", "/run/systemd/nspawn")))
SEED = 20261124
KILLS = 4


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = make(tmp_path, "test-up")
    yield made
    made.run("destroy", "--yes")


def guestbook(folder: Path, name: str, change: tuple[str, str] = ("", "")) -> Site:
    contract = GUESTBOOK.replace("tests/services", str(PROJECT / "tests/services"), 1)
    return make(folder, name, THREE + contract.replace(*change))


def test_up_that_is_killed_anywhere_and_run_again_converges(site: Site) -> None:
    """Killed after a random time, again and again; the last run is left alone."""
    chance = random.Random(SEED)
    for _ in range(KILLS):
        going = site.start("up", "--no-wait")
        time.sleep(chance.uniform(0.5, 12))
        subprocess.run(["pkill", "-KILL", "--session", str(going.pid)], check=False)
        going.communicate()

    said = site.answer("up", "--no-wait")
    assert fetched(site, f"{said['url']}health") == b"ok\n"
    assert site.answer("up", "--no-wait")["changed"] == {}


def test_down_keeps_the_data_and_destroy_leaves_nothing(site: Site) -> None:
    before = computer(site)
    site.answer("up", "--no-wait")
    site.on(site.primary(), sql("CREATE TABLE kept AS SELECT 42 AS answer"))
    assert site.run("down").returncode == 0
    assert all(site.processes(each) == 0 for each in ("edge-1", "web-1", "db-2", "monitor-3"))
    assert site.run("status", "--json").returncode == 3, "nothing can be shown of what is off"

    said = site.answer("up", "--no-wait")
    assert fetched(site, f"{said['url']}health") == b"ok\n"
    assert site.on("db-1", sql("SELECT answer FROM kept")).strip() == "42"

    assert site.run("destroy", "--yes").returncode == 0
    assert computer(site) == before


def sql(statement: str) -> str:
    psql = "psql -h /run/standfast-postgresql --no-psqlrc -At timesheets"
    return f'runuser -u postgres -- {psql} -c "{statement}"'


def computer(site: Site) -> dict[str, object]:
    """Everything on this computer that has to do with sites, but for the cache and other sites,
    which may be there or come and go meanwhile."""
    others = [path for path in (STATE / "sites").glob("*") if path.name != site.name]

    def said(*words: str) -> list[str]:
        shown = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        return sorted(line for line in shown.splitlines() if site.name in line)

    return {
        "processes": [line for line in said("ps", "-eo", "args") if "pytest" not in line],
        "namespaces": said("ip", "netns", "list"),
        "loops": said("losetup", "--list"),
        "links": [] if others else sorted(link["ifname"] for link in links()),
        "mounts": sorted(
            line for line in Path("/proc/mounts").read_text().splitlines() if site.name in line
        ),
        "files": sorted(
            str(path) for root in (STATE, *RUNNING) for path in root.rglob(f"*{site.name}*")
        ),
        "groups": sorted(str(path) for path in Path("/sys/fs/cgroup").rglob(f"*{site.name}*")),
        "ours": []
        if others
        else sorted(str(path) for path in Path("/sys/fs/cgroup").glob("*/standfast")),
        "logs": sorted(str(path) for path in (STATE / "logs").rglob("*") if speaks_of(path, site)),
        "port": listening(site.port),
    }


def speaks_of(path: Path, site: Site) -> bool:
    try:
        return site.name.encode() in path.read_bytes()
    except OSError:  # a folder, or gone with another site
        return False


def links() -> list[dict[str, str]]:
    shown = subprocess.run(["ip", "-json", "link"], capture_output=True, text=True, check=True)
    found: list[dict[str, str]] = json.loads(shown.stdout)
    return found


def listening(port: int) -> bool:
    shown = subprocess.run(["ss", "-Hltn"], capture_output=True, text=True, check=True).stdout
    return f":{port} " in shown


def test_a_service_of_another_framework_is_served_beside_the_first(
    proven: tuple[Site, object], tmp_path: Path
) -> None:
    """Two sites on one computer; the second one's contract is all that differs."""
    first, _ = proven
    second = guestbook(tmp_path, "test-guests")
    try:
        said = second.answer("up", "--no-wait")
        assert fetched(second, f"{said['url']}health") == b"ok\n"
        (proof,) = second.answer("drill", "database-crash")["proofs"]
        assert proof["outcome"] == "kept"
        assert proof["measured"]["writes"] >= 100
        assert proof["measured"]["lost_writes"] == 0
        assert fetched(first, f"https://127.0.0.1:{first.port}/health") == b"ok\n"
    finally:
        second.run("destroy", "--yes")
    assert fetched(first, f"https://127.0.0.1:{first.port}/health") == b"ok\n"


def test_a_service_that_does_not_start_is_named_with_its_last_words(tmp_path: Path) -> None:
    broken = guestbook(
        tmp_path, "test-broken", ('"guestbook.py", "web"]', '"guestbook.py", "wed"]')
    )
    try:
        done = broken.run("up", "--json")
        assert done.returncode == 1
        assert done.stdout == ""
        assert re.search("service-web.service on (one|two) ", done.stderr)
        assert "KeyError: 'wed'" in done.stderr
        assert re.search("standfast logs (one|two) ", done.stderr)
    finally:
        broken.run("destroy", "--yes")
