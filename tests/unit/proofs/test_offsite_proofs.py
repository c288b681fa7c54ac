"""What the two proofs about the store off site make of what they heard. Pure."""

from datetime import UTC, datetime, timedelta

import pytest

from standfast.core.errors import CommandFailed
from standfast.mechanisms.backup.offsite.figures import Seen, figures
from standfast.mechanisms.backup.offsite.location import Stands
from standfast.mechanisms.backup.offsite.snapshots import Snapshot, Source
from standfast.promises.catalog import OFFSITE_SNAPSHOT
from standfast.promises.judge import judge
from standfast.promises.model import Outcome
from standfast.proofs.drills import offsite_restore, offsite_snapshot, restore
from standfast.proofs.drills.store import Heard, last_words

NOW = datetime(2026, 11, 29, 6, 0, tzinfo=UTC)
LOOKED, BROUGHT_BACK = (part.objective for part in OFFSITE_SNAPSHOT.parts)
ELSEWHERE = Stands(elsewhere=True, measured=True, why="198.51.100.10 is beside no machine")


def snapshot(age: timedelta, *, ours: bool = True) -> Snapshot:
    source = Source(copy="1F", position="0/5000028", data_at=NOW - age)
    return Snapshot(
        id=f"{age}",
        taken_at=NOW - age,
        machine="backup-1",
        folder="/x",
        source=source if ours else None,
    )


def measured(*ages: timedelta, opens: bool = False, stands: Stands = ELSEWHERE) -> Outcome:
    found = [snapshot(each) for each in sorted(ages, reverse=True)]
    seen = Seen(snapshots=found, opens_without_key=opens, stands=stands)
    return judge(LOOKED, figures(seen, NOW))


def test_one_snapshot_of_today_that_its_key_alone_opens_elsewhere_keeps_it() -> None:
    assert measured(timedelta(hours=25)) is Outcome.KEPT


@pytest.mark.parametrize("ages", [(), (timedelta(hours=27),), (timedelta(days=3),)])
def test_none_and_an_old_one_break_it(ages: tuple[timedelta, ...]) -> None:
    assert measured(*ages) is Outcome.BROKEN


def test_one_that_opens_without_its_key_or_lies_beside_the_site_breaks_it() -> None:
    beside = Stands(elsewhere=False, measured=True, why="10.0.0.9 is beside a machine of the site")
    assert measured(timedelta(hours=1), opens=True) is Outcome.BROKEN
    assert measured(timedelta(hours=1), stands=beside) is Outcome.BROKEN


def test_a_store_that_cannot_be_asked_is_as_one_with_nothing_in_it() -> None:
    said = Heard(machine="backup-1", problem="the store off site refuses us: 403")
    figure = offsite_snapshot.measure(said, ELSEWHERE, NOW)
    assert judge(LOOKED, figure) is Outcome.BROKEN
    assert "refuses us" in next(offsite_snapshot.story(said, ELSEWHERE, figure))
    report = offsite_restore.nothing_to_fetch(said)
    assert judge(BROUGHT_BACK, restore.figures(report, report["checks"])) is Outcome.BROKEN


def test_the_newest_is_one_that_we_took() -> None:
    others = snapshot(timedelta(minutes=1), ours=False)
    said = Heard(machine="backup-1", snapshots=(snapshot(timedelta(hours=1)), others))
    assert said.newest == said.snapshots[0]


def test_a_refusal_is_told_in_its_own_words_without_the_command() -> None:
    error = CommandFailed(
        "ssh … standfast.mechanisms.backup.offsite.look ended with status 1: "
        "standfast: the store off site refuses us: /usr/bin/timeout 120 /usr/bin/restic snapshots "
        "ended with status 1: Fatal: Access Denied.\nTry: Is the key still valid?"
    )
    assert last_words(error) == "the store off site refuses us: Fatal: Access Denied."
