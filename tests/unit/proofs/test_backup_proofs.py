"""What the two backup proofs make of what they saw. Pure."""

from standfast.mechanisms.backup.compare import Compared
from standfast.promises.catalog import ONSITE_BACKUP, RESTORE_WORKS
from standfast.promises.judge import judge
from standfast.promises.model import Outcome
from standfast.proofs.drills import onsite_backup, restore
from standfast.proofs.drills.onsite_backup import Seen

GOOD = Seen(copy_age_s=600.04, lag_s=4.4)
COPIES = ONSITE_BACKUP.parts[0].objective
RESTORED = RESTORE_WORKS.parts[0].objective
REPORT = {
    "copy": "1F",
    "finished_at": "2026-11-25T03:00:00.000Z",
    "data_age_s": 5.6,
    "restore_s": 4.4,
    "seconds": {"restored": 1.8},
}


def check(name: str, *, passed: bool) -> dict[str, object]:
    return {"name": name, "expected": "this", "found": "that", "passed": passed}


def test_the_second_machine_is_the_one_that_counts() -> None:
    seen = {"backup-1": GOOD, "backup-2": Seen(copy_age_s=900, lag_s=7), "backup-3": GOOD}
    assert onsite_backup.figures(seen) == {
        "missing_copies": 0,
        "backup_age_s": 600.0,
        "archive_lag_s": 4.4,
    }
    del seen["backup-3"]
    assert onsite_backup.figures(seen)["backup_age_s"] == 900


def test_what_is_received_is_shown_and_no_objective_rests_on_it() -> None:
    quick = Seen(copy_age_s=600, lag_s=4, received_lag_s=0.44)
    slow = Seen(copy_age_s=600, lag_s=4, received_lag_s=61.0)
    measured = onsite_backup.figures({"a": quick, "b": slow, "c": quick})
    assert measured["received_lag_s"] == 0.4
    measured = onsite_backup.figures({"a": quick, "b": slow})
    assert (measured["received_lag_s"], judge(COPIES, measured)) == (61.0, Outcome.KEPT)
    assert "received_lag_s" not in onsite_backup.figures({"a": quick, "b": GOOD})
    assert onsite_backup.words("a", quick).endswith("received after 0.44 s")


def test_one_copy_is_not_several_whatever_is_missing_beside_it() -> None:
    for other in (Seen(copy_age_s=None, lag_s=4), Seen(copy_age_s=None, lag_s=None)):
        measured = onsite_backup.figures({"backup-1": GOOD, "backup-2": other})
        assert measured["missing_copies"] == 1
        assert "backup_age_s" not in measured
        assert judge(COPIES, measured) is Outcome.BROKEN


def test_a_machine_that_takes_no_changes_breaks_it_although_its_copy_is_new() -> None:
    late = Seen(copy_age_s=60, lag_s=30.0)
    assert judge(COPIES, onsite_backup.figures({"a": GOOD, "b": late})) is Outcome.BROKEN
    assert judge(COPIES, onsite_backup.figures({"a": GOOD, "b": GOOD})) is Outcome.KEPT


def test_a_machine_that_receives_nothing_is_missing_however_loose_the_objective() -> None:
    closed = Seen(copy_age_s=60, lag_s=15.0, receives=False)
    measured = onsite_backup.figures({"a": GOOD, "b": closed})
    assert measured["missing_copies"] == 1
    assert judge({**COPIES, "archive_lag_s": 3600}, measured) is Outcome.BROKEN


def test_a_machine_whose_changes_were_not_seen_leaves_it_open() -> None:
    unseen = Seen(copy_age_s=60, lag_s=None)
    assert judge(COPIES, onsite_backup.figures({"a": GOOD, "b": unseen})) is Outcome.INCONCLUSIVE


def test_every_check_counts_and_one_that_failed_breaks_it() -> None:
    checks = [check("replayed", passed=True), check("pages", passed=True)]
    measured = restore.figures(REPORT, checks)
    assert measured == {"data_age_s": 5.6, "restore_s": 4.4, "checks": 2, "failed_checks": 0}
    assert judge(RESTORED, measured) is Outcome.KEPT
    measured = restore.figures(REPORT, [*checks, check("heartbeat", passed=False)])
    assert judge(RESTORED, measured) is Outcome.BROKEN


def test_a_restore_that_came_to_nothing_has_no_age_and_is_broken() -> None:
    report = {**REPORT, "data_age_s": None, "restore_s": None}
    measured = restore.figures(report, [check("restored", passed=False)])
    assert measured == {"checks": 0, "failed_checks": 1}
    assert judge(RESTORED, measured) is Outcome.BROKEN


def test_the_story_begins_with_the_summary_and_names_what_failed() -> None:
    compared = restore.as_check(Compared(exact=("a", "b"), written=("c",), wrong=()))
    checks = [check("replayed", passed=False), compared]
    lines = restore.story("backup-1", REPORT, checks, restore.figures(REPORT, checks))
    assert (
        lines[0] == "restore of the newest copy on backup-1 … data 5.6 s old, 1 of 2 checks passed"
    )
    assert "replayed: that" in lines
    assert "2 tables alike, 1 being written to" in lines[-1]
