"""The clock's state is the kernel's, not a unit's."""

import struct

import pytest

from standfast.mechanisms.hosts import timekeeping
from standfast.mechanisms.hosts.timekeeping import STA_UNSYNC, TIMEX, heard, settable


def test_the_kernel_says_whether_it_was_told_the_time() -> None:
    told = struct.pack(TIMEX, 0, 5, 6, 12_500, 100, 0) + bytes(200)
    assert heard(told) == {"synchronized": True, "error_s": 0.0125}
    untold = struct.pack(TIMEX, 0, 5, 6, 16_000_000, 100, STA_UNSYNC) + bytes(200)
    assert heard(untold) == {"synchronized": False, "error_s": 16.0}


@pytest.mark.parametrize(
    ("capabilities", "may"),
    [("000001ffffffffff", True), ("00000000fdecbfff", False), ("0000000000000000", False)],
)
def test_a_machine_without_the_capability_cannot_set_its_clock(
    capabilities: str, may: bool
) -> None:
    assert settable(f"Name:\tsystemd\nCapBnd:\t{capabilities}\nCapAmb:\t0\n") is may


def test_this_computers_clock_is_read() -> None:
    assert timekeeping.read().keys() >= {"settable", "synchronized"}
