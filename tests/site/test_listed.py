"""Machines that are somebody's own, listed in the file: refused untouched, or served like any.

The operator sits in a network namespace on the machines' two networks and on no other, with an
ordinary `~/.ssh`. What comes from the internet has to lie in the cache, as it does after a site was
made here from the same service; if it does not, one is made and destroyed first.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]
BOOT = Path(__file__).with_name("boot_listed")
STANDFAST = PROJECT / "bin" / "standfast"
NAME = "test-listed"
HOME = Path("/var/lib") / NAME
STATE = HOME / "state"
CACHE = Path("/var/cache/standfast")
PUBLIC = "198.51.100.11"
MARK = "/etc/standfast/secrets.mark"
CLAIM = "/run/standfast-claim"
MACHINES = ("edge-a", "web-a", "web-b", "db-a", "mon-a")

FILE = f"""
name = "{NAME}"

[network]
management_from = ["10.88.0.0/24"]

[[machines]]
name = "edge-a"
roles = ["edge"]
address = "10.88.0.11"
public = "{PUBLIC}"
ssh = {{ host = "10.88.0.11", user = "root", port = 22 }}

[[machines]]
name = "web-a"
roles = ["web"]
address = "10.88.0.12"
ssh = {{ host = "web-a" }}

[[machines]]
name = "web-b"
roles = ["web", "backup"]
address = "10.88.0.13"
ssh = {{ user = "root" }}

[[machines]]
name = "db-a"
roles = ["database"]
address = "10.88.0.14"
ssh = {{ host = "db-a", port = 22 }}

[[machines]]
name = "mon-a"
roles = ["monitor", "database"]
address = "10.88.0.15"
"""

FETCH = """
import ssl, sys, urllib.request
context = ssl.create_default_context(cafile=sys.argv[2])
print(urllib.request.urlopen(sys.argv[1], context=context, timeout=10).status)
"""

KNOCK = """
import json, socket, sys
def knock(port):
    try:
        socket.create_connection((sys.argv[1], port), timeout=0.7).close()
        return "open"
    except TimeoutError:
        return "silent"
    except ConnectionRefusedError:
        return "refused"
print(json.dumps({port: knock(int(port)) for port in sys.argv[2:]}))
"""


FIRST = {
    "STANDFAST_STATE": str(STATE),
    "STANDFAST_RUN": f"/run/{NAME}",
    "XDG_CONFIG_HOME": str(HOME / "config"),
}
SECOND = {
    "STANDFAST_STATE": str(HOME / "state-2"),
    "STANDFAST_RUN": f"/run/{NAME}/second",
    "XDG_CONFIG_HOME": str(HOME / "config-2"),
}
"""Two operators at two computers, as far as Standfast can tell."""


def run(
    *words: str | Path, check: bool = True, desk: Mapping[str, str] = FIRST
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(word) for word in words],
        env={**os.environ, **desk},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0 or not check, done.stderr + done.stdout
    return done


def operator(
    *words: str | Path, check: bool = True, desk: Mapping[str, str] = FIRST
) -> subprocess.CompletedProcess[str]:
    return run(BOOT, "operator", *words, check=check, desk=desk)


def standfast(
    file: Path, *words: str, check: bool = True, desk: Mapping[str, str] = FIRST
) -> subprocess.CompletedProcess[str]:
    return operator(STANDFAST, "--file", file, *words, check=check, desk=desk)


def planned(file: Path) -> str:
    """Every file that `up` would write, and that is no secret, in one text."""
    shown = json.loads(run(STANDFAST, "--file", file, "plan", "--json").stdout)["machines"]
    files = (each["content"] for bundle in shown.values() for each in bundle["files"])
    return "".join(b64decode(content).decode() for content in files if content is not None)


def image(venv: str) -> Path | None:
    """The newest cached base image with the Python packages that the machines are going to need."""
    found = [each for each in CACHE.glob("image-bookworm-*/root") if (each / venv).is_dir()]
    return max(found, key=lambda each: each.stat().st_mtime, default=None)


def cached(file: Path) -> Path:
    """The image from which the machines are booted; release and image are in the cache after it."""
    plan = planned(file)
    release = re.findall(r"/srv/service/releases/(\w+)", plan)[0]
    venv = re.findall(r"/(opt/standfast/venv-\w+)/bin", plan)[0]
    if image(venv) is None or not (CACHE / "releases" / f"{release}.tar").exists():
        here = file.with_name("here.toml")
        here.write_text(f'name = "{NAME}-cache"\nport = 18463\n')
        try:
            run(STANDFAST, "--file", here, "up", "--json")
        finally:
            run(STANDFAST, "--file", here, "destroy", "--yes")
    found = image(venv)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("listed") / "standfast.toml"
    path.write_text(FILE)
    run(BOOT, "down")
    try:
        run(BOOT, "up", cached(path))
        yield path
    finally:
        run(BOOT, "down")


INSTALLED = ("etc", "opt", "srv", "usr", "root", "home", "var/lib/standfast-machine")
"""Where a rollout writes. What a machine's own programs keep in /var/lib (PostgreSQL's checkpoints,
the keeper's page) changes whether or not anybody touches the machine."""


def on_disk() -> dict[str, int]:
    """What was put on the machines' disks beyond their image, and when it was last written."""
    found: dict[str, int] = {}
    for machine in MACHINES:
        for folder in INSTALLED:
            root = HOME / "machines" / machine / "upper" / folder
            found |= {str(path): path.lstat().st_mtime_ns for path in root.rglob("*")}
    return found


def refused(file: Path, words: str, *changes: tuple[str, str]) -> None:
    """`up` says why in these words, and has not touched a machine."""
    text = FILE
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    # Another site has connections of its own, so none that stands open is taken up again.
    number = len(list(file.parent.iterdir()))
    other = file.with_name(f"refused-{number}.toml")
    other.write_text(text.replace(f'"{NAME}"', f'"{NAME}-{number}"'))
    before = on_disk()
    done = standfast(other, "up", "--json", check=False)
    assert done.returncode != 0
    assert words in done.stderr
    assert "Try: " in done.stderr
    assert done.stdout == ""
    assert on_disk() == before


def test_who_would_be_locked_out_is_refused(file: Path) -> None:
    lockout = ('["10.88.0.0/24"]', '["198.51.100.0/24", "10.88.0.2/32"]')
    refused(file, "from 10.88.0.1, which network.management_from does not hold", lockout)


def test_a_user_who_is_not_root_is_refused(file: Path) -> None:
    refused(file, "enters web-b as a user who is not root", ('{ user = "root" }', '{user="admin"}'))


def test_an_unreachable_machine_is_named(file: Path) -> None:
    gone = ('host = "db-a", port = 22', 'host = "10.88.0.99"')
    refused(file, "db-a (10.88.0.99) cannot be reached by SSH", gone)


def test_a_machine_whose_host_key_is_unknown_is_named(file: Path) -> None:
    known = HOME / "ssh" / "known_hosts"
    lines = known.read_text()
    known.write_text("".join(line for line in lines.splitlines(True) if "10.88.0.15" not in line))
    try:
        refused(file, "the SSH host key of mon-a (10.88.0.15) is not known here")
    finally:
        known.write_text(lines)


def test_a_system_that_nobody_tried_is_refused(file: Path) -> None:
    release = HOME / "machines" / "mon-a" / "root" / "etc" / "os-release"
    target = release.readlink()
    release.unlink()
    release.write_text('ID=fedora\nVERSION_ID="42"\nPRETTY_NAME="Fedora 42"\n')
    try:
        refused(file, "mon-a runs Fedora 42; nothing was touched")
    finally:
        release.unlink()
        release.symlink_to(target)


@pytest.fixture(scope="module")
def up(file: Path) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(standfast(file, "up", "--json").stdout)
    return answer


def test_up_serves_at_the_public_address_over_verified_tls(up: dict[str, Any]) -> None:
    assert up["url"] == f"https://{PUBLIC}/"
    assert set(up["changed"]) == set(MACHINES)
    authority = STATE / "sites" / NAME / "ca.pem"
    answer = operator(sys.executable, "-c", FETCH, f"{up['url']}health", authority)
    assert answer.stdout.strip() == "200"


def test_a_second_up_changes_nothing_and_takes_seconds(file: Path, up: dict[str, Any]) -> None:
    started = time.monotonic()
    again = json.loads(standfast(file, "up", "--json").stdout)
    assert again["changed"] == {}
    assert time.monotonic() - started < 15


def test_a_second_operator_at_a_second_computer_goes_on_with_the_same_secrets(
    file: Path, up: dict[str, Any]
) -> None:
    key = HOME / "config-2" / "standfast" / "identity"
    key.parent.mkdir(parents=True)
    run("age-keygen", "-o", key)
    standfast(file, "operator", "add", "second", run("age-keygen", "-y", key).stdout.strip())
    again = json.loads(standfast(file, "up", "--json", desk=SECOND).stdout)
    assert {name for report in again["changed"].values() for name in report["files"]} == {MARK}
    assert json.loads(standfast(file, "up", "--json").stdout)["changed"] == {}


def test_who_is_at_work_at_another_computer_is_named(file: Path, up: dict[str, Any]) -> None:
    holding = f"""
    echo "standfast deploy of ben at desk, since 12:00:00 UTC" >{CLAIM}.holder
    echo held; cat
    """
    there = shlex.join(["flock", f"{CLAIM}.lock", "sh", "-c", holding])
    ben = subprocess.Popen(
        [str(BOOT), "operator", "ssh", "-o", "BatchMode=yes", "mon-a", there],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert ben.stdout is not None
    assert ben.stdout.readline() == b"held\n"
    done = standfast(file, "up", "--json", check=False)
    ben.communicate()
    assert done.returncode == 1
    assert "standfast deploy of ben at desk, since 12:00:00 UTC, is at work" in done.stderr
    assert json.loads(standfast(file, "up", "--json").stdout)["changed"] == {}


@pytest.mark.parametrize("machine", MACHINES)
def test_its_firewall_is_loaded_and_lets_operators_in(machine: str, up: dict[str, Any]) -> None:
    words = ("-o", "BatchMode=yes", machine, "nft list table inet standfast")
    rules = operator("ssh", *words).stdout
    assert "policy drop" in rules
    port = 2222 if machine == "web-a" else 22
    assert f'ip saddr 10.88.0.0/24 tcp dport {port} accept comment "operators"' in rules


def test_closed_ports_are_silent_from_the_public_side(up: dict[str, Any]) -> None:
    ports = ("22", "5432", "7443", "8000", "8443", "443")
    heard = json.loads(operator(sys.executable, "-c", KNOCK, PUBLIC, *ports).stdout)
    assert heard == {**dict.fromkeys(ports, "silent"), "443": "open"}


def test_only_its_own_machines_reach_the_database(up: dict[str, Any]) -> None:
    heard = json.loads(operator(sys.executable, "-c", KNOCK, "10.88.0.14", "5432").stdout)
    assert heard == {"5432": "silent"}


@pytest.mark.parametrize("words", [("destroy", "--yes"), ("down",), ("drill", "web-server")])
def test_what_would_disturb_somebodys_machines_is_refused(
    file: Path, up: dict[str, Any], words: tuple[str, ...]
) -> None:
    before = on_disk()
    done = standfast(file, *words, check=False)
    assert done.returncode == 1
    assert "listed" in done.stderr
    assert on_disk() == before
    kept = HOME / "machines" / "mon-a" / "upper" / "var/lib/standfast/www/log/checkpoint"
    assert kept.stat().st_size > 0
