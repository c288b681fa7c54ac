"""What the kernel and the programs of btrfs say, as they said it (Linux 6.18, btrfs-progs 6.2)."""

import struct
import time

import pytest

from standfast.mechanisms.hosts.volumes import btrfs
from standfast.mechanisms.hosts.volumes.model import Member, Scrub

STATS = bytes.fromhex(
    "0200000000000000 0500000000000000 0000000000000000 7400000000000000"
    "0200000000000000 0100000000000000 0028000000000000 0300000000000000"
)
"""Of the second device: it refused 116 writes, 2 reads and a flush."""

GIB = 1024**3
SINGLE, RAID1 = 0, 16
DATA, SYSTEM, METADATA = 1, 2, 4

SCRUBBED = """\
UUID:             9efccdf9-f4b5-490b-a84a-27bd29e54650
Scrub started:    Mon Nov 30 03:38:22 2026
Status:           finished
Duration:         0:00:00
	data_extents_scrubbed: 1280
	tree_extents_scrubbed: 28
	data_bytes_scrubbed: 83886080
	tree_bytes_scrubbed: 458752
	read_errors: 0
	csum_errors: 10240
	verify_errors: 56
	no_csum: 7
	csum_discards: 0
	super_errors: 1
	malloc_errors: 0
	uncorrectable_errors: 4
	unverified_errors: 0
	corrected_errors: 10296
	last_physical: 224133120
"""

NEVER = """\
UUID:             9efccdf9-f4b5-490b-a84a-27bd29e54650
	no stats available
"""


def space(*entries: tuple[int, int]) -> bytes:
    """Flags and bytes of each."""
    rows = b"".join(struct.pack("=QQQ", flags, size, 0) for flags, size in entries)
    return struct.pack("=QQ", 32, len(entries)) + rows


def test_refused_operations_and_damaged_blocks_are_counted_apart() -> None:
    seen = btrfs.member(2, "/dev/loop4", STATS)
    assert seen == Member(name="2", errors=119, corrupt=10243)
    assert seen.fails


def test_damaged_blocks_alone_are_no_failure() -> None:
    damaged = struct.pack("=8Q", 2, 5, 0, 0, 0, 0, 7, 0)
    assert not btrfs.member(2, "/dev/loop4", damaged).fails


def test_a_volume_all_of_whose_room_is_given_out_is_full() -> None:
    answer = bytes(24) + struct.pack("=QQ", 2 * GIB, 8 * GIB) + bytes(4056)
    assert btrfs.room_in(answer) == (2 * GIB, 8 * GIB)
    assert not btrfs.is_full(seen(rooms=((2 * GIB, 8 * GIB), (5 * GIB, 8 * GIB))))
    assert btrfs.is_full(seen(rooms=((2 * GIB, 8 * GIB), (6 * GIB, 8 * GIB))))


def seen(*, rooms: tuple[tuple[int, int], ...]) -> btrfs.Seen:
    return btrfs.Seen(uuid="", members=(), devices=frozenset(), rooms=rooms, unmirrored=(), busy="")


def test_a_disk_that_is_not_there_has_no_path_and_is_gone() -> None:
    assert btrfs.path_in(bytes(4096)) == ""
    assert btrfs.path_in(bytes(3072) + b"/dev/loop4" + bytes(1014)) == "/dev/loop4"
    assert btrfs.member(2, "", bytes(1032)) == Member(name="2", gone=True)


def test_what_is_held_once_is_named_unless_nothing_is_in_it() -> None:
    """`dup` are two copies on one disk."""
    mirrored = [(kind | RAID1, 8388608) for kind in (DATA, SYSTEM, METADATA)]
    reserve = (1 << 49, 5767168)
    assert list(btrfs.held_once(space(*mirrored, reserve))) == []
    assert list(btrfs.held_once(space(*mirrored, (DATA | SINGLE, 117440512)))) == ["data (single)"]
    assert list(btrfs.held_once(space(*mirrored, (METADATA | 32, 1)))) == ["metadata (dup)"]
    assert list(btrfs.held_once(space(*mirrored, (DATA | 8, 1)))) == ["data (raid0)"]
    assert list(btrfs.held_once(space(*mirrored, (DATA | SINGLE, 0)))) == []
    assert list(btrfs.held_once(space((DATA | METADATA, 1)))) == ["data and metadata (single)"]


@pytest.mark.parametrize("profile", [16, 64, 512, 1024])
def test_every_kind_of_mirror_is_one(profile: int) -> None:
    assert list(btrfs.held_once(space((DATA | profile, 1)))) == []


def test_a_scrub_says_when_it_began_and_what_it_found() -> None:
    began = time.mktime((2026, 11, 30, 3, 38, 22, 0, 0, -1))
    assert btrfs.parse_scrub(SCRUBBED) == Scrub(
        began_at=began, finished=True, corrected=10296, uncorrectable=4
    )
    running = btrfs.parse_scrub(SCRUBBED.replace("finished", "running"))
    assert running is not None
    assert not running.finished


@pytest.mark.parametrize("printed", [NEVER, "", SCRUBBED.replace("finished", "aborted")])
def test_one_that_never_ended_shows_nothing(printed: str) -> None:
    assert btrfs.parse_scrub(printed) is None
