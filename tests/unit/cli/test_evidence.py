"""`evidence verify` as a customer runs it: no root, no site, a copy of a log in a folder."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.unit.tsa import Tsa, root, signer
from tests.unit.written import WrittenLog

from standfast.cli import standfast
from standfast.cli.reading import of_log
from standfast.core.errors import CannotVerify, ConfigError
from standfast.core.units import stamp
from standfast.evidence.cosignature import cosigned, cosigner
from standfast.evidence.envelope import leaf
from standfast.evidence.merkle import leaf_hash
from standfast.evidence.note import joined, vkey
from standfast.evidence.proof import prove
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.statement import EnrolledNotice, EnrolledSigner
from standfast.evidence.tiles import read_entries
from standfast.evidence.timestamp.check import answered, question
from standfast.evidence.timestamp.shelf import Held, Stamped, keep

ORIGIN = "example.localhost/trust/log"
KEY = Ed25519Signer.from_seed(ORIGIN, bytes(32))
OTHER = Ed25519Signer.from_seed(ORIGIN, b"o" * 32)


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANDFAST_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    folder = tmp_path / "log"
    notice = EnrolledNotice(
        text="the vantage measures",
        at="2026-03-01T12:00:00.000Z",
        signers=(EnrolledSigner(name=ORIGIN, key=vkey(KEY)),),
    )
    WrittenLog(folder, KEY).append([leaf("example", notice, KEY)] * 3)
    return folder


def verify(*words: str) -> object:
    done = CliRunner().invoke(
        standfast, ["evidence", "verify", *words], standalone_mode=False, catch_exceptions=False
    )
    return done.return_value if "--json" not in words else json.loads(done.stdout)


def test_without_a_key_nothing_is_verified(log: Path) -> None:
    with pytest.raises(CannotVerify, match="no key is pinned"):
        verify(str(log))


def test_a_key_is_given_once_and_remembered(log: Path) -> None:
    assert verify(str(log), "--key", vkey(KEY)) == 0
    assert verify(str(log)) == 0


def test_the_page_folder_that_holds_the_log_will_do(log: Path) -> None:
    assert verify(str(log.parent), "--key", vkey(KEY)) == 0


def test_a_key_that_did_not_sign_the_log_is_not_remembered(log: Path) -> None:
    with pytest.raises(CannotVerify):
        verify(str(log), "--key", vkey(OTHER))
    assert verify(str(log), "--key", vkey(KEY)) == 0


def test_one_edited_byte_is_found_and_named(log: Path) -> None:
    verify(str(log), "--key", vkey(KEY))
    bundle = log / "tile" / "entries" / "000.p" / "3"
    content = bytearray(bundle.read_bytes())
    content[40] ^= 1
    bundle.write_bytes(content)
    assert verify(str(log)) == 1
    assert "entry 0 has been altered or dropped" in str(verify(str(log), "--json"))


def test_a_shorter_log_than_the_one_seen_before_is_found(log: Path, tmp_path: Path) -> None:
    verify(str(log), "--key", vkey(KEY))
    notice = (log / "tile" / "entries" / "000.p" / "3").read_bytes()
    short = tmp_path / "short"
    length = int.from_bytes(notice[:2], "big")
    WrittenLog(short, KEY).append([notice[2 : 2 + length]])
    assert verify(str(short)) == 1
    assert "the log has 1 entries, it had 3 when last verified" in str(verify(str(short), "--json"))


def test_what_is_neither_folder_nor_address_is_wrong_usage() -> None:
    with pytest.raises(ConfigError, match="neither a folder nor an https address"):
        verify("/nowhere")


@pytest.mark.parametrize(
    "address",
    [
        "https://example.test",
        "https://example.test/",
        "https://example.test/trust",
        "https://example.test/trust/",
        "https://example.test/trust/log",
        "https://example.test/trust/log/",
    ],
)
def test_people_paste_whatever_address_they_have(address: str) -> None:
    assert of_log(address) == "https://example.test/trust/log"


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANN = Ed25519Signer.from_seed("ann.example/witness", b"a" * 32)
BOB = Ed25519Signer.from_seed("bob.example/witness", b"b" * 32)


def cosign(log: Path, signer: Ed25519Signer) -> None:
    note = (log / "checkpoint").read_bytes()
    text = note.decode().rpartition("\n\n")[0] + "\n"
    (log / "checkpoint").write_bytes(joined(note, [cosigned(text, signer, NOON)]))


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy"
    path.write_text(
        f"log {vkey(KEY)}\nwitness ann {cosigner(ANN).vkey}\nwitness bob {cosigner(BOB).vkey}\n"
        "group both all ann bob\nquorum both\n"
    )
    return path


def test_a_policy_holds_the_key_and_names_who_has_cosigned(log: Path, policy: Path) -> None:
    cosign(log, ANN)
    cosign(log, BOB)
    found = verify(str(log), "--policy", str(policy), "--json")
    assert isinstance(found, dict)
    assert found["complaints"] == []
    assert found["cosigned"]["required"] == "2 of ann, bob"
    assert [(each["witness"], each["at"]) for each in found["cosigned"]["by"]] == [
        ("ann", "2026-03-01T12:00:00.000Z"),
        ("bob", "2026-03-01T12:00:00.000Z"),
    ]
    assert found["cosigned"]["by"][0]["key"] == cosigner(ANN).vkey


def test_too_few_cosignatures_are_a_complaint_and_such_a_policy_is_not_remembered(
    log: Path, policy: Path
) -> None:
    cosign(log, BOB)
    assert verify(str(log), "--policy", str(policy)) == 1
    found = verify(str(log), "--json")
    assert isinstance(found, dict)
    assert found["cosigned"] == {"required": None, "by": []}


def test_a_policy_that_was_satisfied_is_remembered(log: Path, policy: Path) -> None:
    bare = (log / "checkpoint").read_bytes()
    cosign(log, ANN)
    cosign(log, BOB)
    assert verify(str(log), "--policy", str(policy)) == 0
    assert verify(str(log)) == 0
    (log / "checkpoint").write_bytes(bare)
    assert verify(str(log)) == 1
    assert "cosigned by nobody, and 2 of ann, bob must have" in str(verify(str(log), "--json"))


def test_a_log_from_before_it_was_cosigned_verifies_if_the_reader_says_so(
    log: Path, policy: Path, tmp_path: Path
) -> None:
    bare = (log / "checkpoint").read_bytes()
    cosign(log, ANN)
    cosign(log, BOB)
    verify(str(log), "--policy", str(policy))
    (log / "checkpoint").write_bytes(bare)
    nobody = tmp_path / "nobody"
    nobody.write_text("quorum none\n")
    assert verify(str(log), "--policy", str(nobody)) == 0
    assert verify(str(log)) == 1, "it was for once"


def test_a_policy_for_another_log_is_no_policy_for_this_one(log: Path, tmp_path: Path) -> None:
    path = tmp_path / "policy"
    path.write_text(f"log {vkey(OTHER)}\nquorum none\n")
    verify(str(log), "--key", vkey(KEY))
    with pytest.raises(ConfigError, match="not about the log"):
        verify(str(log), "--key", vkey(KEY), "--policy", str(path))


def test_a_proof_alone_is_held_to_the_policy_as_well(
    log: Path, policy: Path, tmp_path: Path
) -> None:
    entries = read_entries((log / "tile/entries/000.p/3").read_bytes())
    leaves = [leaf_hash(each) for each in entries]
    path = tmp_path / "1.tlog-proof"
    path.write_bytes(prove(entries[1], 1, leaves, (log / "checkpoint").read_bytes()).to_bytes())
    with pytest.raises(CannotVerify, match="cosigned by nobody, and 2 of ann, bob must have"):
        verify("--proof", str(path), "--policy", str(policy))
    cosign(log, ANN)
    cosign(log, BOB)
    path.write_bytes(prove(entries[1], 1, leaves, (log / "checkpoint").read_bytes()).to_bytes())
    found = verify("--proof", str(path), "--policy", str(policy), "--json")
    assert isinstance(found, dict)
    assert found["cosigned_by"] == ["ann", "bob"]


def test_time_stamps_of_a_pinned_authority_are_told_and_one_that_is_false_is_wrong(
    log: Path, tmp_path: Path
) -> None:
    tsa = Tsa(folder=tmp_path / "tsa", signer=signer(root()))
    note = (log / "checkpoint").read_bytes()
    answer = tsa.reply(question(note, 7))
    now = datetime.now(UTC)
    at = answered(answer, note, tsa.authority, nonce=7, now=now).at
    held = Held(stamped=Stamped(at=at, size=3, authority="time"), note=note, answer=answer)
    path = tmp_path / "policy"
    path.write_text(f"log {vkey(KEY)}\nquorum none\ntimestamp time {tsa.authority.sha256} 30\n")
    found = verify(str(log), "--policy", str(path), "--json")
    assert isinstance(found, dict)
    assert found["timestamps"] == {"time": None}
    assert found["complaints"] == ["no time-stamp of time holds, and the policy wants one"]

    keep(log, held, tsa.authority)
    found = verify(str(log), "--policy", str(path), "--json")
    assert isinstance(found, dict)
    assert found["complaints"] == []
    assert found["timestamps"] == {"time": {"size": 3, "at": stamp(at)}}
    # It is remembered, and asked for without being given.
    done = CliRunner().invoke(standfast, ["evidence", "verify", str(log)])
    assert f"Time-stamped by time at {stamp(at)}, when it had 3 entries." in done.output

    (log / held.stamped.answer_path).write_bytes(answer[:-1] + b"x")
    assert verify(str(log)) == 1
    done = CliRunner().invoke(standfast, ["evidence", "verify", str(log)])
    assert "WRONG: timestamps/3-time.tsr does not hold" in done.output
    assert "No time-stamp of time holds." in done.output
