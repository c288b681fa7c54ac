"""A whole turn: from a monitor to a place in memory."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from standfast.cli.offsite import page_lines
from standfast.core.errors import CannotVerify, CommandFailed, Unreachable
from standfast.core.units import stamp
from standfast.evidence.note import vkey
from standfast.evidence.transport import FolderTransport, Transport
from standfast.evidence.verify import verify
from standfast.mechanisms.backup.offsite.look import page_made_at
from standfast.mechanisms.backup.offsite.page import names
from standfast.mechanisms.backup.offsite.page.publishing import Publisher
from standfast.mechanisms.backup.offsite.page.sent import Sent, remembered
from standfast.mechanisms.backup.offsite.page.shown import claimed, committed, shown
from standfast.mechanisms.backup.offsite.publish import once
from standfast.mechanisms.backup.offsite.settings import OffsiteSettings

from .stores import KEY, NOON, STAMPS, HandClock, Kept, Monitor, Trusting

MINUTE = timedelta(minutes=1)


@pytest.fixture
def monitor(tmp_path: Path) -> Monitor:
    made = Monitor(tmp_path / "monitor-1")
    made.grow(3, NOON)
    return made


def publisher(
    place: Kept, tmp_path: Path, *monitors: Transport, position: int = 0, clock: HandClock
) -> Publisher:
    return Publisher(
        position=position,
        where="s3 there",
        elsewhere=place,
        monitors={f"monitor-{number}": each for number, each in enumerate(monitors, 1)},
        file=tmp_path / f"page-{position}.json",
        clock=clock,
    )


def verified(place: Kept, folder: Path, now: HandClock) -> int:
    """What lies there, verified from its key alone; the size."""
    for name, content in place.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    found = verify(FolderTransport(folder / "log"), vkey(KEY), now=now.at, pinned=None)
    assert not found.complaints
    return found.record.checkpoint.size


def test_all_of_it_arrives_tiles_first_and_the_page_last(monitor: Monitor, tmp_path: Path) -> None:
    monitor.stamp()
    place, clock = Kept(), HandClock()
    assert publisher(place, tmp_path, Trusting(monitor), clock=clock).turn() == ""
    there = {
        each.relative_to(monitor.www).as_posix()
        for each in monitor.www.rglob("*")
        if each.is_file() and "copy" not in each.parts
    }
    assert set(place.files) == there
    assert {f"log/timestamps/{each}" for each in STAMPS} <= there
    where = {name: place.came.index(name) for name in place.came}
    tiles = [at for name, at in where.items() if "/tile/" in name]
    assert max(tiles) < where["log/timestamps/3-time.tsr"] < where[names.STAMPS_INDEX]
    assert where[names.STAMPS_INDEX] < where[names.CHECKPOINT] < where[names.MACHINE_FORM]
    assert place.came[-1] == names.PAGE
    assert verified(place, tmp_path / "copy", clock) == 3


def test_what_was_sent_is_not_sent_again(monitor: Monitor, tmp_path: Path) -> None:
    place, clock = Kept(), HandClock()
    one = publisher(place, tmp_path, Trusting(monitor), clock=clock)
    one.turn()
    place.came.clear()
    one.turn()
    assert place.came == [], "the same page"
    clock.at = NOON + 5 * MINUTE
    monitor.show(clock.at)
    one.turn()
    assert names.CHECKPOINT not in place.came
    assert not [each for each in place.came if "/tile/" in each]
    assert place.came[-2:] == [names.MACHINE_FORM, names.PAGE]


def test_full_tiles_are_sent_once_and_narrower_ones_go(monitor: Monitor, tmp_path: Path) -> None:
    place, clock = Kept(), HandClock()
    one = publisher(place, tmp_path, Trusting(monitor), clock=clock)
    one.turn()
    for size in (250, 300, 310):
        clock.at += 5 * MINUTE
        monitor.grow(size - monitor.log.copy.published.size, clock.at)
        one.turn()
    assert place.came.count("log/tile/entries/000") == 1
    partial = {each for each in place.files if names.is_partial(each)}
    assert partial == {each for size in (300, 310) for each in names.tiles(size) if ".p/" in each}
    assert verified(place, tmp_path / "copy", clock) == 310


def test_a_store_that_was_emptied_or_written_by_another_gets_all_anew(
    monitor: Monitor, tmp_path: Path
) -> None:
    place, clock = Kept(), HandClock()
    one = publisher(place, tmp_path, Trusting(monitor), clock=clock)
    one.turn()
    everything = set(place.came)
    for change in (place.files.clear, lambda: place.files.update({names.CHECKPOINT: b"other"})):
        place.came.clear()
        change()
        clock.at += 5 * MINUTE
        monitor.show(clock.at)
        one.turn()
        assert set(place.came) == everything


def test_the_second_machine_takes_over_after_two_periods_and_gives_back(
    monitor: Monitor, tmp_path: Path
) -> None:
    place, clock = Kept(), HandClock()
    first = publisher(place, tmp_path, Trusting(monitor), clock=clock)
    second = publisher(place, tmp_path, Trusting(monitor), position=1, clock=clock)
    first.turn()
    for minutes, sends in ((5, False), (10, False), (15, True)):
        place.came.clear()
        clock.at = NOON + minutes * MINUTE
        monitor.show(clock.at)
        second.turn()
        assert bool(place.came) is sends
    clock.at += 5 * MINUTE
    monitor.grow(1, clock.at)
    first.turn()
    assert verified(place, tmp_path / "copy", clock) == 4


def test_a_monitor_that_hangs_or_is_away_is_left_out(monitor: Monitor, tmp_path: Path) -> None:
    place, clock = Kept(), HandClock(NOON + 5 * MINUTE)
    hangs, away = Monitor(tmp_path / "monitor-2"), Monitor(tmp_path / "monitor-3")
    hangs.grow(2, NOON - 30 * MINUTE)
    all_three = (Trusting(hangs), Trusting(away), Trusting(monitor))
    publisher(place, tmp_path, *all_three, clock=clock).turn()
    assert verified(place, tmp_path / "copy", clock) == 3
    place.came.clear()
    publisher(place, tmp_path, Trusting(hangs), clock=clock).turn()
    assert place.came == [], "an older page never takes a newer one's place"
    with pytest.raises(Unreachable, match="no monitor shows its page: monitor-1: "):
        publisher(place, tmp_path, Trusting(away), clock=clock).turn()


@dataclass
class Growing:
    """A log that grows, and drops its narrower tiles, while it is read."""

    monitor: Monitor
    by: dict[str, int]
    clock: HandClock
    asked: list[str] = field(default_factory=list)

    def fetch(self, path: str) -> bytes:
        self.asked.append(path)
        found = FolderTransport(self.monitor.www).fetch(path)
        if more := self.by.pop(path, 0):
            self.monitor.grow(more, self.clock.at)
        return found


@pytest.mark.parametrize("when", [names.CHECKPOINT, names.MACHINE_FORM, names.PAGE, "seal.svg"])
def test_a_log_that_grows_while_it_is_read_arrives_whole(
    monitor: Monitor, tmp_path: Path, when: str
) -> None:
    place, clock = Kept(), HandClock()
    monitor.grow(250, NOON)
    publisher(place, tmp_path, Growing(monitor, {when: 10}, clock), clock=clock).turn()
    size = verified(place, tmp_path / "copy", clock)
    _, root = claimed(place.files[names.MACHINE_FORM])
    assert size in (253, 263)
    assert root == committed(place.files[names.CHECKPOINT]).root.hex()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(first=st.integers(0, 30), more=st.integers(1, 300))
def test_killed_after_any_file_the_copy_is_whole_and_the_next_turn_mends_it(
    tmp_path_factory: pytest.TempPathFactory, first: int, more: int
) -> None:
    tmp_path = tmp_path_factory.mktemp("killed")
    monitor, clock = Monitor(tmp_path / "monitor-1"), HandClock()
    monitor.grow(3, NOON)
    place = Kept(seen=CommandFailed("the store off site is full"))
    one = publisher(place, tmp_path, Trusting(monitor), clock=clock)
    one.turn()
    clock.at += 5 * MINUTE
    monitor.grow(more, clock.at)
    place.fails_after = len(place.came) + first
    try:
        one.turn()
    except CommandFailed:
        assert verified(place, tmp_path / "copy-1", clock) in (3, 3 + more)
    place.fails_after = None
    clock.at += 5 * MINUTE
    monitor.show(clock.at)
    one.turn()
    assert verified(place, tmp_path / "copy-2", clock) == 3 + more


def test_a_trouble_is_said_once_and_its_end_once(monitor: Monitor, tmp_path: Path) -> None:
    place, clock = Kept(), HandClock()
    one = publisher(place, tmp_path, Trusting(monitor), clock=clock)
    refuses = CommandFailed("the store off site refuses us", remedy="Is the key still valid?")
    assert once(refuses, one.file) == refuses.words
    assert once(refuses, one.file) == ""
    assert once(Unreachable("it does not answer"), one.file) != ""
    assert one.turn() == "the page is in the store off site again"
    clock.at += 5 * MINUTE
    monitor.show(clock.at)
    assert one.turn() == ""
    assert remembered(one.file).trouble == ""


def test_a_trouble_forgets_nothing_that_was_sent(monitor: Monitor, tmp_path: Path) -> None:
    one = publisher(Kept(), tmp_path, Trusting(monitor), clock=HandClock())
    one.turn()
    before = remembered(one.file)
    once(Unreachable("it does not answer"), one.file)
    assert remembered(one.file).digests == before.digests != Sent().digests


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (names.MACHINE_FORM, b"{}"),
        (names.MACHINE_FORM, b"\xff"),
        (names.CHECKPOINT, b"no note"),
        (names.CHECKPOINT, b"\xff\n1\nAA==\n\n"),
    ],
)
def test_what_is_no_page_is_not_published(
    monitor: Monitor, tmp_path: Path, name: str, content: bytes
) -> None:
    (monitor.www / name).write_bytes(content)
    with pytest.raises(CannotVerify):
        shown(Trusting(monitor), HandClock())


def test_a_page_of_another_log_than_is_shown_is_not_published(monitor: Monitor) -> None:
    page = json.loads((monitor.www / names.MACHINE_FORM).read_bytes())
    page["log"]["root"] = "00" * 32
    (monitor.www / names.MACHINE_FORM).write_text(json.dumps(page))
    with pytest.raises(CannotVerify, match="not of the log that it shows"):
        shown(Trusting(monitor), HandClock())


def test_of_when_the_page_there_is_can_be_asked(monitor: Monitor, tmp_path: Path) -> None:
    place = Kept()
    assert page_made_at(place) is None
    publisher(place, tmp_path, Trusting(monitor), clock=HandClock()).turn()
    assert page_made_at(place) == stamp(NOON)
    place.files[names.MACHINE_FORM] = b"{}"
    assert page_made_at(place) is None


def test_the_list_says_how_old_the_page_there_is() -> None:
    said = {"kind": "folder", "location": "/srv/away"}
    on, off = OffsiteSettings(**said), OffsiteSettings(**said, page=False)  # type: ignore[arg-type]
    (line,) = page_lines(on, stamp(NOON), NOON + 4 * MINUTE)
    assert line == f"  trust page of {NOON:%Y-%m-%d %H:%M} UTC, 4 min old"
    assert list(page_lines(on, None, NOON)) == ["  NO TRUST PAGE"]
    assert list(page_lines(off, None, NOON)) == []
