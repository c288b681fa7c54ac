"""A promise that several drills prove is worth as much as the worst of them; older logs and
withdrawn promises keep their meaning."""

import pytest

from standfast.core.errors import CannotVerify
from standfast.evidence.scope import left_out
from standfast.evidence.state import derive
from standfast.evidence.statement import ScopeNotice, Slot, Statement, Unpromised
from standfast.promises.model import Grade, State

BAD = {"requests": 3000, "failed_requests": 7, "doubled_writes": 0}
CRASH, HOST = "database-crash", "database-host"
FAILOVER = "database-failover"


def announce(told):
    return [told.slot(0, 24, promise=FAILOVER, drill=drill) for drill in (CRASH, HOST)]


def show(told, slot, drill, at):
    told.prove(slot, at, promise=FAILOVER, drill=drill)
    told.calibrate(at + 1, promise=FAILOVER, drill=drill)


@pytest.fixture
def both(told):
    told.enrol()
    crash, host = announce(told)
    show(told, crash, CRASH, 0.5)
    show(told, host, HOST, 0.7)
    return told


def state(told, at):
    (found,) = derive(told.entries(), now=at)
    return found


def test_with_all_its_parts_kept_a_promise_is_kept_since_the_oldest_proof(both, hour):
    found = state(both, hour(3))
    assert [part.drill for part in found.parts] == [CRASH, HOST]
    assert (found.state, found.grade) == (State.KEPT, Grade.REHEARSED)
    assert (found.proven_at, found.calibrated_at) == (hour(0.6), hour(1.9))
    assert found.due_at == hour(0.6 + 24)


@pytest.mark.parametrize("drill", [CRASH, HOST])
def test_one_broken_part_breaks_the_promise_and_says_which(both, hour, drill):
    slot = next(
        index
        for index, each in enumerate(both.predicates)
        if isinstance(each, Slot) and each.drill == drill
    )
    both.prove(slot, 3, BAD, promise=FAILOVER, drill=drill)
    found = state(both, hour(4))
    assert found.state is State.BROKEN
    assert found.reason.startswith(f"{drill}: failed_requests was 7")
    assert found.weakest.drill == drill


def test_a_part_that_was_never_proven_leaves_the_promise_unproven(told, hour):
    told.enrol()
    crash, _ = announce(told)
    show(told, crash, CRASH, 0.5)
    found = state(told, hour(3))
    assert (found.state, found.proven_at) == (State.UNPROVEN, None)
    assert found.reason == f"{HOST}: it has not been proven yet"


def test_the_proof_and_the_calibration_of_one_drill_are_not_those_of_another(told, hour):
    told.enrol()
    crash, host = announce(told)
    show(told, crash, CRASH, 0.5)
    told.prove(host, 2.5, promise=FAILOVER, drill=HOST)
    found = state(told, hour(3))
    assert [part.state for part in found.parts] == [State.KEPT, State.UNPROVEN]
    assert found.reason == f"{HOST}: its check has not been seen red yet"


def test_a_failure_is_not_hidden_by_another_drills_name(both, hour):
    both.prove(1, 3, BAD, promise=FAILOVER, drill="database-other")
    assert state(both, hour(4)).state is State.BROKEN


def test_a_log_whose_first_slots_name_no_drill_goes_on_without_a_gap(told, hour):
    told.enrol()
    told.prove(told.slot(0, 24, drill=None), 0.5)
    told.calibrate(1)
    assert state(told, hour(2)).state is State.KEPT
    told.slot(24, 48)
    (part,) = state(told, hour(23)).parts
    assert (part.drill, part.state, part.missed) == ("web-server", State.KEPT, ())


def test_a_slot_without_a_drill_is_written_as_it_always_was(told):
    told.slot(0, 24, drill=None)
    payload = Statement(site="example", predicate=told.predicates[0]).payload()
    assert b"drill" not in payload
    assert Statement.from_payload(payload).predicate == told.predicates[0]


OLD = (
    b'{"_type":"https://in-toto.io/Statement/v1","predicate":{"calibrated_within_s":604800,'
    b'"default_objective":{"failed_requests":0},"from":"2026-03-01T12:00:00.000Z",'
    b'"objective":{"failed_requests":0},"period_s":86400,"promise":"redundant-web",'
    b'"proof":"One web server is cut.","statement":"Any web server can fail.",'
    b'"until":"2026-03-02T12:00:00.000Z"},"predicateType":"urn:standfast:slot:v1",'
    b'"subject":[{"digest":{"sha256":'
    b'"f90ac61175d7f5bf3be971e6a9d2c14adbd849827d16296b3e867e15abcc2ac1"},'
    b'"name":"example/redundant-web"}]}'
)
"""As it was written before promises had parts."""


def test_a_slot_from_before_promises_had_parts_is_still_one_of_this_log():
    statement = Statement.from_payload(OLD)
    assert statement.payload() == OLD
    assert statement.predicate.drill is None


def test_a_slot_that_says_that_it_has_no_drill_is_refused():
    """Nobody has ever written that, and one entry must have one form."""
    with pytest.raises(CannotVerify):
        Statement.from_payload(OLD.replace(b'"from"', b'"drill":null,"from"'))


def withdrawn(hour, at, *promises):
    return ScopeNotice(
        text="left out",
        at=hour(at),
        not_promised=tuple(
            Unpromised(promise=each, statement=f"{each}.", why="there is one machine")
            for each in promises
        ),
    )


def test_a_withdrawn_promise_is_no_claim_any_more_and_is_named(kept, hour):
    kept.add(withdrawn(hour, 2, "redundant-web"))
    assert derive(kept.entries(), now=hour(3)) == ()
    (found,) = left_out(kept.entries())
    assert (found.promise, found.why, found.since) == (
        "redundant-web",
        "there is one machine",
        hour(2),
    )


def test_a_notice_that_is_renewed_keeps_the_date_of_the_first(kept, hour):
    kept.add(withdrawn(hour, 2, "any-machine"))
    kept.add(withdrawn(hour, 5, "any-machine", "restore-works"))
    assert {each.promise: each.since for each in left_out(kept.entries())} == {
        "any-machine": hour(2),
        "restore-works": hour(5),
    }


def test_a_slot_after_the_notice_promises_it_again(kept, hour):
    kept.add(withdrawn(hour, 2, "redundant-web"))
    kept.slot(3, 27)
    assert left_out(kept.entries()) == ()
    assert state(kept, hour(4)).state is State.KEPT
