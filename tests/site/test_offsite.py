"""`offsite-snapshot` on a real site: a snapshot in a store that only backup machines reach, really
brought back; and what is damaged in the store itself is found. The faults of its calibrations
(`refused-store`, `truncated-snapshot`), `up` has planted."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from .conftest import Site
from .test_backups import BACKUPS, proven_now, there
from .test_redundant_web import published

Proven = tuple[Site, Any]
PROMISE = "offsite-snapshot"
HOME = "/var/lib/standfast-backup/offsite"
STORE = "https://198.51.100.10/standfast/"
ASK = ("curl", "--silent", "--insecure", "--max-time", "3", "--output", "/dev/null")
SPARE = ("fetched", "returned", "passed", "planted", "override.json")
"""What is there only while something goes on."""


@pytest.fixture(scope="module")
def site(proven: Proven) -> Site:
    return proven[0]


def proofs(site: Site, *, status: int = 0) -> dict[str, Any]:
    said = site.answer("prove", PROMISE, status=status)["proofs"]
    return {each["drill"]: each for each in said}


def objects(site: Site) -> Path:
    return site.home / "store" / "objects" / site.name


def test_up_has_taken_a_snapshot_and_it_comes_back(site: Site) -> None:
    found = proofs(site)
    looked, back = found["offsite-snapshot"], found["offsite-restore"]
    assert (looked["outcome"], back["outcome"]) == ("kept", "kept"), found
    assert looked["seen"]["stands"] == {
        "elsewhere": True,
        "measured": True,
        "why": "198.51.100.10 is beside no machine",
    }
    assert looked["grade"] == back["grade"] == "rehearsed"
    names = {each["name"] for each in back["seen"]["checks"]}
    assert {"restored", "identifier", "replayed", "heartbeat", "rows", "compared"} <= names
    assert {"structure", "pages"} <= names
    for machine in BACKUPS:
        assert not [each for each in SPARE if there(site, machine, f"{HOME}/{each}")]


def test_up_has_seen_both_checks_red(proven: Proven) -> None:
    site, said = proven
    red = {
        each["predicate"]["red"]["drill"]: each["predicate"]["red"]["measured"]
        for each in published(site, said["trust_url"])
        if each["predicateType"].endswith("calibration:v1")
        and each["predicate"]["promise"] == PROMISE
    }
    assert red["offsite-snapshot"] == {"missing_snapshots": 1}
    assert red["offsite-restore"]["failed_checks"] > 0


def test_only_backup_machines_reach_the_store(site: Site) -> None:
    for machine in BACKUPS:
        site.on(machine, *ASK, STORE)
    for machine in ("db-1", "web-1", "monitor-1", "edge-1"):
        with pytest.raises(subprocess.CalledProcessError):
            site.on(machine, *ASK, STORE)


def test_nothing_in_the_store_can_be_read_without_the_key(site: Site) -> None:
    """Account names and passwords' hashes stand in every copy of the database."""
    stored = [path.read_bytes() for path in objects(site).rglob("*") if path.is_file()]
    assert stored
    for word in (b"you@example.com", b"PG_VERSION", b"pbkdf2_sha256", b"SCRAM-SHA-256"):
        assert not any(word in each for each in stored)


@contextmanager
def flipped(path: Path) -> Iterator[None]:
    """One bit of the file, put back afterwards."""
    whole = path.read_bytes()
    other = bytearray(whole)
    other[len(other) // 2] ^= 1
    path.write_bytes(other)
    try:
        yield
    finally:
        path.write_bytes(whole)


def test_a_bit_that_has_changed_in_the_store_is_found(site: Site) -> None:
    largest = max((objects(site) / "data").glob("*/*"), key=lambda path: path.stat().st_size)
    with flipped(largest):
        found = proofs(site, status=1)["offsite-restore"]
    assert found["outcome"] == "broken"
    (failed,) = [each for each in found["seen"]["checks"] if not each["passed"]]
    assert failed["name"] == "restored"
    assert proofs(site)["offsite-restore"]["outcome"] == "kept"


def test_an_old_snapshot_is_no_snapshot_of_today(site: Site) -> None:
    declared = json.loads(site.on("backup-1", "cat /etc/standfast/faults/old-snapshot.json"))
    for machine in BACKUPS:
        site.on(machine, *declared["plant"])
    try:
        found = proofs(site, status=1)["offsite-snapshot"]
    finally:
        for machine in BACKUPS:
            site.on(machine, *declared["remove"])
    assert found["outcome"] == "broken"
    assert found["measured"]["snapshot_age_s"] > 2 * 24 * 3600


def test_copies_on_site_go_on_while_the_store_is_away(site: Site) -> None:
    subprocess.run(
        ["ip", "-n", f"standfast.{site.name}", "link", "set", "p-store", "down"], check=True
    )
    try:
        looked = site.answer("drill", "offsite-snapshot", status=1)["proofs"][0]
        assert looked["measured"] == {"missing_snapshots": 1}
        assert proven_now(site, "onsite-backup")["outcome"] == "kept"
    finally:
        cable(site, "up")
    assert {each["outcome"] for each in proofs(site).values()} == {"kept"}


def cable(site: Site, way: str) -> None:
    """The store's, into the site."""
    words = ("ip", "-n", f"standfast.{site.name}", "link", "set", "p-store", way)
    subprocess.run(words, check=True)


def test_retention_keeps_what_is_new(site: Site) -> None:
    done = site.run("backup", "offsite", "retain")
    assert done.returncode == 0, done.stderr
    assert "0 need not be kept" in done.stdout


def test_the_data_comes_back_with_nothing_but_the_envelope(site: Site, tmp_path: Path) -> None:
    """From no folder of the site's, by no key of an operator's: as on another computer, but for the
    way to the store, which stands here."""
    file, into = tmp_path / "site.envelope", tmp_path / "back"
    phrase = site.answer("keys", "envelope", "-o", str(file), "--print-passphrase")["passphrase"]
    done = subprocess.run(
        [site.command()[0], "recover", "snapshot", "--json", *brought(file, into)],
        input=phrase,
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["site"] == site.name
    assert int(said["tables"]) > 0
    assert (into / "data" / "PG_VERSION").read_text().strip() == said["postgresql"]
    assert (into / "data" / "global" / "pg_control").exists()


def brought(file: Path, into: Path) -> tuple[str, ...]:
    return ("--envelope", str(file), "--into", str(into))
