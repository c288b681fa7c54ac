"""Requests follow the fastest server, whatever the chance of the moment, and nothing swings."""

from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest

from standfast.mechanisms.edge.weights import (
    ALIKE,
    FULL,
    LEAST,
    Account,
    Counted,
    counted,
    step,
    wanted,
    weights,
)

from .traffic import Pick, Traffic, Web, by_weight, fewest, in_turn

QUICK_S = 0.02
SLOW_S = 10 * QUICK_S
CHANGE_S = 20.0
SEEDS = range(3)


def traffic(
    pick: Pick, *, webs: int, rate_per_s: float, seed: int, first: Callable[[float], float]
) -> Traffic:
    """`first`: what the first server takes; the others are quick."""
    servers = [
        Web(name=f"web-{number}", takes_s=first if number == 1 else lambda _: QUICK_S)
        for number in range(1, webs + 1)
    ]
    made = Traffic(webs=servers, pick=pick, rate_per_s=rate_per_s, random=Random(seed))
    made.run(60)
    return made


def slowed(now: float) -> float:
    return SLOW_S if now > CHANGE_S else QUICK_S


def flapping(now: float) -> float:
    """Slow for two seconds, quick for two."""
    return SLOW_S if now > CHANGE_S and int(now / 2) % 2 else QUICK_S


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rate_per_s", [50, 200])
@pytest.mark.parametrize("webs", [2, 3])
def test_a_server_slowed_tenfold_is_left_within_ten_seconds(
    webs: int, rate_per_s: int, seed: int
) -> None:
    ours = traffic(by_weight, webs=webs, rate_per_s=rate_per_s, seed=seed, first=slowed)
    others = [
        traffic(each, webs=webs, rate_per_s=rate_per_s, seed=seed, first=slowed)
        for each in (in_turn, fewest)
    ]
    share = ours.elsewhere("web-1", CHANGE_S + 10, 60)
    assert share >= 0.95
    for other in others:
        assert other.elsewhere("web-1", CHANGE_S + 10, 60) < share
        assert other.mean_s(CHANGE_S + 10) > 1.15 * ours.mean_s(CHANGE_S + 10)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rate_per_s", [50, 200])
def test_a_server_that_flaps_stays_out_of_the_way(rate_per_s: int, seed: int) -> None:
    """Its weight does not swing, and customers wait less than with plain leastconn."""
    ours = traffic(by_weight, webs=2, rate_per_s=rate_per_s, seed=seed, first=flapping)
    plain = traffic(fewest, webs=2, rate_per_s=rate_per_s, seed=seed, first=flapping)
    settled = [chosen["web-1"] for at, chosen in ours.decided if at > CHANGE_S + 5]
    assert max(settled) < FULL / 2
    assert ours.mean_s(CHANGE_S + 5) < plain.mean_s(CHANGE_S + 5)


@pytest.mark.parametrize("seed", SEEDS)
def test_equal_servers_stay_alike(seed: int) -> None:
    even = traffic(by_weight, webs=3, rate_per_s=200, seed=seed, first=lambda _: QUICK_S)
    settled = [chosen for at, chosen in even.decided if at > 5]
    assert all(set(chosen.values()) == {FULL} for chosen in settled)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_server_that_is_quick_again_gets_its_share_back(seed: int) -> None:
    ours = traffic(
        by_weight,
        webs=2,
        rate_per_s=100,
        seed=seed,
        first=lambda now: SLOW_S if 5 < now < 15 else QUICK_S,
    )
    assert ours.elsewhere("web-1", 10, 15) >= 0.95
    assert 0.4 < ours.elsewhere("web-1", 50, 60) < 0.6


def test_a_server_that_answers_nothing_loses_its_weight() -> None:
    dead, alive = (
        Account(last=Counted(in_flight=0, begun=0)),
        Account(last=Counted(in_flight=0, begun=0)),
    )
    for second in range(1, 4):
        dead = counted(dead, Counted(in_flight=10 * second, begun=10 * second), 1.0)
        alive = counted(alive, Counted(in_flight=1, begun=50 * second), 1.0)
    assert weights({"dead": dead, "alive": alive}, {})["dead"] == LEAST


def test_nobody_is_judged_by_a_few_requests() -> None:
    one = Account(last=Counted(in_flight=0, begun=3), busy_s=3.0, finished=3.0)
    many = Account(last=Counted(in_flight=0, begun=900), busy_s=1.0, finished=100.0)
    assert weights({"one": one, "many": many}, {}) == {"one": FULL, "many": FULL}


def test_a_restart_of_haproxy_begins_anew() -> None:
    before = Account(last=Counted(in_flight=2, begun=900), busy_s=9.0, finished=100.0)
    assert counted(before, Counted(in_flight=0, begun=1), 1.0).finished == 0


def test_a_weight_falls_at_once_and_rises_by_steps() -> None:
    assert step(FULL, LEAST) == LEAST
    rising = [LEAST]
    while rising[-1] < FULL:
        rising.append(step(rising[-1], FULL))
    assert 10 <= len(rising) <= 14
    assert all(after > before for before, after in pairwise(rising))


def test_a_weight_falls_by_the_square_and_those_alike_are_alike() -> None:
    assert wanted(ALIKE * 0.1, 0.1) == FULL
    assert wanted(1.0, 0.1) == LEAST
    assert LEAST < wanted(0.4, 0.1) < wanted(0.3, 0.1) < FULL
    assert wanted(None, 0.1) == FULL
