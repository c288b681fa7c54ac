"""`standfast witness` as a customer runs it: no root, no site, a log in a folder."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.unit.witness.conftest import KEY, LOG, Kept

from standfast.cli import standfast
from standfast.core.errors import CannotVerify, ConfigError
from standfast.evidence.cosignature import cosignatures, parse_cosigner
from standfast.evidence.note import joined


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANDFAST_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def log(tmp_path: Path) -> Kept:
    kept = Kept(tmp_path / "log")
    kept.grow(3)
    return kept


def once(log: Kept, *words: str) -> Result:
    return CliRunner().invoke(
        standfast,
        ["witness", "--url", str(log.folder), "--once", *words],
        standalone_mode=False,
        catch_exceptions=False,
    )


def test_it_says_its_key_cosigns_and_remembers_the_logs_key(log: Kept) -> None:
    with pytest.raises(CannotVerify, match="no key is pinned"):
        once(log)
    done = once(log, "--key", KEY.vkey, "--name", "ann.example/witness")
    assert done.return_value == 0
    first, second = done.stdout.splitlines()
    key = parse_cosigner(first.rpartition(" ")[2])
    assert key.name == "ann.example/witness"
    assert second.endswith(f"cosigned 3 entries of {LOG.name}, 3 of them new")
    log.grow(4)
    found = json.loads(once(log, "--json").stdout)
    assert (found["size_before"], found["size"], found["refused"]) == (3, 7, None)
    (line,) = cosignatures(joined(log.note, [found["cosigned"] + "\n"]), [key])
    assert line.moment is not None


def test_a_fork_ends_with_1_and_runs_the_alarm_with_the_evidence(log: Kept, tmp_path: Path) -> None:
    once(log, "--key", KEY.vkey)
    forked = log.fork(tmp_path / "forked", size=2, count=5)
    heard = tmp_path / "heard"
    script = tmp_path / "alarm"
    script.write_text(f'#!/bin/sh\n{{ cat; echo "$*"; }} >> {heard}\n')
    script.chmod(0o755)
    done = once(forked, "--alarm", f"{script} to me")
    assert done.return_value == 1
    told, words = heard.read_text().splitlines()
    assert json.loads(told)["note"] == forked.note.decode()
    assert words.startswith("to me REFUSED (bad proof)")
    assert "REFUSED" in done.stderr
    assert once(log).return_value == 0


def test_a_log_that_cannot_be_read_ends_with_3(log: Kept) -> None:
    once(log, "--key", KEY.vkey)
    (log.folder / "checkpoint").write_bytes(b"<html>")
    assert once(log, "--key", KEY.vkey).return_value == 3


def test_an_alarm_that_cannot_ring_is_refused_before_it_must(log: Kept) -> None:
    with pytest.raises(ConfigError, match="--alarm"):
        once(log, "--key", KEY.vkey, "--alarm", "'open")


def test_a_site_that_asks_is_answered(log: Kept) -> None:
    assert "Listening on port" in once(log, "--key", KEY.vkey, "--listen", "127.0.0.1:0").stderr
