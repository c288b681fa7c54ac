import base64
import json

import pytest

from standfast.core.errors import CannotVerify
from standfast.evidence.envelope import opened, pae, seal
from standfast.evidence.note import Verifier
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.statement import Statement, canonical


def verifier(signer):
    return Verifier.of(signer.name, signer.public_key)


@pytest.fixture
def sealed(kept):
    statement = Statement(site="example", predicate=kept.predicates[2])
    return seal(statement.payload(), kept.machine), statement, verifier(kept.machine)


def test_what_is_signed_has_the_form_of_the_example_in_the_specification():
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("é", b"") == "DSSEv1 2 é 0 ".encode()


def test_a_sealed_statement_opens_for_the_key_that_sealed_it(sealed):
    envelope, statement, key = sealed
    found = opened(envelope, [key])
    assert (found.statement, found.signer) == (statement, key)


def test_an_envelope_is_compact_json_that_names_its_key(sealed):
    envelope, statement, key = sealed
    outer = json.loads(envelope)
    assert outer["payloadType"] == "application/vnd.in-toto+json"
    assert base64.b64decode(outer["payload"]) == statement.payload()
    assert [each["keyid"] for each in outer["signatures"]] == [key.id]
    assert json.dumps(outer, separators=(",", ":")).encode() == envelope


def test_a_key_that_was_not_given_opens_nothing(sealed):
    envelope, _, key = sealed
    other = verifier(Ed25519Signer.from_seed("monitor-1", bytes([9] * 32)))
    for keys in ([], [other]):
        with pytest.raises(CannotVerify, match=f"signed by '{key.name}"):
            opened(envelope, keys)


def test_a_signature_under_another_payload_is_false(sealed, kept):
    envelope, _, key = sealed
    outer = json.loads(envelope)
    payload = Statement(site="other", predicate=kept.predicates[2]).payload()
    outer["payload"] = base64.b64encode(payload).decode()
    with pytest.raises(CannotVerify, match="signature of monitor-1"):
        opened(canonical(outer), [key])


def test_every_single_changed_byte_is_noticed(sealed):
    envelope, _, key = sealed
    for at in range(len(envelope)):
        changed = bytearray(envelope)
        changed[at] ^= 1
        with pytest.raises(CannotVerify):
            opened(bytes(changed), [key])


def test_an_envelope_that_means_the_same_but_is_written_otherwise_is_refused(sealed):
    envelope, _, key = sealed
    outer = json.loads(envelope)
    others = [
        json.dumps(outer).encode(),
        envelope + b"\n",
        envelope.replace(b'{"payload"', b'{"payload":"","payload"', 1),
        canonical({**outer, "signatures": outer["signatures"] * 2}),
        canonical({**outer, "signatures": []}),
        canonical({**outer, "payloadType": "text/plain"}),
        canonical({**outer, "more": 1}),
        b"",
        b"[" * 60_000,
    ]
    for other in others:
        with pytest.raises(CannotVerify):
            opened(other, [key])
