"""From which machine a moment comes back, and what is said when it is there, or cannot be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from standfast.cli.backup import Seen
from standfast.cli.bring_back import document, lines, shown, source
from standfast.core.errors import CannotVerify, ConfigError
from standfast.mechanisms.backup import wal
from standfast.mechanisms.backup.chain import Leg, Run
from standfast.mechanisms.backup.engine import Copy, Kind
from standfast.mechanisms.backup.shelf import Shelf
from standfast.mechanisms.recovery.point_in_time.look import Found
from standfast.mechanisms.recovery.point_in_time.orders import Order, Phase, State

START = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def shelf(ended: float, until: float) -> Shelf:
    copy = Copy(
        name="one",
        kind=Kind.FULL,
        began_at=at(ended - 5),
        finished_at=at(ended),
        first_segment=wal.name(1, 3),
        last_segment=wal.name(1, 4),
        needs=(),
        database_bytes=1000,
        stored_bytes=100,
    )
    legs = (Leg(timeline=1, begins=0),)
    return Shelf(copies=(copy,), legs=legs, commits={Run(first=2, last=90): at(until)})


BESIDE = Seen(machine="two", holds_database=True, shelf=shelf(10, 1000.5))
APART = Seen(machine="backup-1", holds_database=False, shelf=shelf(100, 1000.5))
OTHER = Seen(machine="backup-2", holds_database=False, shelf=shelf(50, 2000.5))
SILENT = Seen(machine="backup-3", holds_database=False, shelf=None, problem="no answer")
ALL = (BESIDE, APART, OTHER, SILENT)


@pytest.mark.parametrize(
    ("second", "machine"), [(500, "backup-1"), (60, "backup-2"), (20, "two"), (1500, "backup-2")]
)
def test_the_first_that_has_the_moment_and_no_database_brings_it_back(
    second: int, machine: str
) -> None:
    assert source(ALL, at(second), None)[0] == machine


def test_the_latest_comes_from_whoever_reaches_furthest_and_holds_no_database() -> None:
    further = replace(BESIDE, shelf=shelf(10, 3000))
    assert source((further, APART, OTHER, SILENT), None, None)[0] == "backup-2"
    assert source((further, SILENT), None, None)[0] == "two"


def test_a_machine_that_is_named_is_asked_alone() -> None:
    assert source(ALL, at(500), "two")[0] == "two"
    with pytest.raises(ConfigError, match="2026-11-25 02:00:20 UTC cannot be brought back") as no:
        source(ALL, at(20), "backup-1")
    assert no.value.remedy.endswith("backup-1 2026-11-25 02:01:41 to 2026-11-25 02:16:40")


def test_where_somebody_who_is_silent_might_have_it_nobody_says_that_it_is_gone() -> None:
    with pytest.raises(CannotVerify, match="backup-3 did not answer: no answer"):
        source(ALL, at(5), None)


def test_without_any_copy_the_latest_is_refused_and_a_copy_is_offered() -> None:
    empty = replace(APART, shelf=Shelf(copies=(), legs=(), commits={}))
    with pytest.raises(ConfigError) as no:
        source((empty,), None, None)
    assert no.value.remedy == "standfast backup now"


READY = Found(
    folder="/srv/look",
    order=Order(
        folder="/srv/look",
        to="2026-11-25T02:10:00.000Z",
        copy="one",
        copy_bytes=1000,
        first_segment=wal.name(1, 3),
        segments=9,
    ),
    state=State(
        phase=Phase.READY,
        copied=True,
        restore_s=4.1,
        replay_s=1.7,
        reached="2026-11-25T02:09:59.600Z",
    ),
    running=True,
    entries=7,
    ancestor="/srv/look",
    free_bytes=1,
)


def test_what_came_back_is_said_with_how_to_look_and_how_to_take_it_away() -> None:
    said = list(lines("backup-1", READY, ("/srv/look/tables/one.sql",)))
    assert all(len(each) <= 80 for each in said), said
    assert "its last change is of 2026-11-25 02:09:59 UTC" in said[1]
    assert said[-2:] == [
        "  standfast recover psql /srv/look",
        "  standfast recover discard /srv/look",
    ]


def test_the_document_has_the_words_that_open_it() -> None:
    found = document("backup-1", READY, "timesheets")
    assert (found["state"], found["last_change_at"]) == ("ready", "2026-11-25T02:09:59.600Z")
    assert found["psql"][2:6] == ["runuser", "-u", "standfast-backup", "--"]
    assert "--host=/srv/look/socket" in found["psql"]


def test_one_whose_machine_was_off_is_stopped_and_one_that_failed_has_failed() -> None:
    assert shown(replace(READY, running=False)) == "stopped"
    failed = replace(READY, running=False, state=replace(READY.state, phase=Phase.FAILED))
    assert shown(failed) == "failed"
