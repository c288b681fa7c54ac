from standfast.evidence.slots import open_slot


def test_a_proof_that_begins_now_belongs_in_the_open_slot_that_ends_last(told, hour):
    told.enrol()
    early = told.slot(0, 24)
    late = told.slot(20, 44)
    told.slot(0, 100, promise="redundant-edge")
    found = [
        open_slot(told.entries(), "redundant-web", "web-server", now=hour(each))
        for each in (1, 21, 25)
    ]
    assert found == [early, late, late]


def test_without_an_open_slot_there_is_none(told, hour):
    told.enrol()
    told.slot(2, 24)
    for hours in (1, 24, 30):
        assert open_slot(told.entries(), "redundant-web", "web-server", now=hour(hours)) is None
    assert open_slot(told.entries(), "unheard-of", "web-server", now=hour(3)) is None
    assert open_slot(told.entries(), "redundant-web", "slow-web", now=hour(3)) is None


def test_a_slot_from_when_a_promise_had_one_drill_belongs_to_it(told, hour):
    told.enrol()
    slot = told.slot(0, 24, drill=None)
    assert open_slot(told.entries(), "redundant-web", "web-server", now=hour(1)) == slot
    told.prove(slot, 1)
    assert open_slot(told.entries(), "redundant-web", "web-server", now=hour(2)) == slot
    assert open_slot(told.entries(), "redundant-web", "slow-web", now=hour(2)) is None
