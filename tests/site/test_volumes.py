"""Disks that are files, mirrored, of a site that asks for them: one is overwritten, one dies, and a
second reader finds every byte."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Site, make
from .test_redundant_web import until

MIRRORED = """
[volumes]
mirrored = true
size_gb = 16
[[machines]]
name = "edge-1"
roles = ["edge", "web", "monitor"]
[[machines]]
name = "db-1"
roles = ["edge", "web", "database"]
[[machines]]
name = "db-2"
roles = ["database", "backup"]
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = make(tmp_path_factory.mktemp("mirrored"), "test-mirrored", MIRRORED)
    try:
        made.answer("up", "--no-wait")
        yield made
    finally:
        made.run("destroy", "--yes")


def test_each_check_is_seen_red_where_nobody_looks_at_the_disks(site: Site) -> None:
    said = site.answer("doubt", "mirrored-volumes")
    assert {each["drill"] for each in said["calibrations"]} == {
        "mirrored-volumes",
        "volumes-watched",
    }
    for each in said["calibrations"]:
        assert each["fault"] == "unwatched-volumes"
        assert (each["red"]["outcome"], each["green"]["outcome"]) == ("broken", "kept")


def test_a_disk_of_a_database_fails_and_a_second_reader_finds_every_byte(site: Site) -> None:
    """Written, summed and read by programs of the distribution; the kernel's counts as `btrfs` on
    this computer tells them."""
    name = site.primary()
    kept = "/var/lib/standfast-volume/second"
    site.on(
        name,
        f"mkdir -p {kept} && cd {kept} && for i in $(seq 64); do "
        "head -c 262144 /dev/urandom >$i; done; sync; sha256sum * >../second.sums",
    )
    before = members(site, name)
    drill = site.start("drill", "mirrored-volumes", "--machine", name, "--json")
    damaged = 0
    while drill.poll() is None:
        damaged = max(damaged, *counted(site, name, "corruption_errs"))
        site.on(name, f"cd {kept} && sha256sum --quiet --check ../second.sums")
    printed, said = drill.communicate()
    assert drill.returncode == 0, (said, printed)
    (proof,) = json.loads(printed)["proofs"]
    assert (proof["outcome"], proof["grade"]) == ("kept", "rehearsed")
    measured = proof["measured"]
    assert measured["wrong_bytes"] == measured["uncorrected"] == measured["failed_operations"] == 0
    assert measured["bytes_read"] > 10_000_000
    assert 0 < damaged <= measured["corrected"] + SLACK
    site.on(name, f"cd {kept} && sha256sum --quiet --check ../second.sums && rm -r {kept}")
    after = members(site, name)
    assert len(after) == len(before) == 2
    assert len(after & before) == 1, "the spare is a member now, and one disk is none any more"
    assert counted(site, name, "write_io_errs") == [0, 0]
    assert "takes the place of" in site.on(name, "journalctl -u standfast-volumes.service")


def test_a_drill_that_is_killed_leaves_no_dead_disk(site: Site) -> None:
    """Killed as soon as the device is gone, when its file may be there yet."""
    disks = site.home / "machines" / "edge-1" / "disks"
    backings = Path("/sys/block").glob("loop*/loop/backing_file")
    devices = [each.parents[1] for each in backings if str(disks) in each.read_text()]
    assert len(devices) == 3

    def sizes() -> set[str]:
        return {(each / "size").read_text().strip() for each in devices}

    drill = site.start("drill", "mirrored-volumes", "--machine", "edge-1")
    until(lambda: "0" in sizes(), 60, "none dies", every_s=0.001)
    subprocess.run(["pkill", "-KILL", "--session", str(drill.pid)], check=True)
    drill.communicate()
    until(lambda: not (site.home / "drill.json").exists(), 90, "the drill's note stays")
    assert len(sizes()) == len({each.stat().st_size for each in disks.glob("disk-*")}) == 1
    assert len(members(site, "edge-1")) == 2
    assert counted(site, "edge-1", "write_io_errs") == [0, 0]


SLACK = 64
"""Blocks that were written and damaged since the drill looked."""


def members(site: Site, machine: str) -> frozenset[str]:
    shown = asked_of_btrfs("filesystem", "show", "--raw", str(site.disk(machine)))
    return frozenset(line.split()[-1] for line in shown.splitlines() if "devid" in line)


def counted(site: Site, machine: str, what: str) -> list[int]:
    """`[/dev/loop3].corruption_errs  2944`, of each member."""
    shown = asked_of_btrfs("device", "stats", str(site.disk(machine)))
    return [int(line.split()[-1]) for line in shown.splitlines() if f".{what} " in line]


def asked_of_btrfs(*words: str) -> str:
    done = subprocess.run(["btrfs", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
