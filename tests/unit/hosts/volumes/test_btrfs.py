"""What the kernel and the programs of btrfs say, as they said it (Linux 6.18, btrfs-progs 6.2)."""

import time
from pathlib import Path

import pytest

from standfast.mechanisms.hosts.volumes import btrfs
from standfast.mechanisms.hosts.volumes.model import Member, Scrub

STATS = """\
write_errs 116
read_errs 2
flush_errs 1
corruption_errs 10240
generation_errs 3
"""

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


def put(place: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return place


def a_mirror(place: Path, **changes: str) -> Path:
    """As it lies in sysfs. A profile has a folder once something was kept with it."""
    device = {"missing": "0\n", "error_stats": "write_errs 0\n", "replace_target": "0\n"}
    return put(
        place,
        {
            "exclusive_operation": "none\n",
            "devices/loop0/size": "",
            "devices/loop4/size": "",
            **{
                f"devinfo/{number}/{name}": each
                for number in (1, 2)
                for name, each in device.items()
            },
            **{
                f"allocation/{kind}/{name}": "8388608\n"
                for kind in ("data", "metadata", "system")
                for name in ("total_bytes", "raid1/total_bytes")
            },
            **changes,
        },
    )


def test_a_mirror_that_is_well_has_two_members_and_holds_nothing_once(tmp_path: Path) -> None:
    seen = btrfs.read(a_mirror(tmp_path / "9efccdf9"))
    assert seen.members == (Member(name="1"), Member(name="2"))
    assert (seen.uuid, seen.unmirrored, seen.busy) == ("9efccdf9", (), "")
    assert btrfs.failing(seen) is None
    assert seen.holds("/dev/loop4")
    assert not seen.holds("/dev/loop5")


def test_refused_writes_and_damaged_blocks_are_counted_apart(tmp_path: Path) -> None:
    seen = btrfs.read(a_mirror(tmp_path, **{"devinfo/2/error_stats": STATS}))
    assert seen.members[1] == Member(name="2", errors=119, corrupt=10243)
    assert btrfs.failing(seen) == seen.members[1]


def test_damaged_blocks_alone_are_no_failure(tmp_path: Path) -> None:
    seen = btrfs.read(a_mirror(tmp_path, **{"devinfo/2/error_stats": "corruption_errs 9\n"}))
    assert btrfs.failing(seen) is None


def test_a_disk_that_is_not_there_is_gone(tmp_path: Path) -> None:
    gone = {"devinfo/2/missing": "1\n", "devinfo/2/error_stats": "invalid\n"}
    assert btrfs.read(a_mirror(tmp_path, **gone)).members[1] == Member(name="2", gone=True)


def test_what_a_replacement_writes_to_is_no_member_yet(tmp_path: Path) -> None:
    target = {"devinfo/0/replace_target": "1\n", "exclusive_operation": "device replace\n"}
    seen = btrfs.read(a_mirror(tmp_path, **target))
    assert [each.name for each in seen.members] == ["1", "2"]
    assert seen.busy == "device replace"


@pytest.mark.parametrize("profile", ["single", "dup", "raid0"])
def test_what_is_held_once_is_named_unless_nothing_is_in_it(tmp_path: Path, profile: str) -> None:
    """`dup` are two copies on one disk."""
    once = {f"allocation/data/{profile}/total_bytes": "117440512\n"}
    assert btrfs.read(a_mirror(tmp_path, **once)).unmirrored == (f"data ({profile})",)
    empty = {f"allocation/data/{profile}/total_bytes": "0\n"}
    assert btrfs.read(a_mirror(tmp_path, **empty)).unmirrored == ()


def test_a_scrub_says_when_it_began_and_what_it_found() -> None:
    began = time.mktime((2026, 11, 30, 3, 38, 22, 0, 0, -1))
    assert btrfs.parse_scrub(SCRUBBED) == Scrub(
        began_at=began, finished=True, corrected=10296, uncorrectable=4, unchecked=7
    )
    running = btrfs.parse_scrub(SCRUBBED.replace("finished", "running"))
    assert running is not None
    assert not running.finished


@pytest.mark.parametrize("printed", [NEVER, "", SCRUBBED.replace("finished", "aborted")])
def test_one_that_never_ended_shows_nothing(printed: str) -> None:
    assert btrfs.parse_scrub(printed) is None
