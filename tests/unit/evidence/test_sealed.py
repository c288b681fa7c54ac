"""Details of a broken proof are committed at once, and nothing but them opens it later."""

import hashlib
import json
from datetime import timedelta

import pytest

from standfast.evidence.sealed import (
    SEALED,
    WITHIN,
    details_in,
    revealing,
    seal,
    seal_of,
    unsealed,
)
from standfast.evidence.state import derive
from standfast.evidence.statement import Proof, TextNotice
from standfast.promises.model import Outcome, State

SALT = bytes(range(16))
BAD = {"requests": 3000, "failed_requests": 7, "doubled_writes": 0}


@pytest.fixture
def broken(kept) -> Proof:
    return Proof(slot=1, **dict(kept.run(2, 2.1, BAD)))


def state(told, hour, at):
    (found,) = derive(told.entries(), now=hour(at))
    return found


def test_a_sealed_proof_says_that_it_is_broken_and_nothing_else(broken):
    hidden, details = seal(broken, SALT)
    said = hidden.model_dump_json()
    assert hidden.outcome is Outcome.BROKEN
    assert not any(word in said for word in ("3000", "rate_per_s", SALT.hex(), "100 requests"))
    assert hidden.measured == {}
    assert seal_of(hidden).digest == details.digest
    assert seal_of(hidden).by == broken.ended_at + WITHIN


def test_the_notice_ends_with_what_anybody_can_hash(broken):
    hidden, details = seal(broken, SALT)
    written = revealing(details)
    document = written[written.index("{") :]
    assert hashlib.sha256(document.encode()).hexdigest() == hidden.seen[SEALED]["sha256"]
    assert json.loads(document)["measured"] == BAD
    assert details_in(written) == details
    assert unsealed(hidden, {details.digest: details}) == broken


def test_the_promise_is_broken_at_once_and_its_figures_come_with_the_notice(kept, hour, broken):
    hidden, details = seal(broken, SALT)
    kept.add(hidden)
    found = state(kept, hour, 2.2)
    assert found.state is State.BROKEN
    assert "sealed, and revealed by" in found.reason
    assert found.parts[0].measured == {}
    kept.add(TextNotice(text=revealing(details), at=hour(2.3)))
    found = state(kept, hour, 2.4)
    assert found.state is State.BROKEN
    assert found.parts[0].measured["failed_requests"] == 7
    assert "failed_requests was 7" in found.reason


def test_who_never_reveals_is_not_kept_again(kept, hour, broken):
    hidden, details = seal(broken, SALT)
    kept.add(hidden)
    kept.prove(1, 3)
    assert state(kept, hour, 4).state is State.KEPT
    kept.slot(24, 48)
    kept.prove(len(kept.predicates) - 1, 25)
    found = state(kept, hour, 27)
    assert found.state is State.UNPROVEN
    assert "was to be revealed by" in found.reason
    kept.add(TextNotice(text=revealing(details), at=hour(27)))
    assert state(kept, hour, 27.1).state is State.KEPT


def test_a_kept_proof_cannot_be_sealed(kept, hour):
    good = Proof(slot=1, **dict(kept.run(2, 2.1)))
    hidden, _ = seal(good, SALT)
    assert seal_of(hidden) is None
    kept.add(hidden)
    assert "its figures do not" in state(kept, hour, 3).reason


@pytest.mark.parametrize(
    "said",
    [
        {"sha256": "00", "revealed_by": "2026-03-01T14:06:00.000Z"},
        {"sha256": "0" * 64, "revealed_by": "soon"},
        {"sha256": "0" * 64},
        {"sha256": "0" * 64, "revealed_by": "2026-03-09T14:06:00.000Z"},
        "anything",
        None,
    ],
)
def test_a_seal_of_another_form_seals_nothing(broken, said):
    hidden, _ = seal(broken, SALT)
    assert seal_of(hidden.model_copy(update={"seen": {SEALED: said}})) is None


def test_details_that_do_not_show_it_broken_are_not_believed(kept, hour, broken):
    good = broken.model_copy(update={"measured": {**BAD, "failed_requests": 0}})
    hidden, details = seal(good, SALT)
    kept.add(hidden)
    kept.add(TextNotice(text=revealing(details), at=hour(2.2)))
    assert "sealed" in state(kept, hour, 3).reason


@pytest.mark.parametrize(
    "text",
    [
        "What was sealed in a broken proof is: {}",
        'What was sealed in a broken proof is: {"measured": 1}',
        "What was sealed in a broken proof is: nothing",
        "the text of the page has changed",
        'What was sealed in a broken proof is: {"measured":{}, "salt":"","seen":{},"story":[]}',
    ],
)
def test_any_other_notice_reveals_nothing(text):
    assert details_in(text) is None


def test_another_salt_is_another_hash(broken):
    assert seal(broken, SALT)[1].digest != seal(broken, bytes(16))[1].digest


def test_it_may_be_sealed_for_a_day_and_not_longer():
    assert timedelta(hours=24) == WITHIN
