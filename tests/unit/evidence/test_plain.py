"""What is read the quick way is what the slow way reads, and of most bytes nothing is said."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.evidence.test_any_bytes import few, letters, mutated, statements, values

from standfast.core.errors import CannotVerify
from standfast.evidence import plain
from standfast.evidence.statement import (
    Availability,
    Kind,
    Proof,
    Slot,
    Statement,
    TextNotice,
    canonical,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def slowly(payload: bytes) -> Statement | None:
    try:
        return Statement.from_payload(payload)
    except CannotVerify:
        return None


def agrees(payload: bytes) -> None:
    """It may have nothing to say; what it says is so."""
    found = plain.read(payload)
    if found is not None:
        slow = slowly(payload)
        assert slow == found
        assert type(slow.predicate) is type(found.predicate)
        assert repr(sorted(dict(slow.predicate).items())) == repr(
            sorted(dict(found.predicate).items())
        )
        assert found.payload() == payload


@few
@given(statements)
def test_a_statement_that_is_read_at_once_is_the_one_that_was_written(said: Statement) -> None:
    agrees(said.payload())


@few
@given(statements, st.data())
def test_of_altered_bytes_nothing_is_said_that_is_not_so(
    said: Statement, data: st.DataObject
) -> None:
    """The unaltered ones were read before, should anything be remembered of them."""
    plain.read(said.payload())
    agrees(data.draw(mutated(said.payload())))


@pytest.mark.parametrize(
    "change",
    [
        {"until": "2026-03-02T24:00:00.000Z"},
        {"until": "2026-03-01T11:59:59.999Z"},
        {"until": "2026-02-30T12:00:00.000Z"},
        {"from": "2026-03-01T12:00:00,000Z"},
        {"from": "2026-03-01T12:00:00.000z"},
        {"from": "1999-03-01T12:00:00.000Z"},
        {"from": '2026-03-01T12:00:00.00"Z'},
        {"until": None},
        {"from": ["2026-03-01T12:00:00.000Z"]},
    ],
)
def test_a_slot_like_another_with_moments_that_are_none_is_refused(kept, change):
    slot = next(each.statement for each in kept.entries() if each.kind is Kind.SLOT)
    assert plain.read(slot.payload()) == slot
    document = json.loads(slot.payload())
    document["predicate"].update(change)
    payload = rewritten(document)
    assert plain.read(payload) is None
    with pytest.raises(CannotVerify):
        plain.statement(payload)


@pytest.mark.parametrize("words", ['x,"from":"2026-03-01T12:00:00.000Z"', '"until":"', '"}', "\\"])
def test_words_that_look_like_a_moment_are_words(kept, words):
    slot = next(each.statement for each in kept.entries() if each.kind is Kind.SLOT)
    for field in ("statement", "proof", "drill", "promise"):
        said = replace(slot, predicate=slot.predicate.model_copy(update={field: words}))
        assert plain.read(said.payload()) == slowly(said.payload()) == said
        agrees(said.payload())


def test_slots_that_differ_only_in_their_moments_are_each_read_with_their_own(kept):
    slot = next(each.statement for each in kept.entries() if each.kind is Kind.SLOT)
    for hours in range(50):
        moved = {
            "starts_at": NOON + timedelta(hours=hours),
            "until": NOON + timedelta(hours=2 * hours + 1),
        }
        said = replace(slot, predicate=slot.predicate.model_copy(update=moved))
        assert plain.read(said.payload()) == slowly(said.payload()) == said


@few
@given(statements, st.data())
def test_of_json_that_is_nearly_a_statement_nothing_is_said_that_is_not_so(
    said: Statement, data: st.DataObject
) -> None:
    """One value replaced, and the digest made anew, so that only the value can be wrong."""
    document = json.loads(said.payload())
    place = document["predicate"]
    while data.draw(st.booleans()) and (
        inner := [each for each in place.values() if isinstance(each, dict) and each]
    ):
        place = data.draw(st.sampled_from(inner))
    if place:
        place[data.draw(st.sampled_from(sorted(place)) | letters)] = data.draw(values | doubtful)
    agrees(rewritten(document))


NUMBERS = (0.0, -0.0, 1.0, 1e15, 1e16, 1e22, 1e-4, 1e-5, 2**53, 2**53 + 1, -(2**63), True)
TEXTS = (
    "",
    "5",
    "2026-03-01T12:00:00.000Z",
    "2026-03-01T24:00:00.000Z",
    "2026-03-01T12:00:60.000Z",
    "2026-03-01T12:00:00,000Z",
    "1999-12-31T23:59:59.999Z",
    "2026-02-30T12:00:00.000Z",
    "2026-03-01t12:00:00.000Z",
    "2026-03-01T12:00:00.000z",
    "٢٠٢٦-03-01T12:00:00.000Z",
)
doubtful = st.sampled_from(NUMBERS) | st.sampled_from(TEXTS)


def rewritten(document: dict[str, object]) -> bytes:
    digest = hashlib.sha256(canonical(document["predicate"])).hexdigest()
    document["subject"][0]["digest"]["sha256"] = digest
    return canonical(document)


@pytest.mark.parametrize("kind", [Kind.SLOT, Kind.PROOF, Kind.CALIBRATION])
def test_all_of_which_a_log_consists_is_read_at_once(kept, kind):
    of_it = [each for each in kept.entries() if each.kind is kind]
    assert of_it
    for entry in of_it:
        assert plain.read(entry.statement.payload()) == entry.statement


def test_what_is_rare_is_left_to_who_looks_closer(kept):
    notice = Statement(site="s", predicate=TextNotice(text="said", at=NOON))
    assert plain.read(notice.payload()) is None
    assert plain.statement(notice.payload()) == notice


def test_true_is_not_taken_for_one_though_python_says_that_they_are_equal(kept):
    """The same objective was read before, so that it could be found by mistake."""
    proof = next(each.statement for each in kept.entries() if each.kind is Kind.PROOF)
    assert plain.read(proof.payload()) == proof
    for other in (False, 0.0, -0.0, "0", None):
        document = json.loads(proof.payload())
        document["predicate"]["objective"]["failed_requests"] = other
        payload = rewritten(document)
        assert plain.read(payload) is None
        with pytest.raises(CannotVerify):
            plain.statement(payload)


def test_a_run_that_is_impossible_is_refused(kept):
    proof = next(each.statement for each in kept.entries() if each.kind is Kind.PROOF)
    for change in (
        {"ended_at": "2025-03-01T12:00:00.000Z"},
        {"grade": "real"},
    ):
        document = json.loads(proof.payload())
        document["predicate"].update(change)
        assert plain.read(rewritten(document)) is None
        with pytest.raises(CannotVerify):
            plain.statement(rewritten(document))


def test_another_promise_in_the_subject_is_refused(kept):
    proof = next(each.statement for each in kept.entries() if each.kind is Kind.PROOF)
    payload = proof.payload().replace(b'"example/redundant-web"', b'"example/closed-ports"')
    assert plain.read(payload) is None
    with pytest.raises(CannotVerify):
        plain.statement(payload)


def test_every_field_of_the_models_is_read(kept):
    """One that a model gains is not overlooked here: nothing would be read at once any more."""
    of_each = ((Proof, plain.PROOF), (Slot, plain.SLOT), (Availability, plain.AVAILABILITY))
    for model, names in of_each:
        assert len(names) == len(model.model_fields)


def test_moments_of_a_thousand_days_are_read_as_they_are_written():
    for day in range(1000):
        moment = NOON + timedelta(days=day, milliseconds=day * 7919)
        text = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        assert plain.moment(text) == moment
