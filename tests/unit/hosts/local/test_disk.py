"""A file that plays a disk: overwritten where it holds something, dead, new again."""

from pathlib import Path
from uuid import UUID

import pytest

from standfast.mechanisms.hosts.local import loops
from standfast.mechanisms.hosts.local.disk import MIB, SUPERBLOCK, Disk
from standfast.mechanisms.hosts.volumes.look import is_stamped

SEED = b"seed"


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    made = Disk(file=tmp_path / "disk-1", size_bytes=64 * MIB)
    made.renew()
    return made


def write(disk: Disk, at: int, content: bytes) -> None:
    with disk.file.open("r+b") as file:
        file.seek(at)
        file.write(content)


def test_a_new_disk_is_empty_and_takes_no_room(disk: Disk) -> None:
    assert disk.file.stat().st_size == 64 * MIB
    assert disk.file.stat().st_blocks <= 8
    assert not disk.is_dead()
    assert disk.filesystem() is None


def test_a_new_disk_says_that_it_is_spare_until_it_becomes_a_member(disk: Disk) -> None:
    assert is_stamped(str(disk.file))
    disk.die()
    assert not is_stamped(str(disk.file))
    write(disk, 0, bytes(4096))
    assert not is_stamped(str(disk.file))


def test_whose_file_system_is_on_it_stands_in_its_superblock(disk: Disk) -> None:
    identity = UUID("9efccdf9-f4b5-490b-a84a-27bd29e54650")
    write(disk, SUPERBLOCK, bytes(32) + identity.bytes + bytes(16) + b"_BHRfS_M")
    assert disk.filesystem() == identity


def test_overwriting_leaves_nothing_of_what_was_there_and_fills_no_holes(disk: Disk) -> None:
    for at in (0, 20 * MIB, 63 * MIB):
        write(disk, at, b"kept" * 4096)
    before = disk.file.stat().st_blocks
    assert disk.overwrite(SEED) >= 3 * 4 * 4096
    assert b"kept" not in disk.file.read_bytes()
    assert disk.file.stat().st_blocks == before
    assert disk.file.stat().st_size == 64 * MIB


def test_a_dead_disk_holds_nothing_and_is_exchanged_for_one_of_the_same_size(disk: Disk) -> None:
    write(disk, SUPERBLOCK, bytes(64) + b"_BHRfS_M")
    disk.die()
    assert disk.is_dead()
    assert disk.filesystem() is None
    write(disk, MIB, b"what was under way")
    assert disk.is_dead()
    disk.renew()
    assert not disk.is_dead()
    assert disk.filesystem() is None


def test_attached_files_are_found_also_when_their_names_are_gone(tmp_path: Path) -> None:
    for name, file in (("loop3", "/sites/shop/disk-1"), ("loop12", "/sites/other/disk (deleted)")):
        place = tmp_path / name / "loop"
        place.mkdir(parents=True)
        (place / "backing_file").write_text(f"{file}\n")
    (tmp_path / "loop4").mkdir()
    found = loops.attached(tmp_path)
    assert found == {Path("/sites/shop/disk-1"): "/dev/loop3"}, "the other one is another file now"
    assert loops.below(Path("/sites/shop"), tmp_path) == ("/dev/loop3",)
    assert loops.below(Path("/sites/other"), tmp_path) == ("/dev/loop12",)
    assert loops.below(Path("/sites/sho"), tmp_path) == ()
