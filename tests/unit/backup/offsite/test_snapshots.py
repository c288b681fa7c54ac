"""What restic prints, read; recorded from 0.14 and, where they differ, in the form of 0.18."""

from datetime import UTC, datetime

import pytest

from standfast.core.errors import CannotVerify
from standfast.mechanisms.backup.offsite import snapshots
from standfast.mechanisms.backup.offsite.snapshots import Source

RECORDED = """[
{"time":"2026-11-28T10:00:00Z","tree":"e7","paths":["/srv/passed"],"hostname":"backup-1",
 "username":"root","tags":["standfast","copy=20261128-0244F","position=0/5000028",
 "data-at=2026-11-28T09:59:58.000Z"],"id":"550e8591ec08","short_id":"550e8591"},
{"time":"2026-11-27T11:30:00.123456789+01:00","paths":["/srv/passed"],"hostname":"backup-2",
 "tags":["standfast-part"],"id":"aa","short_id":"aa"},
{"time":"2026-11-27T10:00:00Z","paths":["/home"],"hostname":"laptop","id":"bb","short_id":"bb"}
]"""

SUMMARY = (
    '{"message_type":"status","percent_done":0.5}\n'
    '{"message_type":"summary","files_new":2,"data_added":3001117,'
    '"total_bytes_processed":3000006,"snapshot_id":"550e8591"}\n'
)


def test_snapshots_come_oldest_first_with_what_they_hold() -> None:
    foreign, part, whole = snapshots.snapshots(RECORDED)
    assert (foreign.id, foreign.source, foreign.is_part) == ("bb", None, False)
    assert (part.id, part.is_part) == ("aa", True)
    assert part.taken_at == datetime(2026, 11, 27, 10, 30, 0, 123456, tzinfo=UTC)
    assert whole.machine == "backup-1"
    assert whole.source == Source(
        copy="20261128-0244F",
        position="0/5000028",
        data_at=datetime(2026, 11, 28, 9, 59, 58, tzinfo=UTC),
    )


@pytest.mark.parametrize("nothing", ["null", "[]"])
def test_a_repository_without_snapshots_has_none(nothing: str) -> None:
    assert snapshots.snapshots(nothing) == ()


@pytest.mark.parametrize(
    "tags",
    [
        ("copy=F", "position=0/1"),
        ("copy=F", "position=0/1", "data-at=yesterday"),
        ("copy=F", "position=0/1", "data-at=2026-11-28T09:59:58"),
    ],
)
def test_tags_that_are_not_ours_are_no_source(tags: tuple[str, ...]) -> None:
    assert snapshots.source(tags) is None


def test_what_was_taken_is_the_summary() -> None:
    taken = snapshots.taken(SUMMARY)
    assert (taken.id, taken.added_bytes, taken.total_bytes) == ("550e8591", 3001117, 3000006)


@pytest.mark.parametrize("printed", ["", '{"message_type":"status"}\n'])
def test_no_summary_is_no_snapshot(printed: str) -> None:
    with pytest.raises(CannotVerify, match="which snapshot"):
        snapshots.taken(printed)


def test_what_is_no_json_is_no_answer() -> None:
    with pytest.raises(CannotVerify, match="no JSON"):
        snapshots.snapshots("Fatal: x")
