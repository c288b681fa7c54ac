"""A seed decides every fault of a campaign, and a thousand of them hold each kind often enough."""

from collections import Counter

from campaign.faults import ACTS
from campaign.kinds import HOST, KINDS, planned

NAMES = tuple(KINDS)


def test_fault_number_n_of_a_seed_is_always_the_same() -> None:
    assert planned(7, 412, NAMES) == planned(7, 412, NAMES)
    assert [planned(7, n, NAMES) for n in range(40)] != [planned(8, n, NAMES) for n in range(40)]


def test_a_thousand_faults_hold_at_least_forty_of_each_kind() -> None:
    count = Counter(planned(1, number, NAMES).kind for number in range(1000))
    assert set(count) == {*NAMES}
    assert min(count.values()) >= 40


def test_each_block_holds_each_kind_once_in_an_order_of_its_own() -> None:
    blocks = [
        tuple(planned(3, block * len(NAMES) + place, NAMES).kind for place in range(len(NAMES)))
        for block in range(5)
    ]
    assert all(sorted(each) == sorted(NAMES) for each in blocks)
    assert len({*blocks}) == len(blocks)


def test_what_a_kind_leaves_open_is_drawn_too() -> None:
    drawn = [planned(1, number, NAMES) for number in range(200)]
    assert all(0 <= chance < 1 for each in drawn for chance in each.chance)
    assert all(2 <= each.calm_s < 4 for each in drawn)
    assert len({each.chance for each in drawn}) == len(drawn)


def test_every_kind_can_be_injected() -> None:
    assert ACTS.keys() == KINDS.keys()
    assert {*HOST} <= KINDS.keys()
