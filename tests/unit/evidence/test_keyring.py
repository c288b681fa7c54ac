import pytest

from standfast.core.errors import CannotVerify
from standfast.evidence.envelope import leaf
from standfast.evidence.keyring import Keyring
from standfast.evidence.note import Verifier, vkey
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.statement import (
    Answers,
    Availability,
    EnrolledNotice,
    EnrolledSigner,
    Statement,
)


@pytest.fixture
def keyring(told):
    return Keyring(log=Verifier.of(told.log_signer.name, told.log_signer.public_key))


def enrolled(keyring, signer, at):
    notice = EnrolledNotice(
        text="", at=at, signers=(EnrolledSigner(name=signer.name, key=vkey(signer)),)
    )
    return keyring.after(Statement(site="example", predicate=notice))


def test_a_machine_may_speak_only_after_its_key_was_enrolled(kept, keyring, hour):
    proof = kept.leaves()[2]
    with pytest.raises(CannotVerify, match="not enrolled before it"):
        keyring.admit(proof)
    assert enrolled(keyring, kept.machine, hour(0)).admit(proof).signer.name == "monitor-1"


def test_the_log_may_not_measure_and_a_machine_may_not_announce(kept, keyring, hour):
    keyring = enrolled(keyring, kept.machine, hour(0))
    notice, slot, proof, calibration = kept.predicates
    for predicate in (notice, slot):
        with pytest.raises(CannotVerify, match="monitor-1 may not sign a"):
            keyring.admit(leaf("example", predicate, kept.machine))
    for predicate in (proof, calibration):
        with pytest.raises(CannotVerify, match="may not sign a"):
            keyring.admit(leaf("example", predicate, kept.log_signer))


def test_how_available_the_service_was_a_machine_says_and_never_the_log(kept, keyring, hour):
    keyring = enrolled(keyring, kept.machine, hour(0))
    looked = Availability(
        starts_at=hour(0),
        until=hour(0),
        every_s=10,
        looks=1,
        answered=1,
        addresses=(Answers(address="203.0.113.11", answered=1),),
        outages=(),
        down=False,
    )
    assert keyring.admit(leaf("example", looked, kept.machine)).signer.name == "monitor-1"
    with pytest.raises(CannotVerify, match="may not sign a"):
        keyring.admit(leaf("example", looked, kept.log_signer))


def test_a_new_key_under_the_same_name_replaces_the_old_one(kept, keyring, hour):
    proof = kept.predicates[2]
    new = Ed25519Signer.from_seed("monitor-1", bytes([2] * 32))
    keyring = enrolled(enrolled(keyring, kept.machine, hour(0)), new, hour(1))
    assert keyring.admit(leaf("example", proof, new)).signer.public_key == new.public_key
    with pytest.raises(CannotVerify, match="not enrolled"):
        keyring.admit(leaf("example", proof, kept.machine))


def test_other_statements_leave_the_keys_as_they_are(kept, keyring):
    for predicate in kept.predicates[1:]:
        assert keyring.after(Statement(site="example", predicate=predicate)) is keyring
