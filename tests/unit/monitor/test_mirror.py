"""Three monitors keep one log together, whoever dies or pauses wherever."""

from pathlib import Path

import pytest
from tests.unit.monitor.conftest import NAMES, Three

from standfast.mechanisms.monitor.session import LEASE_S

STEPS_OF_AN_ENTRY = 12
"""Fewer than any monitor takes for an entry: a test that has found fewer has tested nothing."""


class Killed(Exception):
    pass


def kill() -> None:
    raise Killed


def settled(folder: Path) -> Three:
    three = Three(folder)
    three.want(b"first", b"second")
    three.settle()
    three.must_be_one_log()
    return three


def test_what_is_wanted_is_logged_once_and_shown_by_all(three: Three) -> None:
    three.settle()
    assert all(three.published(name) == () for name in NAMES)
    three.want(b"one", b"two")
    three.settle()
    three.want(b"three")
    three.settle()
    three.must_be_one_log()
    assert three.published("monitor-3") == (b"one", b"two", b"three")


def test_one_monitor_alone_runs_the_same_way(tmp_path: Path) -> None:
    alone = Three(tmp_path, names=("monitor-1",))
    alone.want(b"one")
    alone.turn("monitor-1")
    alone.must_be_one_log()
    assert alone.published("monitor-1") == (b"one",)


def test_an_entry_is_signed_in_a_few_looks_once_it_is_wanted(three: Three) -> None:
    three.settle()
    three.want(b"one")
    for name in (*NAMES, *NAMES, *NAMES):
        three.turn(name)
    three.must_be_one_log()


def test_nothing_is_published_while_no_other_monitor_holds_it(tmp_path: Path) -> None:
    three = settled(tmp_path)
    writer = three.writer()
    three.on = {writer}
    three.want(b"third")
    turns = [three.turn(writer) for _ in range(5)]
    assert three.published(writer) == (b"first", b"second")
    assert "2 monitors must hold what is to be logged, and 1 do" in turns[-1].waits_for
    for name in NAMES:
        three.start(name)
    three.settle()
    three.must_be_one_log()


def test_one_monitor_may_be_away_for_long_and_catches_up(tmp_path: Path) -> None:
    three = settled(tmp_path)
    away = next(name for name in NAMES if name != three.writer())
    three.on.discard(away)
    for number in range(3):
        three.want(*(b"%d of %d" % (each, number) for each in range(150)))
        three.settle()
    three.must_be_one_log()
    three.start(away)
    three.settle()
    three.must_be_one_log()


def test_a_monitor_that_lost_its_disk_gets_the_log_anew(tmp_path: Path) -> None:
    three = settled(tmp_path)
    lost = three.writer()
    three.on.discard(lost)
    (tmp_path / lost).rename(tmp_path / "lost")
    three.want(b"third")
    three.settle()
    three.start(lost)
    three.settle()
    three.must_be_one_log()


def test_an_etcd_that_lost_everything_begins_with_the_newest_that_anybody_holds(
    tmp_path: Path,
) -> None:
    three = settled(tmp_path)
    behind = next(name for name in NAMES if name != three.writer())
    three.on.discard(behind)
    three.want(b"third")
    three.settle()
    three.store.kept.clear()
    three.settle()
    assert "/standfast-evidence/head" not in three.store.read(), "one has not spoken"
    three.start(behind)
    three.want(b"fourth")
    three.settle()
    three.must_be_one_log()


def test_without_a_majority_of_etcd_nothing_moves_and_afterwards_everything_does(
    tmp_path: Path,
) -> None:
    three = settled(tmp_path)
    three.want(b"third")
    three.store.has_majority = False
    three.clock.sleep(60)
    three.store.has_majority = True
    three.settle()
    three.must_be_one_log()


@pytest.mark.parametrize("end", ["before", "after"])
@pytest.mark.parametrize("who", ["writer", "mirror"])
def test_killed_at_any_step_the_others_go_on_and_the_dead_one_returns(
    tmp_path: Path, who: str, end: str
) -> None:
    """Every interrupted prefix of what one monitor does for an entry."""
    number, survived = 0, False
    while not survived:
        three = settled(tmp_path / str(number))
        victim = chosen(three, who)
        three.steps[victim].done = 0
        three.steps[victim].stop = number
        setattr(three.steps[victim], end, kill)
        three.want(b"third")
        survived = not dies(three, victim)
        three.on.discard(victim)
        three.want(b"fourth")
        three.settle()
        three.must_be_one_log()
        three.start(victim)
        three.want(b"fifth")
        three.settle()
        three.must_be_one_log()
        number += 1
    assert number > STEPS_OF_AN_ENTRY


@pytest.mark.parametrize("end", ["before", "after"])
@pytest.mark.parametrize("who", ["writer", "mirror"])
def test_paused_at_any_step_while_others_write_nobody_signs_two_of_one_size(
    tmp_path: Path, who: str, end: str
) -> None:
    """It wakes up when its lease has long ended and the log has grown, in the middle of what it
    was about to do."""
    number, reached = 0, True
    while reached:
        three = settled(tmp_path / str(number))
        sleeper = chosen(three, who)
        others = three.on - {sleeper}
        reached = False

        def meanwhile(three: Three = three, others: set[str] = others) -> None:
            nonlocal reached
            reached = True
            three.clock.sleep(LEASE_S + 1)
            three.want(b"fourth")
            for name in sorted(others) * 5:
                three.turn(name)

        three.steps[sleeper].done = 0
        three.steps[sleeper].stop = number
        setattr(three.steps[sleeper], end, meanwhile)
        three.want(b"third")
        for _ in range(4):
            for name in sorted(three.on, key=lambda name: name != sleeper):
                three.turn(name)
        three.steps[sleeper].stop = -1
        three.want(b"fifth")
        three.settle()
        three.must_be_one_log()
        number += 1
    assert number > STEPS_OF_AN_ENTRY


def chosen(three: Three, who: str) -> str:
    writer = three.writer()
    return writer if who == "writer" else next(name for name in NAMES if name != writer)


def dies(three: Three, victim: str) -> bool:
    try:
        for _ in range(4):
            for name in sorted(three.on, key=lambda name: name != victim):
                three.turn(name)
    except Killed:
        return True
    return False
