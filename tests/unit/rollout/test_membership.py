"""Voters come and go one at a time, and a majority answers after every step."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest

from standfast.mechanisms.monitor.membership import (
    Add,
    Member,
    Promote,
    Remove,
    Step,
    Stuck,
    Wanted,
    majority,
    next_step,
)


def member(number: int, *, answers: bool = True, learner: bool = False) -> Member:
    return Member(
        identifier=f"{number:x}",
        name=f"monitor-{number}",
        url=f"https://10.77.0.{number}:2380",
        learner=learner,
        answers=answers,
    )


def machine(number: int, *, has_data: bool = True) -> Wanted:
    return Wanted(name=f"monitor-{number}", url=f"https://10.77.0.{number}:2380", has_data=has_data)


def carried_out(
    step: Step, members: list[Member], machines: list[Wanted]
) -> tuple[list[Member], list[Wanted]]:
    """etcd as it should be: what is removed is gone, what was added starts and catches up."""
    match step:
        case Remove(member=gone):
            return [each for each in members if each != gone], machines
        case Promote(member=learner):
            up = replace(learner, learner=False, answers=True)
            return [up if each == learner else each for each in members], machines
        case Add(wanted=new):
            number = int(new.name.rpartition("-")[2])
            started = [replace(each, has_data=True) if each == new else each for each in machines]
            return [*members, member(number, learner=True)], started
    raise AssertionError(step)


def course(members: list[Member], machines: list[Wanted]) -> Iterator[Step]:
    for _ in range(20):
        step = next_step(members, machines)
        if step is None:
            assert {each.url for each in members} == {each.url for each in machines}
            return
        yield step
        if isinstance(step, Stuck):
            return
        members, machines = carried_out(step, members, machines)
        voters = tuple(each for each in members if not each.learner)
        assert majority(voters)
        assert len(members) - len(voters) <= 1
    raise AssertionError("it does not come to an end")


def kinds(members: list[Member], machines: list[Wanted]) -> list[str]:
    return [type(step).__name__ for step in course(members, machines)]


ALL = [member(1), member(2), member(3)]


def test_what_is_as_wanted_is_left_alone() -> None:
    assert kinds(ALL, [machine(1), machine(2), machine(3)]) == []


def test_a_living_monitor_is_replaced_without_ever_being_one_short() -> None:
    wanted = [machine(1), machine(2), machine(4, has_data=False)]
    assert kinds(ALL, wanted) == ["Add", "Promote", "Remove"]


def test_a_dead_monitor_goes_before_its_successor_comes() -> None:
    """Else the list would have four of which two answer, and that is no majority."""
    listed = [member(1), member(2), member(3, answers=False)]
    wanted = [machine(1), machine(2), machine(4, has_data=False)]
    assert kinds(listed, wanted) == ["Remove", "Add", "Promote"]


def test_a_monitor_that_lost_its_disk_never_votes_as_who_it_was() -> None:
    listed = [member(1), member(2), member(3, answers=False)]
    wanted = [machine(1), machine(2), machine(3, has_data=False)]
    assert kinds(listed, wanted) == ["Remove", "Add", "Promote"]


def test_the_survivor_of_a_recovery_gets_its_company_back() -> None:
    wanted = [machine(1), machine(2, has_data=False), machine(3)]
    assert kinds([member(1)], wanted) == ["Add", "Promote", "Add", "Promote"]


def test_without_a_majority_nothing_is_changed() -> None:
    listed = [member(1, answers=False), member(2, answers=False), member(3, answers=False)]
    assert kinds(listed, [machine(1), machine(2), machine(3)]) == ["Stuck"]


def test_a_learner_that_never_started_is_taken_back() -> None:
    listed = [*ALL, member(4, learner=True, answers=False)]
    wanted = [machine(1), machine(2), machine(3), machine(4, has_data=False)]
    assert kinds(listed, wanted) == ["Remove", "Add", "Promote"]


@pytest.mark.parametrize("seed", range(4))
def test_every_mixture_ends_well_or_is_refused(seed: int) -> None:
    """Every state of three listed voters, of which any may be dead or unwanted, with any of the
    wanted machines new: the invariant is checked after every step of each course."""
    alive = list(product([True, False], repeat=3))
    for answers, data in product(alive[seed * 2 : seed * 2 + 2], product([True, False], repeat=4)):
        listed = [member(n, answers=up) for n, up in zip((1, 2, 3), answers, strict=True)]
        for numbers in ((1, 2, 3), (1, 2, 4), (2, 3, 4), (1,), (4,)):
            wanted = [machine(n, has_data=data[n - 1]) for n in numbers]
            list(course(listed, wanted))
