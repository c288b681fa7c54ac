"""`evidence show`, `proof` and `export` as a customer runs them: a copy of a log, nothing else."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from tests.unit.written import WrittenLog

from standfast.cli import standfast
from standfast.core.errors import CannotVerify, ConfigError, Refused
from standfast.evidence.entries import Entry
from standfast.evidence.envelope import leaf
from standfast.evidence.explanation import explaining
from standfast.evidence.note import vkey
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.statement import (
    AnyPredicate,
    EnrolledNotice,
    EnrolledSigner,
    Proof,
    Slot,
    Statement,
    TextNotice,
)
from standfast.promises.catalog import REDUNDANT_WEB
from standfast.promises.model import Grade, Outcome

ORIGIN = "example.localhost/trust/log"
KEY = Ed25519Signer.from_seed(ORIGIN, bytes(32))
VANTAGE = Ed25519Signer.from_seed("vantage", b"v" * 32)
BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)
OBJECTIVE = {"failed_requests": 0, "doubled_writes": 0}
KEPT, BROKEN, EXPLAINED = 2, 3, 4


def proof(hours: float, failed: int) -> Proof:
    return Proof(
        slot=1,
        promise="redundant-web",
        drill="web-server",
        outcome=Outcome.BROKEN if failed else Outcome.KEPT,
        grade=Grade.REHEARSED,
        stand_ins=("web-1, web-2 share one kernel",),
        objective=OBJECTIVE,
        measured={"failed_requests": failed, "doubled_writes": 0, "requests": 1200},
        started_at=BEGAN + timedelta(hours=hours),
        ended_at=BEGAN + timedelta(hours=hours + 0.1),
        run=f"run-{hours:g}",
        story=("power cut of web-1",),
        seen={},
    )


def said() -> list[AnyPredicate]:
    (part,) = REDUNDANT_WEB.parts
    told: list[AnyPredicate] = [
        EnrolledNotice(
            text="the vantage measures",
            at=BEGAN,
            signers=(EnrolledSigner(name="vantage", key=vkey(VANTAGE)),),
        ),
        Slot(
            promise="redundant-web",
            drill="web-server",
            statement=REDUNDANT_WEB.statement,
            objective=OBJECTIVE,
            default_objective=OBJECTIVE,
            proof=part.proof,
            starts_at=BEGAN,
            until=BEGAN + timedelta(hours=24),
            calibrated_within_s=604_800,
            period_s=86_400,
        ),
        proof(1, 0),
        proof(2, 7),
    ]
    entries = [
        Entry(index=index, signer="", statement=Statement(site="example", predicate=each))
        for index, each in enumerate(told)
    ]
    text = explaining(entries, BROKEN, "a cable was pulled by mistake")
    return [*told, TextNotice(text=text, at=BEGAN + timedelta(hours=3))]


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Verified once, so that its key is known."""
    monkeypatch.setenv("STANDFAST_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    signed = [
        leaf("example", each, VANTAGE if isinstance(each, Proof | TextNotice) else KEY)
        for each in said()
    ]
    WrittenLog(tmp_path / "log", KEY).append(signed)
    assert run("verify", str(tmp_path / "log"), "--key", vkey(KEY)).return_value == 1
    return tmp_path / "log"


def run(*words: str) -> Result:
    return CliRunner().invoke(
        standfast, ["evidence", *words], standalone_mode=False, catch_exceptions=False
    )


def altered(log: Path) -> None:
    bundle = log / "tile" / "entries" / "000.p" / "5"
    content = bytearray(bundle.read_bytes())
    content[40] ^= 1
    bundle.write_bytes(content)


def test_the_newest_entries_are_a_table_of_80_columns(log: Path) -> None:
    assert run("show", "--log", str(log)).stdout == (
        "entry time (UTC)       kind   about         says\n"
        "    4 2026-03-01 15:00 notice log           The broken proof in entry 3 is\n"
        "                                            explained: a cable was pulled by …\n"
        "    3 2026-03-01 14:06 proof  redundant-web broken, rehearsed, explained\n"
        "    2 2026-03-01 13:06 proof  redundant-web kept, rehearsed\n"
        "    1 2026-03-01 12:00 slot   redundant-web due until 03-02 12:00\n"
        "    0 2026-03-01 12:00 notice log           the vantage measures\n"
    )


def test_entries_are_chosen_by_kind_promise_time_and_number(log: Path) -> None:
    def numbers(*words: str) -> list[int]:
        found = json.loads(run("show", "--log", str(log), "--json", *words).stdout)
        return [each["index"] for each in found["entries"]]

    assert numbers() == [4, 3, 2, 1, 0]
    assert numbers("--limit", "2") == [4, 3]
    assert numbers("--kind", "proof") == [3, 2]
    assert numbers("--promise", "log") == [4, 0]
    assert numbers("--since", "2026-03-01T13:30") == [4, 3]
    assert numbers("--since", "2026-03-01T14:30+01:00") == [4, 3]
    assert numbers("--since", "2026-03-02") == []
    assert numbers("2") == [2]
    assert (
        "No entry is like that." in run("show", "--log", str(log), "--since", "2099-01-01").stdout
    )


def test_one_entry_is_told_in_full_words_within_80_columns(log: Path) -> None:
    assert run("show", str(BROKEN), "--log", str(log)).stdout == (
        "Entry 3: proof of redundant-web\n"
        "  Any web server can fail without interrupting access.\n"
        "  Broken, rehearsed (web-1, web-2 share one kernel)\n"
        "  Drill web-server, 1 Mar 2026, 14:00 UTC to 1 Mar 2026, 14:06 UTC\n"
        "  failed requests: 7 (promised: none)\n"
        "  changes saved twice: 0 (promised: none)\n"
        "  besides: 1,200 requests\n"
        "  Power cut of web-1.\n"
        "  Announced by entry 1.\n"
        "  Explained on 1 Mar 2026 in entry 4: a cable was pulled by mistake\n"
        "  Signed by vantage.\n"
    )
    for index in range(5):
        lines = run("show", str(index), "--log", str(log)).stdout.splitlines()
        assert len(lines) > 2
        assert max(map(len, lines)) <= 80


def test_a_program_gets_what_was_signed_and_what_is_said_of_it(log: Path) -> None:
    found = json.loads(run("show", str(BROKEN), "--log", str(log), "--json").stdout)
    (entry,) = found["entries"]
    assert found["log"]["size"] == 5
    assert entry["says"]["measured"] == {
        "doubled_writes": 0,
        "failed_requests": 7,
        "requests": 1200,
    }
    assert entry["signer"] == "vantage"
    assert entry["objection"] is None
    assert [each["text"] for each in entry["explanations"]] == ["a cable was pulled by mistake"]


def test_what_can_still_be_believed_of_an_altered_record_is_shown_under_a_warning(
    log: Path,
) -> None:
    altered(log)
    done = run("show", "--log", str(log))
    assert done.return_value == 1
    assert "WRONG: entry 0 has been altered or dropped" in done.stderr
    assert "WRONG" not in done.stdout
    assert "redundant-web due until" in done.stdout


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("99",), "entry 99 is not there: the log has 5"),
        (("--promise", "redundant-wbe"), "the log says nothing about redundant-wbe"),
        (("--since", "yesterday"), "--since: yesterday is no time"),
    ],
)
def test_what_is_not_there_is_wrong_usage(log: Path, words: tuple[str, ...], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        run("show", "--log", str(log), *words)


def handed_out(log: Path, index: int) -> Path:
    path = log.parent / f"{index}.tlog-proof"
    run("proof", str(index), "--log", str(log), "--output", str(path))
    return path


def test_a_proof_is_verified_without_the_log(log: Path) -> None:
    path = handed_out(log, BROKEN)
    (log / "checkpoint").unlink()
    done = run("verify", "--proof", str(path))
    assert done.return_value == 0
    assert done.stdout.startswith(f"Entry 3 of 5 in {ORIGIN}, as its key has signed.\n")
    assert "failed requests: 7 (promised: none)" in done.stdout
    assert "whether its signer's key was enrolled" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_a_proof_on_standard_output_is_the_same_file(log: Path) -> None:
    written = handed_out(log, 1)
    assert run("proof", "1", "--log", str(log)).stdout_bytes == written.read_bytes()
    found = json.loads(run("verify", "--proof", str(written), "--json").stdout)
    assert found["signed_by_log"] is True
    assert (found["entry"]["index"], found["entry"]["kind"]) == (1, "slot")


def test_a_proof_needs_a_key_that_is_known_or_given(log: Path, tmp_path: Path) -> None:
    path = handed_out(log, 1)
    for pinned in tmp_path.glob("state/**/key"):
        pinned.unlink()
    with pytest.raises(CannotVerify, match="no key is pinned for the log"):
        run("verify", "--proof", str(path))
    assert run("verify", "--proof", str(path), "--key", vkey(KEY)).return_value == 0
    other = Ed25519Signer.from_seed(ORIGIN, b"o" * 32)
    with pytest.raises(CannotVerify, match="no known key has signed"):
        run("verify", "--proof", str(path), "--key", vkey(other))


def test_an_altered_proof_is_refused(log: Path) -> None:
    path = handed_out(log, BROKEN)
    path.write_text(path.read_text().replace("index 3", "index 2"))
    with pytest.raises(CannotVerify, match="this is not entry 2 of the 5"):
        run("verify", "--proof", str(path))


def test_a_proof_from_another_log_under_the_same_key_is_called_so(
    log: Path, tmp_path: Path
) -> None:
    """The log that customers verify and the one that a proof is from must be one."""
    twin = tmp_path / "twin"
    WrittenLog(twin, KEY).append([leaf("example", said()[0], KEY)] * 5)
    path = handed_out(log, 1)
    run("proof", "1", "--log", str(twin), "--output", str(path))
    with pytest.raises(Refused, match="another log than the one verified here at size 5"):
        run("verify", "--proof", str(path))


def test_nothing_is_proven_of_an_entry_that_was_altered(log: Path) -> None:
    altered(log)
    with pytest.raises(CannotVerify, match="entry 0 has been altered"):
        handed_out(log, 0)
    assert not (log.parent / "0.tlog-proof").exists()
    assert handed_out(log, 1).exists()


def test_there_is_no_proof_of_an_entry_that_is_not_there(log: Path) -> None:
    with pytest.raises(ConfigError, match="there is no entry 5: the log has 5"):
        run("proof", "5", "--log", str(log))


def test_every_proof_is_exported_for_a_spreadsheet(log: Path) -> None:
    text = run("export", "--log", str(log), "--format", "csv").stdout_bytes.decode()
    found = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [
        (row["entry"], row["figure"], row["measured"]) for row in found if row["objective"]
    ] == [
        ("2", "doubled_writes", "0"),
        ("2", "failed_requests", "0"),
        ("3", "doubled_writes", "0"),
        ("3", "failed_requests", "7"),
    ]
    document = json.loads(run("export", "--log", str(log), "--format", "csv", "--json").stdout)
    assert document["rows"] == found


def test_a_questionnaire_is_exported_as_text_page_and_json(log: Path, tmp_path: Path) -> None:
    asked = ("export", "--log", str(log), "--format", "questionnaire")
    text = run(*asked).stdout
    assert "BCR-11.1" in text
    assert "No; broken at present." in text
    assert max(map(len, text.splitlines())) <= 80
    page = tmp_path / "answers.html"
    run(*asked, "--html", "--output", str(page))
    assert page.read_text().startswith("<!doctype html>")
    answers = json.loads(run(*asked, "--json").stdout)["answers"]
    assert {each["id"]: each["answer"] for each in answers}["BCR-11.1"] == "no"


def test_nothing_is_exported_from_an_altered_record(log: Path) -> None:
    altered(log)
    for form in ("csv", "questionnaire"):
        with pytest.raises(Refused, match="the record cannot be relied on: entry 0"):
            run("export", "--log", str(log), "--format", form)


def test_options_that_do_not_go_together_are_wrong_usage(log: Path) -> None:
    for words in (
        ("export", "--log", str(log), "--format", "csv", "--html"),
        ("export", "--log", str(log), "--format", "questionnaire", "--html", "--json"),
        ("verify", str(log), "--proof", str(log / "checkpoint")),
    ):
        with pytest.raises(click.UsageError):
            run(*words)


def test_a_file_that_cannot_be_written_is_named(log: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        run("proof", "1", "--log", str(log), "--output", str(tmp_path / "nowhere" / "file"))
