"""One dead repository does not fill the primary's disk, and none is missed twice."""

from dataclasses import dataclass, field
from datetime import datetime
from random import Random

import pytest

from standfast.mechanisms.backup.absence import (
    AWAY,
    HELD_BYTES,
    SILENT,
    STEADY,
    Count,
    PutBack,
    Reason,
    Seen,
    Standing,
    Step,
    TakeFull,
    TakeOut,
    decide,
)

from .copies import START, at

WELL = Seen(machine="one", standing=Standing.IN)
NOW = at(3600)


def silent(machine: str, seconds: float, standing: Standing = Standing.IN) -> Seen:
    return Seen(machine=machine, standing=standing, silent_since=at(3600 - seconds))


def steps(*seen: Seen, held: int = 0) -> list[Step]:
    return list(decide(seen, held, NOW))


def test_nothing_is_done_while_all_is_well_however_much_waits() -> None:
    assert steps(WELL, Seen(machine="two", standing=Standing.IN), held=10 * HELD_BYTES) == []


def test_one_that_is_away_for_a_quarter_of_an_hour_goes_and_not_a_second_earlier() -> None:
    away = AWAY.total_seconds()
    assert steps(WELL, silent("two", away - 1)) == []
    assert steps(WELL, silent("two", away)) == [TakeOut(machine="two", reason=Reason.AWAY)]


def test_one_that_holds_back_a_gibibyte_goes_and_not_a_byte_earlier() -> None:
    dead = silent("two", SILENT.total_seconds())
    assert steps(WELL, dead, held=HELD_BYTES - 1) == []
    assert steps(WELL, dead, held=HELD_BYTES) == [TakeOut(machine="two", reason=Reason.HELD)]


def test_a_hiccup_under_load_is_no_absence() -> None:
    assert steps(WELL, silent("two", SILENT.total_seconds() - 1), held=2 * HELD_BYTES) == []


def test_the_last_one_stays_and_it_is_the_one_that_fell_silent_last() -> None:
    assert steps(silent("one", 9000)) == []
    older, newer = silent("one", 9000), silent("two", 5000)
    assert steps(newer, older) == [TakeOut(machine="one", reason=Reason.AWAY)]
    returning = silent("three", 1000, Standing.RETURNING)
    gone = [each.machine for each in steps(older, returning)]
    assert gone == ["three"], "one without a gap is worth more"
    out = Seen(machine="four", standing=Standing.OUT)
    assert steps(older, out) == []


def test_one_that_answers_steadily_is_put_back_with_a_full_copy() -> None:
    def out(seconds: float) -> Seen:
        return Seen(machine="two", standing=Standing.OUT, answers_since=at(3600 - seconds))

    assert steps(WELL, Seen(machine="two", standing=Standing.OUT)) == []
    assert steps(WELL, out(STEADY.total_seconds() - 1)) == []
    assert steps(WELL, out(STEADY.total_seconds())) == [
        PutBack(machine="two"),
        TakeFull(machine="two"),
    ]
    assert steps(WELL, out(STEADY.total_seconds()), held=HELD_BYTES) == []


def test_one_that_returns_counts_once_its_full_copy_is_there() -> None:
    back = Seen(machine="two", standing=Standing.RETURNING)
    assert steps(WELL, back) == [TakeFull(machine="two")]
    full = Seen(machine="two", standing=Standing.RETURNING, is_full=True)
    assert steps(WELL, full) == [Count(machine="two")]
    assert steps(WELL, silent("two", 60, Standing.RETURNING)) == []
    assert steps(WELL, silent("two", 1000, Standing.RETURNING)) == [
        TakeOut(machine="two", reason=Reason.AWAY)
    ]


TICK_S = 10
TICK_BYTES = 64 * 1024**2
FULL_TICKS = 6


@dataclass(slots=True)
class Repository:
    """`has`: the ticks of WAL that it holds. A full copy needs all WAL from its own begin on."""

    machine: str
    standing: Standing = Standing.IN
    up: bool = True
    up_since: float = 0
    silent_since: float | None = None
    has: set[int] = field(default_factory=set)
    full: int = 0
    copying: int | None = None
    is_full: bool = False

    def seen(self) -> Seen:
        out = self.standing is Standing.OUT
        return Seen(
            machine=self.machine,
            standing=self.standing,
            silent_since=None if out or self.silent_since is None else at(self.silent_since),
            answers_since=at(self.up_since) if out and self.up else None,
            is_full=self.is_full,
        )


@dataclass(slots=True)
class World:
    """A primary that keeps each tick of WAL until every repository that takes WAL has it. What is
    decided is carried out in part: any step may be the last of its turn."""

    chance: Random
    repositories: list[Repository]
    tick: int = 0
    kept: set[int] = field(default_factory=set)

    @property
    def now(self) -> datetime:
        return at(self.tick * TICK_S)

    @property
    def taking(self) -> list[Repository]:
        return [each for each in self.repositories if each.standing is not Standing.OUT]

    def run(self, *, trouble: bool) -> None:
        self.tick += 1
        self.kept.add(self.tick)
        for each in self.repositories:
            if each.up != (not trouble or self.chance.random() > (0.02 if each.up else 0.97)):
                each.up = not each.up
                each.up_since = self.tick * TICK_S
                each.copying = None
        for each in self.taking:
            if each.up:
                each.has |= self.kept
                each.silent_since = None
            elif each.silent_since is None:
                each.silent_since = self.tick * TICK_S
        self.copy()
        self.kept -= set.intersection(*(each.has for each in self.taking))
        held = len(self.kept) * TICK_BYTES
        for step in decide([each.seen() for each in self.repositories], held, self.now):
            if self.chance.random() < 0.3:
                break
            self.carry_out(step)

    def copy(self) -> None:
        for each in self.repositories:
            if each.copying is not None and self.tick - each.copying >= FULL_TICKS:
                each.full, each.is_full, each.copying = each.copying, True, None

    def carry_out(self, step: Step) -> None:
        each = next(one for one in self.repositories if one.machine == step.machine)
        match step:
            case TakeOut():
                each.standing, each.silent_since = Standing.OUT, None
                each.copying, each.is_full = None, False
            case PutBack():
                each.standing, each.is_full, each.copying = Standing.RETURNING, False, None
            case TakeFull():
                if each.copying is None and each.up:
                    each.copying = self.tick + 1
            case Count():
                each.standing = Standing.IN

    def check(self) -> None:
        assert self.taking, "WAL must go somewhere"
        for each in self.repositories:
            if each.standing is Standing.IN:
                since = range(each.full + 1, self.tick + 1)
                missing = set(since) - each.has - self.kept
                assert not missing, f"{each.machine} counts, and WAL {missing} is lost to it"


@pytest.mark.parametrize("seed", range(60))
def test_whatever_dies_and_wherever_it_is_interrupted_nothing_that_counts_has_a_gap(
    seed: int,
) -> None:
    chance = Random(seed)
    machines = ["one", "two", "three"][: chance.randint(1, 3)]
    world = World(chance=chance, repositories=[Repository(machine=each) for each in machines])
    for _ in range(600):
        world.run(trouble=True)
        world.check()
    for _ in range(100):
        world.run(trouble=False)
        world.check()
    assert all(each.standing is Standing.IN for each in world.repositories), "all come back"
    assert len(world.kept) <= 1


@pytest.mark.parametrize("seed", range(20))
def test_while_one_repository_takes_wal_no_more_than_a_bound_waits(seed: int) -> None:
    chance = Random(seed)
    steady = Repository(machine="one")
    world = World(chance=chance, repositories=[steady, Repository(machine="two")])
    went = False
    for _ in range(600):
        world.run(trouble=True)
        steady.up, steady.silent_since = True, None
        steady.has |= world.kept
        went = went or any(each.standing is Standing.OUT for each in world.repositories)
        slack = 20  # turns in which nothing of what was decided was carried out
        assert len(world.kept) <= HELD_BYTES // TICK_BYTES + slack
    assert went, f"nothing was ever taken out from {START}: this seed shows nothing"
