"""What the failover drills and the draw of any machine make of what a load found. Pure."""

import pytest

from standfast.core.errors import CannotVerify, Refused
from standfast.mechanisms.database.observe import Cluster, parse
from standfast.promises.allowance import allowed_s
from standfast.promises.catalog import ANY_MACHINE, DATABASE_FAILOVER, MIRRORED_DATABASE
from standfast.promises.judge import judge
from standfast.promises.model import Outcome
from standfast.proofs.drills import any_machine, failover
from standfast.proofs.drills.course import refuse_unless_possible
from standfast.proofs.drills.database_crash import SHORT, WHOLE
from standfast.proofs.drills.found import Found
from standfast.proofs.drills.host_cut import lasting
from standfast.proofs.drills.measure import Asked
from standfast.proofs.drills.secondary_host import stalled, waited_for

CRASH, HOST = (part.objective for part in DATABASE_FAILOVER.parts)
SECONDARY = MIRRORED_DATABASE.parts[1].objective
ANY = ANY_MACHINE.parts[0].objective
FAULT_AT_S = 4.0


def load(out_s: float = 1.2, *, lost: bool = False, listed: bool = True) -> Found:
    """Ten writes a second for 14 s; none is acknowledged for `out_s` from the fault on."""
    asked = []
    for number in range(140):
        at = number / 10
        out = FAULT_AT_S <= at < FAULT_AT_S + out_s
        asked.append(
            Asked(
                kind="write",
                id=f"id-{number}",
                status=503 if out else 200,
                sent_s=at,
                took_s=0.0,
                error="status 503" if out else "",
            )
        )
    stored = [each.id for each in asked if each.acknowledged][int(lost) :]
    return Found(
        requests=tuple(asked),
        stored=tuple(stored) if listed else None,
        problem="" if listed else "nobody could say",
    )


def crash(found: Found, redundancy_s: float | None = 6.0) -> dict[str, float]:
    return failover.figures(found, WHOLE, fault_at_s=FAULT_AT_S, redundancy_s=redundancy_s)


def test_a_short_outage_without_a_loss_is_kept() -> None:
    measured = crash(load())
    assert 1.2 <= measured["outage_s"] <= 1.4
    assert (measured["lost_writes"], measured["ghost_writes"]) == (0, 0)
    assert measured["redundancy_s"] == 6.0
    assert judge(CRASH, measured) is Outcome.KEPT


def test_a_long_outage_or_one_lost_write_is_broken() -> None:
    assert judge(CRASH, crash(load(3.5))) is Outcome.BROKEN
    assert judge(CRASH, crash(load(lost=True))) is Outcome.BROKEN


def test_what_could_not_be_listed_is_not_called_kept() -> None:
    assert judge(CRASH, crash(load(listed=False))) is Outcome.INCONCLUSIVE


def test_a_ghost_is_counted_and_allowed() -> None:
    found = load()
    refused = next(each.id for each in found.requests if not each.acknowledged)
    assert found.stored is not None
    ghost = Found(requests=found.requests, stored=(*found.stored, refused), problem="")
    assert crash(ghost)["ghost_writes"] == 1
    assert judge(CRASH, crash(ghost)) is Outcome.KEPT


def test_the_courses_outlast_the_limits_and_are_possible() -> None:
    for course in (WHOLE, SHORT):
        assert course.duration_s - course.cut_at_s > CRASH["outage_s"] + 1
    for limit_s in (SECONDARY["stall_s"], 5, HOST["outage_s"], 30):
        course = lasting(limit_s)
        refuse_unless_possible(course)
        assert course.cut_s > limit_s
        assert course.duration_s - course.cut_at_s > limit_s


def test_a_secondary_that_vanishes_may_hold_writes_up_for_some_seconds() -> None:
    def stall(out_s: float, *, lost: bool = False) -> dict[str, float]:
        return stalled(crash(load(out_s, lost=lost)))

    assert "outage_s" not in stall(3.2)
    assert judge(SECONDARY, stall(3.2)) is Outcome.KEPT
    assert judge(SECONDARY, stall(4.5)) is Outcome.BROKEN
    assert judge(SECONDARY, stall(3.2, lost=True)) is Outcome.BROKEN


def pair(*synchronous: str) -> Cluster:
    roles = {"db-1": "leader", "db-2": "replica"} | dict.fromkeys(synchronous, "sync_standby")
    return parse(
        {"members": [{"name": each, "role": roles[each], "state": "running"} for each in roles]}
    )


def test_the_secondary_is_the_one_that_commits_wait_for() -> None:
    assert waited_for(pair("db-2"), None) == "db-2"
    assert waited_for(pair("db-2"), "db-2") == "db-2"
    with pytest.raises(Refused, match="db-1 is not the secondary"):
        waited_for(pair("db-2"), "db-1")
    for nobody in (pair(), None):
        with pytest.raises(CannotVerify):
            waited_for(nobody, None)


def drawn(found: Found, allowance_s: float) -> dict[str, float]:
    course = any_machine.lasting(allowance_s, short=False)
    return any_machine.figures(
        found, course, fault_at_s=FAULT_AT_S, allowance_s=allowance_s, back_s=5.0
    )


def test_a_web_machine_may_cost_no_request_and_an_edge_some_seconds_of_them() -> None:
    assert judge(ANY, drawn(load(0), 0)) is Outcome.KEPT
    assert judge(ANY, drawn(load(0.3), 0)) is Outcome.BROKEN
    assert judge(ANY, drawn(load(2), 3)) is Outcome.KEPT
    assert judge(ANY, drawn(load(4), 3)) is Outcome.BROKEN
    assert judge(ANY, drawn(load(2, lost=True), 3)) is Outcome.BROKEN
    assert drawn(load(2), 3)["interrupted_s"] == 1.9


def test_every_allowance_has_a_course_that_is_possible() -> None:
    for allowance_s in (0, 3, 25, 30):
        for short in (True, False):
            refuse_unless_possible(any_machine.lasting(allowance_s, short=short))


def test_a_machine_of_several_roles_is_allowed_what_the_most_lenient_is() -> None:
    machines = {
        "a": frozenset({"edge", "web", "database"}),
        "b": frozenset({"web"}),
        "c": frozenset({"edge", "monitor"}),
    }
    assert [allowed_s(each, machines) for each in machines] == [25, 0, 3]
    shared = {**machines, "a": frozenset({"database", "monitor"})}
    assert allowed_s("a", shared) == 30
