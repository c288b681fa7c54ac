import hashlib
import json
from datetime import datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from standfast.core.errors import CannotVerify
from standfast.evidence.statement import (
    EnrolledNotice,
    EnrolledSigner,
    Proof,
    Slot,
    Statement,
    TextNotice,
    canonical,
)
from standfast.promises.model import Grade


@pytest.fixture
def statements(kept):
    kept.notice(3)
    return [Statement(site="example", predicate=each) for each in kept.predicates]


def changed(payload, **fields):
    """A payload with fields of its predicate changed and a digest that belongs to them."""
    outer = json.loads(payload)
    outer["predicate"] |= fields
    digest = hashlib.sha256(canonical(outer["predicate"])).hexdigest()
    outer["subject"][0]["digest"]["sha256"] = digest
    return canonical(outer)


def test_every_kind_of_statement_survives_being_written_and_read(statements):
    assert {str(each.kind) for each in statements} == {"slot", "proof", "calibration", "notice"}
    for each in statements:
        assert Statement.from_payload(each.payload()) == each


def test_a_payload_is_an_in_toto_statement_with_the_digest_of_its_predicate(statements):
    proof = next(each for each in statements if each.kind == "proof")
    outer = json.loads(proof.payload())
    assert set(outer) == {"_type", "subject", "predicateType", "predicate"}
    assert outer["_type"] == "https://in-toto.io/Statement/v1"
    assert outer["predicateType"] == "urn:standfast:proof:v1"
    (subject,) = outer["subject"]
    assert subject["name"] == "example/redundant-web"
    written = json.dumps(
        outer["predicate"], sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    assert subject["digest"] == {"sha256": hashlib.sha256(written.encode()).hexdigest()}


def test_a_notice_is_about_the_log(statements):
    notices = [each for each in statements if each.kind == "notice"]
    assert {json.loads(each.payload())["subject"][0]["name"] for each in notices} == {"example/log"}


def test_a_slot_writes_its_beginning_as_from_and_whole_numbers_without_a_point(kept):
    slot = Statement(site="example", predicate=kept.predicates[1])
    predicate = json.loads(slot.payload())["predicate"]
    assert predicate["from"] == "2026-03-01T12:00:00.000Z"
    assert b'"period_s":86400' in slot.payload()
    assert b'"failed_requests":0}' in slot.payload()
    assert "starts_at" not in predicate


def test_times_are_kept_in_utc_with_milliseconds_wherever_they_come_from():
    zone = timezone(timedelta(hours=2))
    notice = TextNotice(text="moved", at=datetime(2026, 3, 1, 14, 0, 0, 123456, tzinfo=zone))
    assert notice.model_dump(mode="json")["at"] == "2026-03-01T12:00:00.123Z"
    assert TextNotice.model_validate(notice.model_dump(mode="json")) == notice
    with pytest.raises(ValidationError, match="no time zone"):
        TextNotice(text="moved", at=datetime(2026, 3, 1))


@pytest.mark.parametrize(
    "fields",
    [
        {"surprise": 1},
        {"outcome": "perfect"},
        {"slot": -1},
        {"slot": "1"},
        {"slot": 1.0},
        {"measured": {"failed_requests": "0"}},
        {"measured": {"failed_requests": 0.0}},
        {"measured": {"failed_requests": True}},
        {"started_at": "2026-03-01T12:30:00Z"},
        {"started_at": "2026-03-01T13:30:00.000+01:00"},
        {"started_at": 1772368200},
        {"started_at": "0001-01-01T00:00:00.000+14:00"},
        {"ended_at": "9999-12-31T23:59:59.999Z"},
        {"started_at": "2027-03-01T12:30:00.000Z"},
        {"grade": "real"},
    ],
)
def test_a_proof_that_says_something_impossible_or_in_another_form_is_refused(kept, fields):
    payload = Statement(site="example", predicate=kept.predicates[2]).payload()
    assert changed(payload) == payload
    with pytest.raises(CannotVerify):
        Statement.from_payload(changed(payload, **fields))


def test_bytes_that_mean_the_same_but_are_written_otherwise_are_refused(statements):
    for each in statements:
        payload = each.payload()
        outer = json.loads(payload)
        reversed_keys = json.dumps(dict(reversed(outer.items())), separators=(",", ":"))
        doubled = payload.replace(b'{"_type"', b'{"_type":"x","_type"', 1)
        spaced = json.dumps(outer, sort_keys=True)
        for other in (reversed_keys.encode(), doubled, spaced.encode(), payload + b"\n"):
            with pytest.raises(CannotVerify):
                Statement.from_payload(other)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"{}",
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b"\xff\xfe",
        b"1" * 6_000,
    ],
)
def test_what_is_no_statement_at_all_is_refused_without_harm(data):
    with pytest.raises(CannotVerify, match="no statement"):
        Statement.from_payload(data)


def test_a_digest_or_a_subject_that_is_not_the_predicates_own_is_refused(statements):
    for each in statements:
        outer = json.loads(each.payload())
        for subject in (
            [{"name": "example/another", "digest": outer["subject"][0]["digest"]}],
            [{"name": outer["subject"][0]["name"], "digest": {"sha256": "00" * 32}}],
            [],
            outer["subject"] * 2,
        ):
            with pytest.raises(CannotVerify):
                Statement.from_payload(canonical({**outer, "subject": subject}))


def test_an_unknown_kind_is_refused_by_name(statements):
    outer = json.loads(statements[0].payload())
    payload = canonical({**outer, "predicateType": "urn:standfast:rumour:v1"})
    with pytest.raises(CannotVerify, match="unknown kind urn:standfast:rumour:v1"):
        Statement.from_payload(payload)


def test_figures_that_are_no_numbers_cannot_be_stated(kept):
    proof = dict(kept.predicates[2])
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValidationError):
            Proof(**{**proof, "measured": {"failed_requests": value}})


def test_a_run_with_stand_ins_cannot_be_called_real(kept):
    proof = dict(kept.predicates[2])
    with pytest.raises(ValidationError, match="stand-ins"):
        Proof(**{**proof, "grade": Grade.REAL})
    assert Proof(**{**proof, "grade": Grade.REAL, "stand_ins": ()}).grade is Grade.REAL


def test_a_slot_that_ends_before_it_starts_cannot_be_announced(kept, hour):
    slot = dict(kept.predicates[1])
    with pytest.raises(ValidationError, match="ends before it starts"):
        Slot(**{**slot, "until": hour(-1)})


def test_only_whole_keys_under_their_own_names_can_be_enrolled(kept, hour):
    key = kept.predicates[0].signers[0].key
    for name, text in (("monitor-2", key), ("monitor-1", key[:-4]), ("monitor-1", "")):
        with pytest.raises(ValidationError):
            EnrolledSigner(name=name, key=text)
    notice = EnrolledNotice(text="", at=hour(0), signers=())
    assert Statement(site="example", predicate=notice).about == "log"


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan"), 1e12])
def test_a_period_is_a_span_that_a_calendar_can_hold(kept, seconds):
    slot = dict(kept.predicates[1])
    with pytest.raises(ValidationError):
        Slot(**{**slot, "period_s": seconds})
