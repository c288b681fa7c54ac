"""What may be planted against the store: readers are misled, and whoever writes is not."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from standfast.core.command import SystemRunner
from standfast.core.errors import CommandFailed
from standfast.mechanisms.backup.offsite.commands import PASSWORD
from standfast.mechanisms.backup.offsite.figures import Seen, figures
from standfast.mechanisms.backup.offsite.location import Stands
from standfast.mechanisms.backup.offsite.machine import Files, repository, to_read
from standfast.mechanisms.backup.offsite.spoil import CUT_SHORT, Spoilt, refused, spoil
from standfast.mechanisms.backup.offsite.store import Kind, Store
from standfast.promises.catalog import OFFSITE_SNAPSHOT
from standfast.promises.judge import judge
from standfast.promises.model import Outcome

from .seen import NOW

OBJECTIVE = OFFSITE_SNAPSHOT.parts[0].objective
ELSEWHERE = Stands(elsewhere=True, measured=True, why="it is beside no machine")
PLACES = {
    Kind.S3: "https://s3.example.test/bucket/shop",
    Kind.AZURE: "account/container/shop",
    Kind.SFTP: "shop@store.example.test:2222/srv/shop",
    Kind.FOLDER: "/srv/shop",
}


@pytest.fixture
def files(tmp_path: Path) -> Files:
    (tmp_path / "keys").write_text(json.dumps({PASSWORD: "the-key"}))
    store = Store(kind=Kind.FOLDER, location=str(tmp_path / "store"))
    (tmp_path / "store.json").write_bytes(store.to_json())
    return Files(
        store=tmp_path / "store.json",
        keys=tmp_path / "keys",
        override=tmp_path / "override.json",
    )


def plant(kind: Spoilt, files: Files) -> None:
    planted = files.override.with_name("planted")
    spoil(kind, files, planted, runner=SystemRunner(), now=NOW)


def test_an_old_snapshot_is_all_that_readers_see_and_breaks_the_promise(files: Files) -> None:
    plant(Spoilt.OLD_SNAPSHOT, files)
    found = to_read(SystemRunner(), files, cache=None).snapshots()
    measured = figures(Seen(snapshots=found, opens_without_key=False, stands=ELSEWHERE), NOW)
    assert measured["snapshot_age_s"] == timedelta(days=3).total_seconds()
    assert judge(OBJECTIVE, measured) is Outcome.BROKEN
    plant(Spoilt.NONE, files)
    assert not files.override.exists()
    assert not files.override.with_name("planted").exists()


@pytest.mark.parametrize("kind", [each for each in Spoilt if each is not Spoilt.OLD_SNAPSHOT])
def test_whoever_writes_is_never_misled(files: Files, kind: Spoilt) -> None:
    plant(kind, files)
    assert repository(SystemRunner(), files).access.store == files.known_store()


def test_one_fault_takes_the_place_of_another(files: Files) -> None:
    plant(Spoilt.REFUSED_STORE, files)
    plant(Spoilt.TRUNCATED_SNAPSHOT, files)
    assert files.misled() == {CUT_SHORT: True}
    assert to_read(SystemRunner(), files).access.store == files.known_store()


def test_a_folder_that_refuses_is_no_repository(files: Files) -> None:
    plant(Spoilt.REFUSED_STORE, files)
    with pytest.raises(CommandFailed):
        to_read(SystemRunner(), files, cache=None).snapshots()


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_store_is_asked_by_somebody_whom_it_does_not_know(kind: Kind) -> None:
    known = Store(kind=kind, location=PLACES[kind])
    said = refused(known)
    misled = Store.from_document(said["store"]) if "store" in said else known
    assert misled.parts, "it is still a place of that kind"
    assert misled != known or said["words"]
