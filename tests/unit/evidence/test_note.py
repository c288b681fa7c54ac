import base64

import pytest

from standfast.core.errors import CannotVerify
from standfast.evidence.note import Verifier, open_note, parse_vkey, sign, vkey
from standfast.evidence.signing import Ed25519Signer

C2SP_EXAMPLE = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
TEXT = "one line\n\nand, after an empty one, another\n"


@pytest.fixture
def ann():
    return Ed25519Signer.from_seed("ann", bytes([7] * 32))


@pytest.fixture
def bob():
    return Ed25519Signer.from_seed("bob", bytes([8] * 32))


def verifier(signer):
    return Verifier.of(signer.name, signer.public_key)


def test_the_published_example_key_has_the_identifier_that_is_computed_from_it():
    key = parse_vkey(C2SP_EXAMPLE)
    assert (key.name, key.key_id.hex()) == ("example.com/foo", "530d903a")
    assert key.vkey == C2SP_EXAMPLE


def test_a_note_opens_to_its_text_and_the_names_of_all_known_signers(ann, bob):
    note = sign(TEXT, [ann, bob])
    assert open_note(note, [verifier(ann), verifier(bob)]) == (TEXT, ("ann", "bob"))


def test_signatures_of_unknown_keys_are_ignored(ann, bob):
    note = sign(TEXT, [ann, bob])
    assert open_note(note, [verifier(bob)]) == (TEXT, ("bob",))


def test_a_signer_who_signs_twice_is_named_once(ann):
    note = sign(TEXT, [ann, ann])
    assert open_note(note, [verifier(ann)]) == (TEXT, ("ann",))


def test_a_note_that_no_known_key_has_signed_is_refused(ann, bob):
    with pytest.raises(CannotVerify, match="no known key"):
        open_note(sign(TEXT, [ann]), [verifier(bob)])


def test_a_false_signature_of_a_known_key_spoils_the_note_beside_a_good_one(ann, bob):
    false = sign("other\n", [bob]).rpartition(b"\n\n")[2]
    with pytest.raises(CannotVerify, match="bob is false"):
        open_note(sign(TEXT, [ann]) + false, [verifier(ann), verifier(bob)])


def test_every_single_flipped_bit_of_a_note_is_noticed(ann):
    note = sign(TEXT, [ann])
    for at in range(len(note)):
        for bit in range(8):
            changed = bytearray(note)
            changed[at] ^= 1 << bit
            with pytest.raises(CannotVerify):
                open_note(bytes(changed), [verifier(ann)])


def test_every_beginning_of_a_note_is_refused(ann):
    note = sign(TEXT, [ann])
    for length in range(len(note)):
        with pytest.raises(CannotVerify):
            open_note(note[:length], [verifier(ann)])


@pytest.mark.parametrize(
    "line",
    [
        "— ann",
        "— ann ",
        "— ann AAAA",
        "— ann AAAAAA=",
        "— an+n AAAAAAAA",
        "—  AAAAAAAA",
        "- ann AAAAAAAA",
        "— ann AAAAAAAB!",
        "— ann AAAAAAAAAB==",
        "— a\u00a0nn AAAAAAAA",
    ],
)
def test_a_line_that_is_no_signature_spoils_the_note(ann, line):
    with pytest.raises(CannotVerify, match="no signed note"):
        open_note(sign(TEXT, [ann]) + f"{line}\n".encode(), [verifier(ann)])


@pytest.mark.parametrize("character", ["\r", "\t", "\x00", "\x1f"])
def test_control_characters_are_refused(ann, character):
    with pytest.raises(CannotVerify, match="control"):
        open_note(sign(f"a{character}\n", [ann]), [verifier(ann)])


def test_sixteen_signatures_are_accepted_and_a_hundred_and_one_are_not(ann):
    others = [Ed25519Signer.from_seed(f"w{n}", bytes([n] * 32)) for n in range(100)]
    assert open_note(sign(TEXT, [*others[:15], ann]), [verifier(ann)]) == (TEXT, ("ann",))
    with pytest.raises(CannotVerify, match="more than 100"):
        open_note(sign(TEXT, [*others, ann]), [verifier(ann)])


def test_a_verifier_key_survives_being_written_and_read(ann):
    assert parse_vkey(vkey(ann)) == verifier(ann)
    assert parse_vkey(vkey(ann) + "\n") == verifier(ann)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        "ann+530d903a",
        C2SP_EXAMPLE[:-4],
        C2SP_EXAMPLE.replace("530d903a", "530d903b"),
        C2SP_EXAMPLE.replace("530d903a", "530D903A"),
        C2SP_EXAMPLE.replace("example.com/foo", "example.com/bar"),
        C2SP_EXAMPLE.replace("example.com/foo", "example.com foo"),
        "ann+00000000+" + base64.b64encode(b"\x06" + bytes(32)).decode(),
        "ann+00000000+not base64",
    ],
)
def test_a_verifier_key_that_is_cut_or_changed_is_refused(text):
    with pytest.raises(CannotVerify):
        parse_vkey(text)
