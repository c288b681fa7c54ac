"""A site that is lost is looked at before anything is touched, and what was begun is known."""

import os
from pathlib import Path

import click
import pytest
from tests.unit.written import WrittenLog

from standfast.cli.app import own_pins
from standfast.cli.arriving import FromImage
from standfast.cli.bring_up import must_not_be_coming_back
from standfast.cli.comeback import accept_shorter
from standfast.cli.old_log import said
from standfast.cli.progress import Progress
from standfast.cli.rehearsal import returned
from standfast.core.command import Command, SystemRunner
from standfast.core.errors import CannotVerify, CommandFailed, ConfigError, Refused, Unreachable
from standfast.core.units import parse_stamp
from standfast.evidence.note import vkey
from standfast.evidence.signing import Ed25519Signer
from standfast.mechanisms.backup.offsite.commands import PROGRAM
from standfast.mechanisms.recovery.lose_site import brought

from .test_envelope import OTHER, a_site, opened, written
from .test_operator import Desk
from .test_recover_snapshot import lost

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="sites are root's")


@pytest.fixture
def anna(tmp_path: Path) -> Desk:
    desk = a_site(tmp_path / "shared", "anna", f"r{os.getpid()}")
    with (desk.shared / "standfast.toml").open("a") as file:
        file.write(f'[offsite]\nkind = "folder"\nlocation = "{tmp_path / "store"}"\n')
    return desk


def new(folder: Path, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "new.toml").write_text(f'name = "{name}"\n')
    return folder / "new.toml"


def words(file: Path, envelope: Path) -> tuple[str, ...]:
    return ("recover", "--site", str(file), "--envelope", str(envelope), "--json")


def untouched(file: Path, desk: Desk) -> bool:
    """Neither secrets beside the new file, nor a site on this computer."""
    sites = desk.folder / "state" / "sites"
    made = sites.is_dir() and any(sites.iterdir())
    return [each.name for each in file.parent.iterdir()] == [file.name] and not made


def test_a_wrong_passphrase_opens_nothing(anna: Desk, tmp_path: Path) -> None:
    envelope, _ = written(anna)
    ben = lost(anna, tmp_path)
    file = new(tmp_path / "new", f"r{os.getpid()}")
    with pytest.raises(Refused, match="passphrase"):
        ben.says(*words(file, envelope), stdin=OTHER, named=False)
    assert untouched(file, ben)


def test_an_envelope_of_another_site_is_refused(anna: Desk, tmp_path: Path) -> None:
    envelope, phrase = written(anna)
    ben = lost(anna, tmp_path)
    file = new(tmp_path / "new", "another")
    with pytest.raises(ConfigError, match="and the file describes another"):
        ben.says(*words(file, envelope), stdin=phrase, named=False)
    assert untouched(file, ben)


def test_a_store_with_nothing_in_it_is_told_before_anything_is_made(
    anna: Desk, tmp_path: Path
) -> None:
    envelope, phrase = written(anna)
    ben = lost(anna, tmp_path)
    file = new(tmp_path / "new", f"r{os.getpid()}")
    with pytest.raises((CannotVerify, CommandFailed, Unreachable), match="no whole copy"):
        ben.says(*words(file, envelope), stdin=phrase, named=False)
    assert untouched(file, ben)


def test_a_site_that_is_here_already_is_not_recovered_over(anna: Desk) -> None:
    envelope, phrase = written(anna)
    with pytest.raises(Refused, match="is here already"):
        anna.says(*words(anna.shared / "standfast.toml", envelope), stdin=phrase, named=False)


def test_up_does_not_go_on_without_what_has_yet_to_come_back(anna: Desk) -> None:
    vault = opened(anna)
    must_not_be_coming_back(vault)
    vault.put(brought.NAME, "{}")
    with pytest.raises(Refused, match="is being recovered"):
        must_not_be_coming_back(vault)


@pytest.mark.parametrize("missing", [("--site",), ("--envelope",)])
def test_both_are_needed(anna: Desk, tmp_path: Path, missing: tuple[str, ...]) -> None:
    envelope, _ = written(anna)
    file = new(tmp_path / "new", f"r{os.getpid()}")
    given = {"--site": str(file), "--envelope": str(envelope)}
    said_ = [word for name, at in given.items() if name not in missing for word in (name, at)]
    with pytest.raises(click.UsageError, match=r"takes --site NEW\.toml and --envelope"):
        anna.says("recover", *said_, named=False)


def test_what_another_process_says_of_a_store_is_the_same_error_here() -> None:
    found = said('{"problem": "the store refuses us", "remedy": "Is the key valid?", "status": 1}')
    assert isinstance(found, CommandFailed)
    assert (found.problem, found.remedy) == ("the store refuses us", "Is the key valid?")
    assert isinstance(said('{"problem": "silent", "remedy": "", "status": 3}'), Unreachable)
    assert "Traceback" in said("Traceback\n  it broke").problem


def test_what_comes_from_behind_the_walls_is_understood() -> None:
    at = parse_stamp("2026-11-29T13:00:00.000Z")
    assert returned({"problem": "no snapshot"}, at).problem == "no snapshot"
    answer = {
        "newest_change_at": "2026-11-29T12:00:00.000Z",
        "snapshot": "aabb",
        "log": {"entries": 7, "root": "ff"},
        "seconds": {"fetched": 1.0},
    }
    found = returned(
        {
            "ended": {
                "answer": answer,
                "signed_in": {"at": "2026-11-29T13:03:00.000Z", "addresses": ["203.0.113.11"]},
                "name": "shop.example.com",
                "gone": ["/x"],
            }
        },
        at,
    )
    assert found.signed_in_at == parse_stamp("2026-11-29T13:03:00.000Z")
    assert (found.newest, found.entries, found.gone) == (
        parse_stamp("2026-11-29T12:00:00.000Z"),
        7,
        ("/x",),
    )


def test_restic_comes_out_of_the_image_where_this_computer_has_none(tmp_path: Path) -> None:
    program = tmp_path / "usr" / "bin" / "restic"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho out of the image: $*\n")
    program.chmod(0o755)
    there = FromImage(root=tmp_path, runner=SystemRunner())
    said_ = there.run(Command(argv=("/usr/bin/env", PROGRAM, "snapshots"))).text
    assert said_ == "out of the image: snapshots\n"


def test_an_old_and_a_new_log_are_told_apart_on_the_computer_that_knew_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever brings the site back goes by the shorter one from then on, and is told."""
    monkeypatch.setenv("STANDFAST_STATE", str(tmp_path))
    key = Ed25519Signer.from_seed("shop.example.com/trust/log", bytes(32))
    log, leaves = WrittenLog(tmp_path / "log", key), [b"1", b"2", b"3"]
    own_pins().trust(vkey(key), address="https://shop/trust/log", authority=b"")
    short = log.copy.opened(log.append(leaves[:2]))
    place = next((tmp_path / "logs").iterdir())
    (place / "checkpoint").write_bytes(log.append(leaves[2:]))
    accept_shorter(log.copy.published, Progress())
    assert own_pins().key(short.origin) is not None
    accept_shorter(short, Progress())
    assert own_pins().key(short.origin) is None
    assert "had 3 entries when it was last verified here" in capsys.readouterr().err
