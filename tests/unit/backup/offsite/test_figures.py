"""What a proof of `offsite-snapshot` measures, and where the store stands."""

from datetime import timedelta

import pytest

from standfast.mechanisms.backup.offsite.figures import Seen, figures
from standfast.mechanisms.backup.offsite.location import Stands, door, stands
from standfast.mechanisms.backup.offsite.snapshots import Snapshot
from standfast.mechanisms.backup.offsite.store import Kind, Store

from .seen import NOW, snapshot

HOUR = timedelta(hours=1)
AWAY = Stands(elsewhere=True, measured=True, why="")
S3 = Store(kind=Kind.S3, location="https://s3.example.test:9000/bucket/folder", region="eu-1")
FOLDER = Store(kind=Kind.FOLDER, location="/srv/shop")
SITE = ("192.0.2.10", "2001:db8:1::10")


def seen(*snapshots: Snapshot, opens: bool = False, where: Stands = AWAY) -> Seen:
    return Seen(snapshots=snapshots, opens_without_key=opens, stands=where)


def test_the_newest_and_the_longest_gap_are_measured() -> None:
    found = figures(seen(snapshot(2 * HOUR), snapshot(26 * HOUR), snapshot(60 * HOUR)), NOW)
    assert found == {
        "missing_snapshots": 0,
        "snapshot_age_s": 7200,
        "longest_gap_s": 34 * 3600,
        "readable_without_key": 0,
        "same_place": 0,
    }


def test_without_a_snapshot_one_is_missing_and_no_age_is_said() -> None:
    found = figures(seen(), NOW)
    assert found["missing_snapshots"] == 1
    assert "snapshot_age_s" not in found
    assert "longest_gap_s" not in found


def test_a_snapshot_is_as_old_as_its_data() -> None:
    assert figures(seen(snapshot(HOUR, data_age=30 * HOUR)), NOW)["snapshot_age_s"] == 30 * 3600


def test_one_of_the_future_or_of_somebody_else_counts_for_nothing() -> None:
    found = figures(seen(snapshot(-2 * HOUR), snapshot(HOUR, ours=False)), NOW)
    assert found["missing_snapshots"] == 1


def test_an_old_gap_is_forgotten() -> None:
    old = [snapshot(timedelta(days=days)) for days in (30, 20, 8)]
    lately = [snapshot(timedelta(days=days)) for days in range(8)]
    assert figures(seen(*old, *lately), NOW)["longest_gap_s"] == 24 * 3600


def test_a_store_that_opens_without_its_key_or_stands_here_is_told() -> None:
    here = Stands(elsewhere=False, measured=True, why="")
    found = figures(seen(snapshot(HOUR), opens=True, where=here), NOW)
    assert (found["readable_without_key"], found["same_place"]) == (1, 1)


@pytest.mark.parametrize("near", ["192.0.2.10", "192.0.2.200", "2001:db8:1:5::1"])
def test_a_store_beside_a_machine_is_not_elsewhere(near: str) -> None:
    found = stands(S3, at=("198.51.100.7", near), site=SITE)
    assert (found.elsewhere, found.measured) == (False, True)


def test_a_store_beside_no_machine_is_elsewhere_by_measure() -> None:
    found = stands(S3, at=("198.51.100.7", "2001:db8:2::1"), site=SITE)
    assert (found.elsewhere, found.measured) == (True, True)


def test_equal_regions_are_one_place_whatever_the_address() -> None:
    same = Store(kind=Kind.S3, location=S3.location, region="EU-1", site_region="eu-1")
    assert not stands(same, at=("198.51.100.7",), site=SITE).elsewhere


def test_a_folder_is_elsewhere_by_word_alone() -> None:
    assert not stands(FOLDER, at=(), site=SITE).elsewhere
    said = Store(kind=Kind.FOLDER, location="/srv", region="Cologne", site_region="Basel")
    assert stands(said, at=(), site=SITE) == Stands(
        elsewhere=True, measured=False, why="Cologne and Basel, by the company's word"
    )


@pytest.mark.parametrize(
    ("kind", "where", "found"),
    [
        (Kind.S3, "https://s3.example.test/bucket/site", ("s3.example.test", 443)),
        (Kind.S3, "http://10.0.0.1:9000/bucket/site", ("10.0.0.1", 9000)),
        (Kind.AZURE, "shop/container/folder", ("shop.blob.core.windows.net", 443)),
        (Kind.SFTP, "a@b.example.test:23/x", ("b.example.test", 23)),
        (Kind.FOLDER, "/srv", None),
    ],
)
def test_where_a_store_answers(kind: Kind, where: str, found: tuple[str, int] | None) -> None:
    assert door(Store(kind=kind, location=where)) == found
