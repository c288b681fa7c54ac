"""An older copy of the secrets, or one that grew apart, is told from the newest."""

import pytest

from standfast.core.errors import Refused
from standfast.mechanisms.keys.lineage import LIMIT, after, behind, must_be_newest


def test_machines_that_know_an_earlier_sealing_or_none_are_no_obstacle() -> None:
    assert behind(("a", "b", "c"), {"web-1": "a", "web-2": "c", "db-1": ""}) == ()


def test_machines_that_know_a_later_or_another_sealing_refuse_this_copy() -> None:
    with pytest.raises(Refused, match=r"web-1: brought up with other secrets than those of x\.age"):
        must_be_newest(("a", "b"), {"web-1": "c", "web-2": "b"}, "x.age")


def test_a_line_of_sealings_does_not_grow_for_ever() -> None:
    line: tuple[str, ...] = ()
    for number in range(LIMIT + 3):
        line = after(line, str(number))
    assert (len(line), line[-1]) == (LIMIT, str(LIMIT + 2))
