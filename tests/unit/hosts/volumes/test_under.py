"""What a folder lies on, from the kernel's table of mounts."""

from standfast.mechanisms.hosts.volumes.under import pool, under

MOUNTINFO = r"""
21 1 9:1 / / rw,relatime shared:1 - ext4 /dev/md1 rw
22 21 0:20 / /proc rw,nosuid shared:12 - proc proc rw
40 21 0:51 /data/postgresql /var/lib/postgresql rw,noatime - btrfs /dev/loop4 rw,subvol=/
41 21 0:52 / /srv/with\040space rw - zfs tank/srv rw,xattr
42 21 253:3 / /var/lib/postgresql-old rw - xfs /dev/mapper/vg-old rw
43 40 8:17 / /var/lib/postgresql/wal rw - ext4 /dev/sdb1 rw
"""


def on(folder: str) -> tuple[str, str, str]:
    found = under(folder, MOUNTINFO)
    assert found is not None
    return found.kind, found.source, found.device


def test_the_deepest_mount_above_a_folder_is_what_it_lies_on() -> None:
    assert on("/var/lib/postgresql") == ("btrfs", "/dev/loop4", "0:51")
    assert on("/var/lib/postgresql/data/base") == ("btrfs", "/dev/loop4", "0:51")
    assert on("/var/lib/postgresql/wal") == ("ext4", "/dev/sdb1", "8:17")
    assert on("/var/lib/postgresql-new") == ("ext4", "/dev/md1", "9:1")
    assert on("/srv/with space/files")[1] == "tank/srv"


def test_of_two_at_one_place_the_later_hides_the_earlier() -> None:
    again = MOUNTINFO + "50 40 0:60 / /var/lib/postgresql rw - tmpfs tmpfs rw\n"
    found = under("/var/lib/postgresql", again)
    assert found is not None
    assert found.kind == "tmpfs"


def test_no_mount_is_no_mount() -> None:
    assert under("/srv", "") is None


def test_a_data_set_is_in_the_pool_that_its_name_begins_with() -> None:
    assert pool("rpool/ROOT/debian-1") == "rpool"
    assert pool("tank") == "tank"
