"""A primary that cannot write is given up, for nothing less, and never for its secondary's sake."""

from dataclasses import replace

import pytest

from standfast.mechanisms.database.sick import APART_S, SICK_S, Seen, may_be_sick, why_give_up

STALLED = Seen(
    is_primary=True,
    unwritten_s=SICK_S,
    cramped_s=0.0,
    secondaries=1,
    is_paused=False,
    since_s=APART_S,
)
FULL = replace(STALLED, unwritten_s=0.0, cramped_s=SICK_S)


def test_a_disk_that_does_nothing_or_has_no_room_is_reason_enough() -> None:
    assert why_give_up(STALLED) == "nothing could be written for 5 s"
    assert why_give_up(FULL) == "the disk has been full for 5 s"


@pytest.mark.parametrize("sick", [STALLED, FULL])
@pytest.mark.parametrize(
    "but",
    [
        {"is_primary": False},
        {"secondaries": 0},
        {"is_paused": True},
        {"since_s": APART_S - 1},
        {"unwritten_s": SICK_S - 0.1, "cramped_s": SICK_S - 0.1},
    ],
    ids=str,
)
def test_nothing_less_is(sick: Seen, but: dict[str, object]) -> None:
    assert why_give_up(replace(sick, **but)) == ""  # type: ignore[arg-type]


def test_nobody_is_asked_before_it_could_be() -> None:
    assert not may_be_sick(SICK_S - 0.1, SICK_S - 0.1)
    assert may_be_sick(SICK_S, 0.0)
    assert may_be_sick(0.0, SICK_S)
