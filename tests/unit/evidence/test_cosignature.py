"""Cosignatures are written as C2SP tlog-cosignature says, and nothing else is one."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from standfast.core.errors import CannotVerify
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.cosignature import (
    Cosigner,
    cosignatures,
    cosigned,
    cosigner,
    line_of,
    message,
    parse_cosigner,
)
from standfast.evidence.note import joined, open_note, parse_vkey, sign, vkey
from standfast.evidence.signing import Ed25519Signer

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LOG = Ed25519Signer.from_seed("example.test/log", bytes(32))
ANN = Ed25519Signer.from_seed("ann.example/witness", bytes([7] * 32))
BOB = Ed25519Signer.from_seed("bob.example/witness", bytes([8] * 32))
TEXT = Checkpoint(origin=LOG.name, size=5, root=bytes(range(32))).to_text()
NOTE = sign(TEXT, [LOG])

PUBLISHED_TEXT = """\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
"""
PUBLISHED_MESSAGE = b"cosignature/v1\ntime 1679315147\n" + PUBLISHED_TEXT.encode()
PUBLISHED_LINE = "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"  # noqa: E501
"""The examples of C2SP tlog-cosignature. The witness's public key is not published with them."""


def test_the_published_message_is_what_is_signed() -> None:
    assert message(PUBLISHED_TEXT.encode(), 1679315147) == PUBLISHED_MESSAGE


def test_the_published_line_has_the_time_of_the_published_message() -> None:
    blob = base64.b64decode(PUBLISHED_LINE.split(" ")[2])
    assert (len(blob), blob[:4].hex()) == (4 + 8 + 64, "8d66cf3f")
    assert int.from_bytes(blob[4:12], "big") == 1679315147


def test_a_line_of_ours_has_the_same_form() -> None:
    """All but the key and what it signs is as in the published one."""
    w1 = Ed25519Signer.from_seed("witness.example.com/w1", bytes(32))
    line = cosigned(PUBLISHED_TEXT, w1, datetime.fromtimestamp(1679315147, UTC))
    ours, theirs = (base64.b64decode(each.split(" ")[2]) for each in (line, PUBLISHED_LINE))
    assert line.split(" ")[:2] == PUBLISHED_LINE.split(" ")[:2]
    assert (len(line), line[-1]) == (len(PUBLISHED_LINE), "\n")
    assert ours[4:12] == theirs[4:12]
    assert w1.public_key not in ours
    key = cosigner(w1)
    assert key.verifies(ours[4:], PUBLISHED_TEXT.encode())


def test_a_cosignature_says_who_and_when() -> None:
    note = joined(NOTE, [cosigned(TEXT, ANN, NOON), cosigned(TEXT, BOB, NOON + timedelta(1))])
    found = cosignatures(note, [cosigner(BOB), cosigner(ANN)])
    assert [(each.witness.name, each.moment) for each in found] == [
        (ANN.name, NOON),
        (BOB.name, NOON + timedelta(1)),
    ]


def test_who_does_not_know_the_witness_passes_over_it() -> None:
    note = joined(NOTE, [cosigned(TEXT, ANN, NOON)])
    assert open_note(note, [parse_vkey(vkey(LOG))]) == (TEXT, (LOG.name,))
    assert cosignatures(note, [cosigner(BOB)]) == ()
    assert cosignatures(NOTE, [cosigner(ANN)]) == ()


def test_every_single_flipped_bit_of_a_cosignature_is_noticed() -> None:
    """It is false, or the line is none, or it is another key's, which nobody knows."""
    line = cosigned(TEXT, ANN, NOON).encode()
    for at in range(len(line)):
        for bit in range(8):
            changed = bytearray(line)
            changed[at] ^= 1 << bit
            try:
                found = cosignatures(NOTE + bytes(changed), [cosigner(ANN)])
            except CannotVerify:
                continue
            assert found == ()


@pytest.mark.parametrize(
    ("time", "length"), [(0, 64), (2**63, 64), (2**64 - 1, 64), (1, 63), (1, 65), (1, 0)]
)
def test_a_time_or_a_length_that_the_format_forbids_is_no_cosignature(
    time: int, length: int
) -> None:
    proper = ANN.sign(message(TEXT.encode(), time))
    blob = time.to_bytes(8, "big") + (proper + b"\0")[:length]
    assert not cosigner(ANN).verifies(blob, TEXT.encode())


def test_the_last_second_of_the_format_verifies_and_has_no_date() -> None:
    time = 2**63 - 1
    blob = time.to_bytes(8, "big") + ANN.sign(message(TEXT.encode(), time))
    line = f"— {ANN.name} {base64.b64encode(cosigner(ANN).key_id + blob).decode()}\n"
    (found,) = cosignatures(joined(NOTE, [line]), [cosigner(ANN)])
    assert (found.at, found.moment) == (time, None)


def test_a_clock_before_1970_signs_nothing() -> None:
    with pytest.raises(CannotVerify, match="clock"):
        cosigned(TEXT, ANN, datetime(1960, 1, 1, tzinfo=UTC))


def test_a_witness_key_survives_being_written_and_read_and_is_no_logs_key() -> None:
    written = cosigner(ANN).vkey
    assert parse_cosigner(written) == cosigner(ANN)
    with pytest.raises(CannotVerify, match="is not an Ed25519 key"):
        parse_vkey(written)
    with pytest.raises(CannotVerify, match="is not a witness's Ed25519 key"):
        parse_cosigner(vkey(ANN))


def test_what_the_log_has_signed_is_no_cosignature_under_the_same_key() -> None:
    """Whoever took the bytes of one for the other would find them false."""
    plain = ANN.sign(TEXT.encode())
    assert not cosigner(ANN).verifies(bytes(7) + b"\1" + plain, TEXT.encode())
    assert not parse_vkey(vkey(ANN)).verifies(ANN.sign(message(TEXT.encode(), 1)), TEXT.encode())


def test_of_what_is_said_one_line_of_the_witness_goes_on() -> None:
    good = cosigned(TEXT, ANN, NOON).encode()
    bobs = cosigned(TEXT, BOB, NOON).encode()
    for said in (good, bobs + good, good + good):
        assert line_of(cosigner(ANN), NOTE, said) == good.decode()
    assert line_of(cosigner(ANN), NOTE, bobs) == ""
    for said in (b"\xff", b"", b"\n", b"junk", good[:-1], good + b"junk\n"):
        assert line_of(cosigner(ANN), NOTE, said) == ""
    assert line_of(cosigner(ANN), sign("other\n", [LOG]), good) == ""


def test_a_key_under_another_name_is_another_witness() -> None:
    renamed = Cosigner.of("other", ANN.public_key)
    assert cosignatures(joined(NOTE, [cosigned(TEXT, ANN, NOON)]), [renamed]) == ()
