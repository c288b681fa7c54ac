"""Somebody's disk below a folder is seen, whatever its name."""

from pathlib import Path

from standfast.mechanisms.hosts.local.mounted import below

MOUNTS = r"""/dev/vda / ext4 rw 0 0
overlay /var/lib/standfast/sites/shop/machines/db-1/root overlay rw 0 0
/dev/loop0 /var/lib/standfast/sites/shop/machines/db-1/data/my\040disk ext4 rw 0 0
/dev/loop1 /var/lib/standfast/sites/shop-2/machines/db-1/data ext4 rw 0 0
"""


def test_what_is_mounted_in_a_folder_is_found_and_nothing_beside_it() -> None:
    home = Path("/var/lib/standfast/sites/shop")
    assert below(MOUNTS, home) == (
        home / "machines/db-1/data/my disk",
        home / "machines/db-1/root",
    )
    assert below(MOUNTS, Path("/srv")) == ()
