"""A witness never cosigns two checkpoints of which one does not continue the other."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from standfast.core.errors import BrokenInvariant, CannotVerify
from standfast.evidence import merkle
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.cosignature import cosignatures, cosigner
from standfast.evidence.log import write_durably
from standfast.evidence.note import Verifier, joined, sign
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.witness import (
    CHECKPOINT,
    Cosign,
    Reason,
    Refuse,
    Witness,
    decide,
    nothing_of,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LOG = Ed25519Signer.from_seed("example.test/log", bytes(32))
STRANGER = Ed25519Signer.from_seed("example.test/log", bytes([1] * 32))
ANN = Ed25519Signer.from_seed("ann.example/witness", bytes([7] * 32))
KEY = Verifier.of(LOG.name, LOG.public_key)

LEAVES = [merkle.leaf_hash(b"%d" % number) for number in range(20)]
FORKED = [*LEAVES[:6], *(merkle.leaf_hash(b"other %d" % number) for number in range(14))]
NOTHING = nothing_of(LOG.name)


def at(size: int, leaves: list[bytes] = LEAVES, origin: str = LOG.name) -> Checkpoint:
    return Checkpoint(origin=origin, size=size, root=merkle.root(leaves[:size]))


def shown(old: int, new: int, leaves: list[bytes] = LEAVES) -> list[bytes]:
    return merkle.consistency_proof(leaves[:new], old)


def note(size: int, leaves: list[bytes] = LEAVES, signer: Ed25519Signer = LOG) -> bytes:
    return sign(at(size, leaves).to_text(), [signer])


@pytest.mark.parametrize(
    ("old", "new", "proof"),
    [
        (NOTHING, at(0), []),
        (NOTHING, at(1), []),
        (NOTHING, at(9), []),
        (at(5), at(5), []),
        (at(5), at(8), shown(5, 8)),
        (at(8), at(9), shown(8, 9)),
        (at(1), at(20), shown(1, 20)),
    ],
)
def test_what_continues_the_last_one_is_cosigned(
    old: Checkpoint, new: Checkpoint, proof: list[bytes]
) -> None:
    assert decide(old, new, proof, NOON) == Cosign(at=NOON)


@pytest.mark.parametrize(
    ("old", "new", "proof", "reason"),
    [
        (at(5), at(5, origin="other"), [], Reason.UNKNOWN_LOG),
        (at(5), at(8, origin="other"), shown(5, 8), Reason.UNKNOWN_LOG),
        (at(8), at(5), [], Reason.ROLLBACK),
        (at(8), at(5), shown(5, 8), Reason.ROLLBACK),
        (at(5), at(0), [], Reason.ROLLBACK),
        (at(8), at(8, FORKED), [], Reason.FORK),
        (at(8), at(8, FORKED), shown(7, 8), Reason.FORK),
        (NOTHING, Checkpoint(origin=LOG.name, size=0, root=bytes(32)), [], Reason.FORK),
        (at(8), at(9, FORKED), shown(8, 9, FORKED), Reason.NOT_PROVEN),
        (at(8), at(9, FORKED), shown(8, 9), Reason.NOT_PROVEN),
        (at(8), at(9), [], Reason.NOT_PROVEN),
        (at(8), at(9), [*shown(8, 9), bytes(32)], Reason.NOT_PROVEN),
        (at(8), at(9), shown(8, 9)[:-1], Reason.NOT_PROVEN),
        (at(8), at(9), [each[:-1] for each in shown(8, 9)], Reason.NOT_PROVEN),
        (at(5), at(5), [bytes(32)], Reason.NOT_PROVEN),
        (NOTHING, at(5), [bytes(32)], Reason.NOT_PROVEN),
    ],
)
def test_what_does_not_is_refused_with_the_reason(
    old: Checkpoint, new: Checkpoint, proof: list[bytes], reason: Reason
) -> None:
    decided = decide(old, new, proof, NOON)
    assert isinstance(decided, Refuse)
    assert decided.reason is reason
    assert decided.why


def test_no_altered_hash_of_a_proof_convinces() -> None:
    proof = shown(6, 20)
    for place in range(len(proof)):
        altered = [*proof]
        altered[place] = bytes([altered[place][0] ^ 1]) + altered[place][1:]
        assert isinstance(decide(at(6), at(20), altered, NOON), Refuse)


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(folder=tmp_path, log=KEY, signer=ANN)


def signed_at(line: str | Refuse, about: bytes) -> datetime | None:
    assert isinstance(line, str), line
    (found,) = cosignatures(joined(about, [line]), [cosigner(ANN)])
    return found.moment


def test_it_remembers_what_it_has_cosigned(witness: Witness, tmp_path: Path) -> None:
    assert witness.last == NOTHING
    assert signed_at(witness.ask(note(5), [], NOON), note(5)) == NOON
    later = NOON + timedelta(hours=1)
    assert signed_at(witness.ask(note(8), shown(5, 8), later), note(8)) == later
    again = Witness(folder=tmp_path, log=KEY, signer=ANN)
    assert again.last == at(8)
    assert isinstance(again.ask(note(7), shown(5, 7), later), Refuse)


def test_the_same_one_may_be_cosigned_again_with_a_new_time(witness: Witness) -> None:
    witness.ask(note(5), [], NOON)
    later = NOON + timedelta(hours=1)
    assert signed_at(witness.ask(note(5), [], later), note(5)) == later


def test_what_it_remembers_is_a_note_that_anybody_can_open(witness: Witness) -> None:
    """It is what a monitor of witnesses reads (C2SP tlog-witness)."""
    line = witness.ask(joined(note(5), ["— somebody AAAAAAAA\n"]), [], NOON)
    assert isinstance(line, str)
    assert (witness.place / CHECKPOINT).read_bytes() == joined(note(5), [line])


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (note(5, signer=STRANGER), "has not signed"),
        (note(5)[:-1], "no signed note"),
        (b"", "no signed note"),
        (sign("no checkpoint\n", [LOG]), "no checkpoint"),
        (joined(sign("x\n", [LOG]), []).replace(b"x\n", b"y\n", 1), "is false"),
    ],
)
def test_what_the_logs_key_has_not_signed_is_not_looked_at(
    witness: Witness, asked: bytes, problem: str
) -> None:
    with pytest.raises(CannotVerify, match=problem):
        witness.ask(asked, [], NOON)
    assert witness.last == NOTHING


def test_a_contradiction_that_is_signed_is_kept_as_evidence(witness: Witness) -> None:
    witness.ask(note(8), [], NOON)
    fork = note(8, FORKED)
    assert isinstance(witness.ask(fork, [], NOON), Refuse)
    assert isinstance(witness.ask(note(7), [], NOON), Refuse)
    kept = [each.read_bytes() for each in witness.place.glob("refused-*")]
    assert kept == [fork]
    assert witness.last == at(8)


@pytest.mark.parametrize("damage", [b"", b"\n", note(8)[:-2], note(8, signer=STRANGER)])
def test_who_does_not_know_what_was_cosigned_cosigns_nothing(
    witness: Witness, damage: bytes
) -> None:
    witness.ask(note(8), [], NOON)
    (witness.place / CHECKPOINT).write_bytes(damage)
    with pytest.raises(BrokenInvariant, match="does not know what it has cosigned"):
        witness.ask(note(9), shown(8, 9), NOON)


def test_two_logs_in_one_folder_are_told_apart(witness: Witness, tmp_path: Path) -> None:
    other = Ed25519Signer.from_seed("other.test/log", bytes(32))
    beside = Witness(folder=tmp_path, log=Verifier.of(other.name, other.public_key), signer=ANN)
    witness.ask(note(8), [], NOON)
    assert beside.last == nothing_of("other.test/log")


class Killed(Exception):
    pass


def killing(stop: int, *, late: bool) -> Callable[[Path, bytes], None]:
    """Writes until write number `stop`, and dies before or after that one."""
    number = count()

    def write(path: Path, content: bytes) -> None:
        at = next(number)
        if at == stop and not late:
            raise Killed
        write_durably(path, content)
        if at == stop:
            raise Killed

    return write


ASKED = (
    (note(5), []),
    (note(8), shown(5, 8)),
    (note(8, FORKED), []),
    (note(9, FORKED), shown(8, 9, FORKED)),
    (note(12), shown(8, 12)),
)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("order", [ASKED, ASKED[::-1], ASKED[2:] + ASKED[:2]])
def test_killed_at_any_write_it_never_contradicts_itself(
    tmp_path: Path, order: tuple[tuple[bytes, list[bytes]], ...], late: bool
) -> None:
    """Whatever it is asked, in whatever order, before and after: all that ever left it is one
    log."""
    for stop in count():
        folder = tmp_path / str(stop)
        given: list[Checkpoint] = []
        died = False
        for write in (killing(stop, late=late), write_durably):
            witness = Witness(folder=folder, log=KEY, signer=ANN, write=write)
            for asked, proof in order:
                try:
                    answer = witness.ask(asked, proof, NOON)
                except Killed:
                    died = True
                    break
                if isinstance(answer, str):
                    given.append(witness.opened(joined(asked, [answer]))[0])
        assert all(each in [at(n) for n in range(13)] for each in given) or all(
            each in [at(n, FORKED) for n in range(13)] for each in given
        ), given
        assert [each.size for each in given] == sorted(each.size for each in given)
        if not died:
            assert stop > 1
            break


def test_nothing_leaves_before_it_is_on_the_disk(tmp_path: Path) -> None:
    witness = Witness(folder=tmp_path, log=KEY, signer=ANN, write=killing(0, late=False))
    with pytest.raises(Killed):
        witness.ask(note(5), [], NOON)
    assert Witness(folder=tmp_path, log=KEY, signer=ANN).last == NOTHING
    witness = Witness(folder=tmp_path, log=KEY, signer=ANN, write=killing(0, late=True))
    with pytest.raises(Killed):
        witness.ask(note(5), [], NOON)
    remembered = Witness(folder=tmp_path, log=KEY, signer=ANN)
    assert remembered.last == at(5)
    assert signed_at(remembered.ask(note(5), [], NOON), note(5)) == NOON
