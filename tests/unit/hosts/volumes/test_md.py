"""/proc/mdstat, as the kernel writes it."""

from pathlib import Path

from standfast.mechanisms.hosts.volumes import md
from standfast.mechanisms.hosts.volumes.health import is_mirrored, is_whole, troubles
from standfast.mechanisms.hosts.volumes.model import Kind

PRINTED = Path(__file__).with_name("printed")
WELL = (PRINTED / "mdstat-well.txt").read_text()

FAILED = """\
Personalities : [raid1]
md1 : active raid1 sdb2[1](F) sda2[0] sdc2[2](S)
      488254464 blocks super 1.2 [2/1] [U_]

unused devices: <none>
"""

TAKEN_OUT = FAILED.replace("sdb2[1](F) ", "").replace(" sdc2[2](S)", "")

REBUILDING = (PRINTED / "mdstat-rebuilding.txt").read_text()

COMPARED = (PRINTED / "mdstat-compared.txt").read_text()

STRIPED = """\
Personalities : [raid0]
md2 : active raid0 sdb3[1] sda3[0]
      976508928 blocks super 1.2 512k chunks
"""


def test_arrays_that_are_well_are_mirrored_and_whole() -> None:
    found = md.parse(WELL)
    assert sorted(found) == ["md0", "md1"]
    assert all(is_whole(each) for each in found.values())
    assert found["md1"].kind is Kind.MD
    assert [each.name for each in found["md1"].members] == ["sdb2", "sda2"]
    assert found["md1"].spares == ("sdc2",)


def test_a_disk_that_failed_is_named_and_one_that_was_taken_out_is_missed() -> None:
    failed = md.parse(FAILED)["md1"]
    assert is_mirrored(failed)
    assert failed.failing is not None
    assert failed.failing.name == "sdb2"
    assert not is_whole(failed)
    assert not is_whole(md.parse(TAKEN_OUT)["md1"])


def test_an_array_is_not_whole_before_the_spare_has_everything() -> None:
    rebuilding = md.parse(REBUILDING)["md1"]
    assert rebuilding.busy == "recovery = 8.1%"
    assert not is_whole(rebuilding)


def test_a_comparison_keeps_nothing_from_being_whole_and_is_noticed() -> None:
    assert is_whole(md.parse(COMPARED)["md1"])
    assert md.scrubs(COMPARED) == {"md1"}
    assert md.scrubs(REBUILDING) == frozenset()


def test_stripes_are_no_mirror() -> None:
    striped = md.parse(STRIPED)["md2"]
    assert not is_mirrored(striped)
    assert list(troubles(striped))
