"""Slots follow each other without a gap for every part, and the scope is said when it changes."""

from datetime import UTC, datetime, timedelta

from standfast.evidence.statement import Slot
from standfast.promises.catalog import DATABASE_FAILOVER, REDUNDANT_WEB
from standfast.proofs.schedule import due_scope, due_slots

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
USUAL = {
    part.drill: part.objective
    for promise in (REDUNDANT_WEB, DATABASE_FAILOVER)
    for part in promise.parts
}


def due(known: list[Slot], at: datetime) -> list[Slot]:
    return list(due_slots(known, (DATABASE_FAILOVER,), USUAL, now=at))


def test_every_part_has_slots_of_its_own() -> None:
    first = due([], NOON)
    assert [slot.drill for slot in first] == ["database-crash", "database-host"]
    assert [slot.objective["outage_s"] for slot in first] == [3, 6]
    assert due(first, NOON) == []
    (again,) = due(first[1:], NOON)
    assert again.drill == "database-crash"


def test_the_next_slot_begins_where_the_running_one_ends() -> None:
    first = due([], NOON)
    late = NOON + timedelta(hours=18)
    assert due(first, late - timedelta(seconds=1)) == []
    second = due(first, late)
    assert [slot.starts_at for slot in second] == [slot.until for slot in first]


def test_a_slot_that_names_no_drill_is_one_of_the_only_drill() -> None:
    (slot,) = due_slots([], (REDUNDANT_WEB,), USUAL, now=NOON)
    old = slot.model_copy(update={"drill": None})
    assert list(due_slots([old], (REDUNDANT_WEB,), USUAL, now=NOON)) == []


def test_the_scope_is_said_once_and_again_when_it_changes() -> None:
    why = {"redundant-web": "there is one web server"}
    first = due_scope([], why, now=NOON)
    assert first is not None
    assert [(each.promise, each.why) for each in first.not_promised] == list(why.items())
    assert due_scope([first], why, now=NOON) is None
    other = due_scope([first], {"redundant-web": "it is left out"}, now=NOON)
    assert other is not None
    assert other.not_promised[0].why == "it is left out"
    none = due_scope([first, other], {}, now=NOON)
    assert none is not None
    assert none.not_promised == ()


def test_a_site_that_promises_everything_says_nothing_of_its_scope() -> None:
    assert due_scope([], {}, now=NOON) is None
