"""A lost site's data, from its store and its envelope alone, by the real restic."""

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from standfast.core.command import SystemRunner
from standfast.core.errors import CannotVerify, CommandFailed, ConfigError, Refused
from standfast.mechanisms.backup.offsite.commands import Access
from standfast.mechanisms.backup.offsite.places import PASSED
from standfast.mechanisms.backup.offsite.repository import OffsiteRepository
from standfast.mechanisms.backup.offsite.snapshots import Source
from standfast.mechanisms.backup.offsite.store import Kind, Store

from .test_envelope import a_site, opened, written
from .test_operator import Desk

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="sites are root's")

NOW = datetime(2026, 11, 29, 6, 0, tzinfo=UTC)
SOURCE = Source(copy="20261129-024420F", position="0/5000028", data_at=NOW)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def anna(tmp_path: Path, store: Path) -> Desk:
    desk = a_site(tmp_path / "shared", "anna", f"r{os.getpid()}")
    with (desk.shared / "standfast.toml").open("a") as file:
        file.write(f'[offsite]\nkind = "folder"\nlocation = "{store}"\n')
    return desk


def passed(folder: Path) -> Path:
    """What a restore leaves that has passed, with a tablespace."""
    (folder / "data" / "base").mkdir(parents=True)
    (folder / "data" / "base" / "1").write_bytes(b"rows" * 1000)
    (folder / "data" / "PG_VERSION").write_text("15\n")
    (folder / "tablespaces" / "16400").mkdir(parents=True)
    (folder / "data" / "pg_tblspc").mkdir()
    (folder / "data" / "pg_tblspc" / "16400").symlink_to(f"{PASSED}/tablespaces/16400")
    (folder / "report.json").write_text(json.dumps({"tables": {"shop.public.week": [3, "7"]}}))
    return folder


def sent(desk: Desk, store: Path, folder: Path) -> str:
    """With the key that is sealed; the snapshot's id."""
    access = Access(
        store=Store(kind=Kind.FOLDER, location=str(store)),
        words={},
        password=opened(desk).read("drawn/offsite_secret").decode(),
    )
    repository = OffsiteRepository(access=access, runner=SystemRunner())
    repository.prepare()
    return repository.snapshot(folder, SOURCE, machine="backup-1", now=NOW).id


def lost(desk: Desk, tmp_path: Path) -> Desk:
    """Everything but the store and the envelope is gone; somebody sits at another computer."""
    shutil.rmtree(desk.shared)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    return Desk(tmp_path / "ben", elsewhere)


def test_the_data_comes_back_with_nothing_but_envelope_and_store(
    anna: Desk, store: Path, tmp_path: Path
) -> None:
    snapshot = sent(anna, store, passed(tmp_path / "passed"))
    envelope, phrase = written(anna)
    ben, into = lost(anna, tmp_path), tmp_path / "back"
    words = ("recover", "snapshot", "--envelope", str(envelope), "--json")
    said = json.loads(ben.says(*words, "--into", str(into), stdin=phrase, named=False).stdout)
    assert said["snapshot"].startswith(snapshot)
    assert (said["postgresql"], said["tables"]) == ("15", "1")
    assert (into / "data" / "base" / "1").read_bytes() == b"rows" * 1000
    link = (into / "data" / "pg_tblspc" / "16400").readlink()
    assert link == into / "tablespaces" / "16400"
    assert sorted(each.name for each in into.iterdir()) == [
        "data",
        "pg_hba.conf",
        "report.json",
        "tablespaces",
    ]
    looked = ben.says(*words[:-1], stdin=phrase, named=False).stdout
    assert snapshot[:8] in looked
    assert all(len(line) <= 80 for line in looked.splitlines())


def test_a_folder_with_something_in_it_is_left_alone(anna: Desk, tmp_path: Path) -> None:
    envelope, _ = written(anna)
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(Refused, match="is not empty"):
        anna.says("recover", "snapshot", "--envelope", str(envelope), "--into", str(tmp_path))
    assert (tmp_path / "mine").read_text() == "mine"


def test_what_a_killed_run_has_left_is_no_obstacle(anna: Desk, store: Path, tmp_path: Path) -> None:
    sent(anna, store, passed(tmp_path / "passed"))
    envelope, phrase = written(anna)
    into = tmp_path / "back"
    (into / ".arriving" / "half").mkdir(parents=True)
    (into / ".arriving" / "half" / "file").write_text("half")
    anna.says(
        *("recover", "snapshot", "--envelope", str(envelope), "--into", str(into)), stdin=phrase
    )
    assert not (into / ".arriving").exists()
    assert (into / "data" / "PG_VERSION").exists()


def test_a_damaged_pack_brings_nothing_that_looks_whole(
    anna: Desk, store: Path, tmp_path: Path
) -> None:
    sent(anna, store, passed(tmp_path / "passed"))
    envelope, phrase = written(anna)
    pack = max((store / "data").glob("*/*"), key=lambda path: path.stat().st_size)
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(content)
    into = tmp_path / "back"
    with pytest.raises(CommandFailed):
        anna.says(
            *("recover", "snapshot", "--envelope", str(envelope), "--into", str(into)),
            stdin=phrase,
        )
    assert not (into / "data").exists()


def test_no_snapshot_and_no_store_are_said(anna: Desk, store: Path, tmp_path: Path) -> None:
    envelope, phrase = written(anna)
    words = ("recover", "snapshot", "--envelope", str(envelope))
    with pytest.raises(CommandFailed, match="no repository at that place"):
        anna.says(*words, stdin=phrase)
    sent(anna, store, passed(tmp_path / "passed"))
    with pytest.raises(CannotVerify, match="no snapshot ffff lies off site"):
        anna.says(*words, "--id", "ffff", stdin=phrase)


def test_another_passphrase_opens_nothing(anna: Desk, store: Path, tmp_path: Path) -> None:
    one, _ = written(anna, "one.envelope")
    _, other = written(anna, "other.envelope")
    with pytest.raises(Refused, match="this passphrase does not open it"):
        anna.says("recover", "snapshot", "--envelope", str(one), stdin=other)


def test_what_is_no_envelope_is_refused(anna: Desk, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("something else")
    with pytest.raises(ConfigError, match="no recovery envelope"):
        anna.says("recover", "snapshot", "--envelope", str(tmp_path / "file"), stdin="x")
