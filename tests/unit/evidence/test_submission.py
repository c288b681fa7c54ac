"""A witness answers over HTTP as C2SP tlog-witness says, status by status, in its order."""

from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.core.errors import CannotVerify
from standfast.evidence import merkle
from standfast.evidence.base64_text import encoded
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.cosignature import cosignatures, cosigner
from standfast.evidence.note import Verifier, joined, sign
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.submission import SIZE_TYPE, Submission, answer
from standfast.evidence.witness import Witness

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LOG = Ed25519Signer.from_seed("example.test/log", bytes(32))
STRANGER = Ed25519Signer.from_seed("example.test/log", bytes([1] * 32))
OTHER = Ed25519Signer.from_seed("other.test/log", bytes([2] * 32))
ANN = Ed25519Signer.from_seed("ann.example/witness", bytes([7] * 32))
LEAVES = [merkle.leaf_hash(b"%d" % number) for number in range(20)]
FORKED = [*LEAVES[:4], *(merkle.leaf_hash(b"other %d" % number) for number in range(16))]

PUBLISHED = """\
old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
"""  # noqa: E501
"""The example of C2SP tlog-witness."""


def note(size: int, leaves: list[bytes] = LEAVES, signer: Ed25519Signer = LOG) -> bytes:
    root = merkle.root(leaves[:size])
    return sign(Checkpoint(origin=signer.name, size=size, root=root).to_text(), [signer])


def asked(
    old: int,
    size: int,
    leaves: list[bytes] = LEAVES,
    signer: Ed25519Signer = LOG,
    proof: tuple[bytes, ...] | None = None,
) -> bytes:
    if proof is None:
        proof = tuple(merkle.consistency_proof(leaves[:size], old)) if 0 < old <= size else ()
    return Submission(old_size=old, proof=proof, note=note(size, leaves, signer)).to_bytes()


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    """It has cosigned eight entries."""
    made = Witness(folder=tmp_path, log=Verifier.of(LOG.name, LOG.public_key), signer=ANN)
    assert answer(asked(0, 8), [made], NOON).status == HTTPStatus.OK
    return made


def test_the_published_example_is_read_and_written_the_same() -> None:
    read = Submission.from_bytes(PUBLISHED.encode())
    assert (read.old_size, len(read.proof)) == (20852014, 4)
    assert read.to_bytes() == PUBLISHED.encode()


def test_what_continues_is_answered_with_lines_below_the_checkpoint(witness: Witness) -> None:
    said = answer(asked(8, 15), [witness], NOON)
    assert said.status == HTTPStatus.OK
    (found,) = cosignatures(joined(note(15), [said.body]), [cosigner(ANN)])
    assert (found.witness.name, found.moment) == (ANN.name, NOON)
    assert witness.last.size == 15
    assert answer(asked(15, 15), [witness], NOON).status == HTTPStatus.OK


def test_who_does_not_know_which_size_comes_next_is_told(witness: Witness) -> None:
    for old, size in ((0, 15), (7, 15), (9, 15), (0, 8), (5, 7)):
        said = answer(asked(old, size), [witness], NOON)
        assert (said.status, said.content_type, said.body) == (409, SIZE_TYPE, "8\n")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"old 8\n", 400),
        (b"old 08\n\n" + note(8), 400),
        (b"old -1\n\n" + note(8), 400),
        (b"old \n\n" + note(8), 400),
        (b"ald 8\n\n" + note(8), 400),
        (b"old 9223372036854775808\n\n" + note(8), 400),
        (b"old 8\nAAAA\n\n" + note(8), 400),
        (b"old 8\n" + encoded(bytes(32)).encode() + b"=\n\n" + note(8), 400),
        (b"old 8\r\n\n" + note(8), 400),
        (b"old 8\n\nno checkpoint\n", 400),
        (b"old 8\n\n" + note(8)[:-1], 400),
        (asked(8, 9, proof=(bytes(32),) * 64), 400),
        (asked(9, 8), 400),
        (asked(8, 15, signer=OTHER), 404),
        (asked(20, 8, signer=OTHER), 404),
        (asked(8, 15, signer=STRANGER), 403),
        (asked(20, 8, signer=STRANGER), 403),
        (asked(8, 9, proof=(bytes(32),) * 63), 422),
        (asked(8, 15, proof=()), 422),
        (asked(8, 15, FORKED), 422),
        (asked(8, 8, FORKED), 422),
        (asked(8, 8, proof=(bytes(32),)), 422),
    ],
)
def test_each_refusal_has_its_status_and_changes_nothing(
    witness: Witness, body: bytes, status: int
) -> None:
    before = witness.last
    said = answer(body, [witness], NOON)
    assert said.status == status, said.body
    assert said.body.endswith("\n")
    assert witness.last == before


def test_a_false_signature_of_the_logs_key_is_refused(witness: Witness) -> None:
    false = note(9).rpartition(b"\n\n")[2]
    assert answer(b"".join((asked(8, 15), false)), [witness], NOON).status == 200, "the first one"
    whole = Submission(
        old_size=8,
        proof=tuple(merkle.consistency_proof(LEAVES[:15], 8)),
        note=note(15).rpartition(b"\n\n")[0] + b"\n\n" + false,
    )
    assert answer(whole.to_bytes(), [witness], NOON).status == 403


def test_only_a_fork_that_is_signed_is_worth_an_alarm(witness: Witness) -> None:
    assert answer(asked(8, 8, FORKED), [witness], NOON).alarm
    for body in (asked(8, 15, proof=()), asked(8, 8, FORKED, STRANGER), asked(0, 8, FORKED)):
        assert not answer(body, [witness], NOON).alarm


def test_nothing_is_cosigned_of_an_empty_log_whose_root_is_another(tmp_path: Path) -> None:
    fresh = Witness(folder=tmp_path, log=Verifier.of(LOG.name, LOG.public_key), signer=ANN)
    odd = sign(Checkpoint(origin=LOG.name, size=0, root=bytes(32)).to_text(), [LOG])
    body = Submission(old_size=0, proof=(), note=odd).to_bytes()
    assert answer(body, [fresh], NOON).status == 422
    assert answer(asked(0, 5, proof=(bytes(32),)), [fresh], NOON).status == 422
    assert answer(asked(0, 0), [fresh], NOON).status == 200


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        read = Submission.from_bytes(data)
    except CannotVerify:
        return
    assert read.to_bytes() == data
