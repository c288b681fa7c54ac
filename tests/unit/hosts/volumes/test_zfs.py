"""`zpool status`, in the form that OpenZFS 2.1 gives it."""

import time
from pathlib import Path

import pytest

from standfast.mechanisms.hosts.volumes import zfs
from standfast.mechanisms.hosts.volumes.health import is_mirrored, is_whole

PRINTED = Path(__file__).with_name("printed")
WELL = (PRINTED / "zpool-mirror.txt").read_text()

STANDS_IN = (PRINTED / "zpool-spare-stands-in.txt").read_text()

ALONE = (PRINTED / "zpool-one-disk.txt").read_text()

HALF = WELL.replace("\tlogs\t\n", "\t  sdz            ONLINE       0     0     0\n\tlogs\t\n")


def test_a_pool_of_a_mirror_is_whole_and_says_when_it_was_read_through() -> None:
    pool = zfs.parse(WELL)
    assert is_whole(pool)
    assert pool.name == "rpool"
    assert [each.name for each in pool.members] == ["nvme0n1p3", "nvme1n1p3"]
    assert pool.spares == ("nvme3n1p3",)
    assert pool.scrub is not None
    assert pool.scrub.began_at == time.mktime((2026, 11, 8, 0, 27, 14, 0, 0, -1))


def test_a_pool_in_which_a_spare_stands_in_is_mirrored_and_not_whole() -> None:
    pool = zfs.parse(STANDS_IN)
    assert is_mirrored(pool)
    assert not is_whole(pool)
    assert pool.busy == "resilver"
    assert pool.failing is not None
    assert (pool.failing.name, pool.failing.errors) == ("nvme1n1p3", 1203)


@pytest.mark.parametrize(("printed", "alone"), [(ALONE, "sda"), (HALF, "sdz")])
def test_one_disk_beside_the_mirror_leaves_the_pool_unmirrored(printed: str, alone: str) -> None:
    pool = zfs.parse(printed)
    assert not is_mirrored(pool)
    assert pool.unmirrored == (alone,)


def test_errors_that_no_scrub_could_correct_are_no_health() -> None:
    assert not is_whole(zfs.parse(WELL.replace("with 0 errors", "with 2 errors")))
    assert not is_whole(
        zfs.parse(WELL.replace("nvme0n1p3  ONLINE       0", "nvme0n1p3  ONLINE       1"))
    )
