"""Machines of Debian 13: PostgreSQL 17, Python 3.13, systemd 257; and an update of one of them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import Site, fetched, make, tables

OLD = "2000a-0"
"""A version of `tzdata` that a machine is made to believe in, so that there is something newer."""

MACHINES = tables(
    {
        "edge-1": ["edge"],
        "web-1": ["web"],
        "web-2": ["web"],
        "db-1": ["database"],
        "db-2": ["database", "backup"],
        "monitor-1": ["monitor"],
    }
)
"""Every role, on few machines."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = make(tmp_path_factory.mktemp("trixie"), "test-trixie", 'suite = "trixie"\n' + MACHINES)
    try:
        made.answer("up", "--no-wait")
        yield made
    finally:
        made.run("destroy", "--yes")


def health(site: Site, machine: str) -> Any:
    (found,) = (each for each in site.status()["machines"] if each["name"] == machine)
    assert all(unit["state"] == "active" for unit in found["units"]), found["units"]
    return found["health"]


def test_the_service_is_built_and_served_there(site: Site) -> None:
    assert fetched(site, f"https://127.0.0.1:{site.port}/health") == b"ok\n"
    for machine in ("web-1", "db-1", "edge-1"):
        assert site.on(machine, "cat /etc/debian_version").startswith("13.")
    assert site.on("web-1", "readlink -f /srv/service/releases/*/.venv/bin/python").strip() == (
        "/usr/bin/python3.13"
    )
    assert site.on("db-1", "ls /usr/lib/postgresql").split() == ["17"]
    for machine in ("web-1", "db-1", "monitor-1"):
        assert site.on(machine, "systemctl --failed --plain --no-legend").strip() == ""


def test_status_knows_the_disks_and_the_clock_of_every_machine(site: Site) -> None:
    found = health(site, "db-1")
    assert {disk["folder"] for disk in found["disks"]} >= {"/"}
    assert all(0 < disk["used"] < 1 for disk in found["disks"])
    assert found["clock"]["settable"] is False, "it shares this computer's clock"
    assert abs(found["clock_off_s"]) < 2
    assert found["outdated"] == []


def test_a_disk_of_data_holds_a_reserve_and_gives_it_back_when_it_fills_up(site: Site) -> None:
    """On a small disk of its own: the machine's is this computer's, and nobody fills that."""
    site.on(
        "db-1",
        "mkdir -p /srv/small && mount -t tmpfs -o size=200M tmpfs /srv/small && "
        'sed -i \'s#"/var/lib/postgresql"#"/srv/small"#\' /etc/standfast/disks.json',
    )
    guard = "systemctl start standfast-disk-guard.service"
    try:
        site.on("db-1", guard)
        assert int(site.on("db-1", "stat -c %b /srv/small/.standfast-reserve")) > 0
        site.on("db-1", f"head -c 170M /dev/zero > /srv/small/growth; {guard}")
        assert "disk 87% full (/srv/small)" in site.run("status").stdout.replace("86%", "87%")
        site.on("db-1", f"head -c 26M /dev/zero >> /srv/small/growth; {guard}")
        assert "reserve" not in site.on("db-1", "ls -A /srv/small")
        said = site.on("db-1", "journalctl --output=cat --unit=standfast-disk-guard.service")
        assert "is 86% full" in said or "is 87% full" in said
        assert "nothing new is taken" in said
        site.on("db-1", "test -e /run/standfast/disk-full")
    finally:
        site.on("db-1", "umount /srv/small")
    assert "db-1" in site.answer("up", "--no-wait")["changed"], "the plan's own disks are back"
    site.on("db-1", f"{guard}; test ! -e /run/standfast/disk-full")


def test_an_update_shows_what_it_would_do_and_then_does_it_on_that_machine_alone(
    site: Site,
) -> None:
    site.on(
        "web-1",
        f"sed -i '/^Package: tzdata$/,/^$/s/^Version: .*/Version: {OLD}/' /var/lib/dpkg/status",
    )
    shown = site.run("update", "--dry-run", "--json")
    assert shown.returncode == 0, shown.stderr
    (step,) = json.loads(shown.stdout)["steps"]
    assert step["machine"] == "web-1"
    assert [(each["name"], each["old"]) for each in step["packages"]] == [("tzdata", OLD)]
    assert OLD in site.on("web-1", "dpkg-query -W tzdata"), "a dry run changes nothing"

    before = site.on("web-2", "cat /proc/1/stat").split()[21]
    done = site.run("update", "--json")
    assert done.returncode == 0, done.stderr
    assert OLD not in site.on("web-1", "dpkg-query -W tzdata")
    assert site.on("web-2", "cat /proc/1/stat").split()[21] == before, "web-2 was left alone"
    assert fetched(site, f"https://127.0.0.1:{site.port}/health") == b"ok\n"
    assert json.loads(site.run("update", "--dry-run", "--json").stdout)["steps"] == []
