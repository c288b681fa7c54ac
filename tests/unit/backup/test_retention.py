"""Which copies stay: as the engine does it, and never so that one is left that cannot come back."""

from collections.abc import Iterator
from random import Random

import pytest

from standfast.mechanisms.backup.engine import Copy, Kind
from standfast.mechanisms.backup.retention import Policy, after_next_full, kept

from .copies import at, copy

KINDS = {"F": Kind.FULL, "D": Kind.DIFFERENTIAL, "I": Kind.INCREMENTAL}
POLICY = Policy(fulls=2, differentials=3)

RECORDED = (
    ("1F", "", "1F"),
    ("2D", "1F", "1F 2D"),
    ("3I", "1F 2D", "1F 2D 3I"),
    ("4I", "1F 2D 3I", "1F 2D 3I 4I"),
    ("5F", "", "1F 2D 3I 4I 5F"),
    ("6I", "5F", "1F 2D 3I 4I 5F 6I"),
    ("7D", "5F", "1F 2D 3I 4I 5F 6I 7D"),
    ("8I", "5F 7D", "1F 2D 3I 4I 5F 6I 7D 8I"),
    ("9I", "5F 7D 8I", "1F 2D 3I 4I 5F 6I 7D 8I 9I"),
    ("10D", "5F", "1F 5F 6I 7D 8I 9I 10D"),
    ("11I", "5F 10D", "1F 5F 6I 7D 8I 9I 10D 11I"),
    ("12D", "5F", "1F 5F 6I 7D 8I 9I 10D 11I 12D"),
    ("13I", "5F 12D", "1F 5F 6I 7D 8I 9I 10D 11I 12D 13I"),
    ("14I", "5F 12D 13I", "1F 5F 6I 7D 8I 9I 10D 11I 12D 13I 14I"),
    ("15F", "", "5F 6I 10D 11I 12D 13I 14I 15F"),
    ("16I", "15F", "5F 6I 10D 11I 12D 13I 14I 15F 16I"),
    ("17D", "15F", "5F 6I 12D 13I 14I 15F 16I 17D"),
    ("18D", "15F", "5F 6I 15F 16I 17D 18D"),
    ("19I", "15F 18D", "5F 6I 15F 16I 17D 18D 19I"),
    ("20F", "", "15F 16I 17D 18D 19I 20F"),
    ("21I", "20F", "15F 16I 17D 18D 19I 20F 21I"),
)
"""Of pgBackRest 2.45 with repo1-retention-full=2 and repo1-retention-diff=3: what was taken, what
it needs, and what `info` had afterwards. WAL always began with the oldest full copy."""


def named(name: str, needs: str) -> Copy:
    return copy(name, KINDS[name[-1]], at(60 * int(name[:-1])), needs=tuple(needs.split()))


def test_the_engine_keeps_the_same() -> None:
    before: tuple[Copy, ...] = ()
    for name, needs, left in RECORDED:
        before = kept([*before, named(name, needs)], POLICY)
        assert " ".join(each.name for each in before) == left, name


def taken(chance: Random, policy: Policy) -> Iterator[tuple[tuple[Copy, ...], tuple[Copy, ...]]]:
    """A life of a repository: what there was with the newest copy, and what was kept of it."""
    there: tuple[Copy, ...] = ()
    for number in range(40):
        fulls = [each for each in there if each.kind is Kind.FULL]
        kind = chance.choice([*Kind]) if fulls else Kind.FULL
        larger = [each for each in there if each.kind is not Kind.INCREMENTAL]
        upon = {Kind.FULL: [], Kind.DIFFERENTIAL: fulls[-1:], Kind.INCREMENTAL: there[-1:]}[kind]
        if kind is Kind.INCREMENTAL and chance.random() < 0.5:
            upon = larger[-1:]
        needs = tuple(sorted({name for each in upon for name in (each.name, *each.needs)}))
        all_of_them = (*there, copy(str(number), kind, at(60 * number), needs=needs))
        there = kept(all_of_them, policy)
        yield all_of_them, there


@pytest.mark.parametrize("seed", range(60))
def test_whatever_is_taken_what_is_kept_can_come_back_and_is_enough(seed: int) -> None:
    chance = Random(seed)
    policy = Policy(fulls=chance.randint(1, 4), differentials=chance.randint(1, 5))
    for all_of_them, left in taken(chance, policy):
        names = {each.name for each in left}
        assert all(names.issuperset(each.needs) for each in left), "none lacks what it needs"
        fulls = [each.name for each in all_of_them if each.kind is Kind.FULL]
        assert [each.name for each in left if each.kind is Kind.FULL] == fulls[-policy.fulls :]
        assert all_of_them[-1] in left, "the newest stays"
        larger = [each for each in left if each.kind is not Kind.INCREMENTAL]
        differentials = [each for each in left if each.kind is Kind.DIFFERENTIAL]
        assert all(each in larger[-policy.differentials :] for each in differentials)
        assert kept(left, policy) == left, "once more takes nothing more away"
        assert kept(reversed(all_of_them), policy) == left, "their order is nobody's business"


def test_a_looser_policy_keeps_all_that_a_stricter_one_keeps() -> None:
    for all_of_them, left in taken(Random(7), POLICY):
        assert {*left} <= {*kept(all_of_them, Policy(fulls=3, differentials=4))}


def test_what_the_next_full_copy_leaves_is_known_before() -> None:
    now = named("5F", "")
    first, second = named("1F", ""), named("3F", "")
    upon = named("2I", "1F")
    left = after_next_full([first, upon, second], POLICY, now.began_at)
    assert left == kept([first, upon, second, now], POLICY)[:-1] == (second,)
    assert after_next_full([first], Policy(fulls=1), now.began_at) == ()
    assert after_next_full([], POLICY, now.began_at) == ()


def test_what_needs_a_copy_through_another_goes_with_it() -> None:
    chain = [named("1F", ""), named("2D", "1F"), named("3I", "2D"), named("4I", "3I")]
    left = kept([*chain, named("5D", "1F"), named("6D", "1F")], Policy(fulls=1, differentials=2))
    assert [each.name for each in left] == ["1F", "5D", "6D"]
