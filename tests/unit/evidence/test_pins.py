"""What a reader remembers: one key a log, for ever, and what was verified last."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.written import WrittenLog

from standfast.core.errors import CannotVerify
from standfast.evidence.cosignature import cosigned, cosigner
from standfast.evidence.envelope import leaf
from standfast.evidence.note import joined, vkey
from standfast.evidence.pins import Pins
from standfast.evidence.policy import parse
from standfast.evidence.read import Record, read_log
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.transport import FolderTransport

from .conftest import NOON, ORIGIN, SITE, Told

ADDRESS = "https://example.test/trust/log"


@pytest.fixture
def signer() -> Ed25519Signer:
    return Ed25519Signer.from_seed(ORIGIN, bytes(32))


def record(folder: Path, signer: Ed25519Signer, slots: int) -> Record:
    told = Told(log_signer=signer, machine=signer)
    for number in range(slots):
        told.slot(number, number + 1)
    log = WrittenLog(folder, signer)
    log.append([leaf(SITE, each, signer) for each in told.predicates])
    return read_log(FolderTransport(folder), vkey(signer))


def test_a_key_is_pinned_once_and_no_other_takes_its_place(
    tmp_path: Path, signer: Ed25519Signer
) -> None:
    pins = Pins(folder=tmp_path)
    pins.trust(vkey(signer), address=ADDRESS, authority=None)
    pins.trust(vkey(signer), address=ADDRESS, authority=None)
    other = Ed25519Signer.from_seed(ORIGIN, b"1" * 32)
    with pytest.raises(CannotVerify, match="another key is pinned"):
        pins.trust(vkey(other), address=ADDRESS, authority=None)
    assert pins.key(ORIGIN) == vkey(signer)


def test_an_authority_is_believed_only_at_the_address_it_was_pinned_for(
    tmp_path: Path, signer: Ed25519Signer
) -> None:
    pins = Pins(folder=tmp_path)
    pins.trust(vkey(signer), address=ADDRESS, authority=b"a certificate")
    found = pins.authority_at(ADDRESS)
    assert found is not None
    assert found.read_bytes() == b"a certificate"
    assert pins.authority_at("https://other.test/trust/log") is None


def test_a_log_that_was_rewritten_since_the_last_time_is_found(
    tmp_path: Path, signer: Ed25519Signer
) -> None:
    pins = Pins(folder=tmp_path / "pins")
    pins.trust(vkey(signer), address=ADDRESS, authority=None)
    first = pins.compared(record(tmp_path / "long", signer, 3), now=NOON)
    assert first.complaints == ()
    again = pins.compared(record(tmp_path / "short", signer, 2), now=NOON)
    assert again.complaints == ("the log has 2 entries, it had 3 when last verified",)
    assert (known := pins.checkpoint(ORIGIN)) is not None
    assert known.size == 3, "what is wrong is not remembered"


def test_a_pinned_policy_is_asked_and_what_it_does_not_accept_is_not_remembered(
    tmp_path: Path, signer: Ed25519Signer
) -> None:
    pins = Pins(folder=tmp_path / "pins")
    pins.trust(vkey(signer), address=ADDRESS, authority=None)
    found = pins.compared(record(tmp_path / "log", signer, 2), now=NOON)
    assert (found.policy, found.complaints) == (None, ())
    witness = Ed25519Signer.from_seed("ann", b"a" * 32)
    policy = parse(f"witness ann {cosigner(witness).vkey}\nquorum ann\n".encode())
    pins.require(ORIGIN, policy)
    bare = record(tmp_path / "longer", signer, 3)
    (complaint,) = pins.compared(bare, now=NOON).complaints
    assert "cosigned by nobody, and ann must have" in complaint
    known = pins.checkpoint(ORIGIN)
    assert known is not None
    assert known.size == 2
    line = cosigned(bare.checkpoint.to_text(), witness, NOON)
    whole = replace(bare, checkpoint_bytes=joined(bare.checkpoint_bytes, [line]))
    found = pins.compared(whole, now=NOON)
    assert (list(found.cosigned), found.complaints) == (["ann"], ())
    given = parse(b"quorum none\n")
    assert pins.compared(bare, now=NOON, policy=given).complaints == ()
    pins.forget(ORIGIN)
    assert not (tmp_path / "pins").exists()


def test_what_is_not_pinned_is_not_remembered(tmp_path: Path, signer: Ed25519Signer) -> None:
    pins = Pins(folder=tmp_path / "pins")
    pins.compared(record(tmp_path / "log", signer, 2), now=NOON)
    assert pins.checkpoint(ORIGIN) is None


def test_a_log_that_is_forgotten_leaves_nothing(tmp_path: Path, signer: Ed25519Signer) -> None:
    pins = Pins(folder=tmp_path / "pins")
    pins.trust(vkey(signer), address=ADDRESS, authority=b"a certificate")
    pins.compared(record(tmp_path / "log", signer, 2), now=NOON)
    pins.forget(ORIGIN)
    assert not (tmp_path / "pins").exists()
