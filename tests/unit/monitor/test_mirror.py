"""Three monitors keep one log together, whoever dies or pauses wherever."""

import shutil
from pathlib import Path

import pytest
from tests.unit.monitor.conftest import KEY, NAMES, Three, witness_key
from tests.unit.written import WrittenLog

from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.cosignature import cosigner, line_of
from standfast.evidence.note import sign
from standfast.mechanisms.monitor.bulletin import HEAD, SIGNED, read
from standfast.mechanisms.monitor.gateway import Change, Put
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


def test_a_checkpoint_is_shown_with_the_cosignatures_of_all_that_live(tmp_path: Path) -> None:
    three = settled(tmp_path)
    notes = {three.mirrors[name].log.published_note for name in NAMES}
    assert [three.cosigners(each) for each in notes] == [list(NAMES)]
    away = next(name for name in NAMES if name != three.writer())
    three.on.discard(away)
    three.want(b"third")
    three.settle()
    three.must_be_one_log()
    (two,) = {three.mirrors[name].log.published_note for name in three.on}
    assert three.cosigners(two) == [name for name in NAMES if name != away]
    three.start(away)
    three.settle()
    (again,) = {three.mirrors[name].log.published_note for name in NAMES}
    assert three.cosigners(again) == list(NAMES), "one that comes later is added"


def test_a_log_that_nobody_has_cosigned_yet_goes_on_and_its_next_checkpoint_is(
    tmp_path: Path,
) -> None:
    """A site that was made before there were witnesses: what it shows stays, until they come."""
    three = settled(tmp_path)
    bare = three.bare = sign(three.mirrors["monitor-1"].log.published.to_text(), [KEY])
    for name in NAMES:
        (tmp_path / name / "www/log/checkpoint").write_bytes(bare)
        shutil.rmtree(tmp_path / name / "witness")
        three.start(name)
    for key in [each for each in three.store.read() if "/cosigned/" in each]:
        three.store.commit(Change(deletes=(key,)))
    assert three.published("monitor-1") == (b"first", b"second")
    three.mirrors["monitor-1"].turn()
    assert three.mirrors["monitor-1"].log.published_note == bare, "one of three is no majority"
    three.settle()
    assert all(three.mirrors[name].log.published_note != bare for name in NAMES)
    three.want(b"third")
    three.settle()
    three.must_be_one_log()


def test_a_monitor_that_was_replaced_cosigns_with_its_new_key(tmp_path: Path) -> None:
    three = settled(tmp_path)
    lost = next(name for name in NAMES if name != three.writer())
    three.on.discard(lost)
    (tmp_path / lost).rename(tmp_path / "lost")
    three.keys[lost] = witness_key(lost, draw=1)
    for name in NAMES:
        three.start(name)
    three.want(b"third")
    three.settle()
    three.must_be_one_log()
    for name in NAMES:
        assert three.cosigners(three.mirrors[name].log.published_note) == list(NAMES)


def forked(three: Three, name: str) -> Checkpoint:
    """As who holds one monitor and the log's key would have it: another second entry, on its disk
    and as the log's head."""
    place = three.folder / name / "www"
    shutil.rmtree(place)
    written = WrittenLog(place / "log", KEY)
    note = written.append([b"first", b"another second"])
    head = written.copy.stands_at
    for key, data in ((HEAD, head.to_text().encode()), (SIGNED, note)):
        three.store.commit(Change(puts=(Put(key=key, data=data),)))
    return head


def test_a_fork_is_cosigned_by_nobody_not_even_where_it_was_written(tmp_path: Path) -> None:
    """Of two entries, of which the second is another one: as long as what is published."""
    three = settled(tmp_path)
    before = three.mirrors["monitor-2"].log.published_note
    head = forked(three, "monitor-1")
    waits = {name: three.mirrors[name].turn().waits_for for name in sorted(three.on) * 2}
    assert "the witness refuses to cosign (fork)" in waits["monitor-1"]
    assert "is not what it holds" in waits["monitor-2"]
    board = read(three.store.read())
    assert board.signed is not None
    assert all(
        line_of(cosigner(three.keys[name]), board.signed, board.cosigned[name]) == ""
        for name in NAMES
    )
    assert three.mirrors["monitor-2"].log.published_note == before
    kept = (three.mirrors["monitor-1"].witness.place / "refused-fork").read_bytes()
    assert three.mirrors["monitor-1"].log.opened(kept) == head


def test_a_witness_that_refused_is_not_asked_again_and_is_asked_about_the_next(
    tmp_path: Path,
) -> None:
    three = settled(tmp_path)
    forked(three, "monitor-1")
    mirror = three.mirrors["monitor-1"]
    mirror.turn()
    refused = mirror.witness.place / "refused-fork"
    refused.unlink()
    assert "(fork)" in mirror.turn().waits_for
    assert not refused.exists(), "asked again"


def test_a_witness_that_has_lost_its_mind_is_outvoted(tmp_path: Path) -> None:
    """Its state says that the log had more entries than it has: it refuses, the others go on."""
    three = settled(tmp_path)
    odd = next(name for name in NAMES if name != three.writer())
    other = WrittenLog(tmp_path / "other", KEY)
    note = other.append([b"%d" % number for number in range(9)])
    shutil.rmtree(tmp_path / odd / "witness")
    assert isinstance(three.mirrors[odd].witness.ask(note, (), three.clock.now()), str)
    three.want(b"third")
    three.settle()
    three.must_be_one_log()
    assert odd not in three.cosigners(three.mirrors[odd].log.published_note)
    assert "refuses to cosign (rollback)" in three.turn(odd).waits_for


@pytest.mark.parametrize("said", [b"junk", b"\xff", "\u2014 monitor-3 AAAAAAAA\n".encode() * 200])
def test_what_somebody_says_instead_of_a_cosignature_hinders_nobody(
    tmp_path: Path, said: bytes
) -> None:
    three = settled(tmp_path)
    three.on.discard("monitor-3")
    key = "/standfast-evidence/cosigned/monitor-3"
    three.store.commit(Change(puts=(Put(key=key, data=said),)))
    three.want(b"third")
    three.settle()
    three.must_be_one_log()
    (note,) = {three.mirrors[name].log.published_note for name in three.on}
    assert three.cosigners(note) == ["monitor-1", "monitor-2"]


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
