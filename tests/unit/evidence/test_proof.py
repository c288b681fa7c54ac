import pytest
from tests.unit.written import WrittenLog

from standfast.core.errors import CannotVerify
from standfast.evidence import merkle
from standfast.evidence.base64_text import encoded
from standfast.evidence.note import parse_vkey
from standfast.evidence.proof import EntryProof, prove
from standfast.evidence.read import entry_at, read_log
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.transport import FolderTransport

NUMBERS = (0, 1, 254, 255, 256, 299)
LAST = 299


@pytest.fixture
def entries():
    return [b"entry %d" % number for number in range(LAST + 1)]


@pytest.fixture
def log(told, entries, tmp_path):
    """Of 300 entries, so that there are a full tile, a partial one and two levels."""
    return WrittenLog(tmp_path, told.log_signer).append(entries)


@pytest.fixture
def proofs(log, entries):
    leaves = [merkle.leaf_hash(each) for each in entries]
    return [prove(entries[number], number, leaves, log) for number in NUMBERS]


def test_each_entry_is_shown_to_be_where_it_is(proofs, told):
    for proof in proofs:
        again = EntryProof.from_bytes(proof.to_bytes())
        assert again == proof
        assert again.checked(parse_vkey(told.vkey)).size == LAST + 1


def test_the_file_is_the_one_that_the_format_describes(proofs, log):
    proof = proofs[-1]
    lines = proof.to_bytes().decode().split("\n")
    assert lines[:3] == [
        "c2sp.org/tlog-proof@v1",
        f"extra {encoded(proof.entry)}",
        "index 299",
    ]
    assert lines[3 : 3 + len(proof.path)] == [encoded(each) for each in proof.path]
    assert proof.to_bytes().endswith(b"\n\n" + log)


def test_every_single_flipped_bit_of_a_proof_is_noticed(proofs, told):
    good, key = proofs[0].to_bytes(), parse_vkey(told.vkey)
    for at in range(len(good)):
        for bit in range(8):
            changed = bytearray(good)
            changed[at] ^= 1 << bit
            with pytest.raises(CannotVerify):
                EntryProof.from_bytes(bytes(changed)).checked(key)


def test_every_beginning_of_a_proof_is_refused(proofs, told):
    good, key = proofs[0].to_bytes(), parse_vkey(told.vkey)
    for length in range(len(good)):
        with pytest.raises(CannotVerify):
            EntryProof.from_bytes(good[:length]).checked(key)


def test_another_logs_key_does_not_open_it(proofs, told):
    other = Ed25519Signer.from_seed(told.log_signer.name, bytes(31) + b"o")
    told.log_signer = other
    with pytest.raises(CannotVerify, match="no known key"):
        proofs[0].checked(parse_vkey(told.vkey))


def test_an_entry_is_not_shown_at_another_number(proofs, told):
    moved = EntryProof(entry=proofs[0].entry, index=1, path=proofs[0].path, note=proofs[0].note)
    with pytest.raises(CannotVerify, match="not entry 1"):
        moved.checked(parse_vkey(told.vkey))


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b"@v1", b"@v2"),
        (b"index 299", b"index 0299"),
        (b"index 299", b"index -1"),
        (b"index 299", b"index " + b"9" * 5000),
        (b"index ", b"number "),
        (b"extra ", b"extra  "),
        (b"extra ", b"entry "),
        (b"\n\n", b"\n"),
        (b"index 299\n", b"index 299\nAAAA\n"),
        (b"index 299\n", b"index 299\n" + (b"A" * 43 + b"=\n") * 64),
    ],
)
def test_what_is_not_written_the_one_way_is_refused(proofs, good, bad):
    content = proofs[-1].to_bytes()
    assert good in content
    with pytest.raises(CannotVerify, match="no proof of an entry"):
        EntryProof.from_bytes(content.replace(good, bad, 1))


def test_an_endless_file_is_not_read(proofs):
    with pytest.raises(CannotVerify, match="longer than a proof"):
        EntryProof.from_bytes(proofs[0].to_bytes() + b"x" * 2_000_000)


def test_nothing_is_proven_of_an_altered_entry(log, entries):
    leaves = [merkle.leaf_hash(each) for each in entries]
    with pytest.raises(CannotVerify, match="entry 7 has been altered"):
        prove(b"another", 7, leaves, log)


def test_an_entry_is_found_in_its_bundle(log, entries, told, tmp_path):
    transport = FolderTransport(tmp_path)
    assert read_log(transport, told.vkey).checkpoint.size == LAST + 1
    for number in NUMBERS:
        assert entry_at(transport, number, LAST + 1) == entries[number]


def test_an_entry_beyond_what_a_bundle_holds_is_missing(log, tmp_path):
    bundle = tmp_path / "tile" / "entries" / "001.p" / "44"
    bundle.write_bytes(b"")
    with pytest.raises(CannotVerify, match="entry 299 is missing"):
        entry_at(FolderTransport(tmp_path), LAST, LAST + 1)
