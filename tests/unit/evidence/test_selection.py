import pytest

from standfast.evidence.selection import Wanted, selected, speaks_of
from standfast.evidence.statement import Kind

ALL = 100


def numbers(told, **wanted):
    chosen = selected(told.entries(), Wanted(**{"limit": ALL, **wanted}))
    return [each.index for each in chosen]


def test_the_newest_come_first_and_no_more_than_wanted(kept):
    assert numbers(kept) == [3, 2, 1, 0]
    assert numbers(kept, limit=2) == [3, 2]


@pytest.mark.parametrize(
    ("kind", "found"),
    [(Kind.NOTICE, [0]), (Kind.SLOT, [1]), (Kind.PROOF, [2]), (Kind.CALIBRATION, [3])],
)
def test_one_kind_can_be_wanted(kept, kind, found):
    assert numbers(kept, kind=kind) == found


def test_one_promise_can_be_wanted_or_what_is_said_about_the_log(kept):
    kept.slot(0, 24, promise="any-machine", drill="any-machine")
    assert numbers(kept, promise="any-machine") == [4]
    assert numbers(kept, promise="log") == [0]
    assert numbers(kept, promise="redundant-web", kind=Kind.PROOF) == [2]


def test_what_ended_before_is_not_wanted(kept, hour):
    assert numbers(kept, since=hour(0.6)) == [3, 2]
    assert numbers(kept, since=hour(0.61)) == [3]


def test_an_entry_speaks_of_the_end_of_what_it_tells(kept, hour):
    assert [speaks_of(each) for each in kept.entries()] == [hour(0), hour(0), hour(0.6), hour(1.4)]
