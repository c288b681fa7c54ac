"""A repository that is away is taken out of what WAL is sent to; it comes back with a full copy."""

import json
import shlex
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from standfast.core.command import Command, Result
from standfast.core.errors import CommandFailed
from standfast.mechanisms.backup.absence import Count, PutBack, Reason, TakeFull, TakeOut
from standfast.mechanisms.backup.archive import Archive
from standfast.mechanisms.backup.pgbackrest import names, sending
from standfast.mechanisms.backup.pgbackrest.sending import Sending

from .copies import backup

START = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
CONF = """[global]
repo1-host=backup-1
repo1-host-type=tls
repo2-host=backup-2
repo2-host-type=tls
repo12-host=backup-12
repo12-host-type=tls
archive-async=y
[main]
pg1-path=/data
"""
FAILED = """104
raised from local-1 protocol: archive-push command encountered error(s):
repo2: [HostConnectError] unable to connect to 'backup-2:8432': [111] Connection refused
[CommandError] on retry after 0ms"""


@dataclass(slots=True)
class Engine:
    """`answers`: repositories whose machine answers; `copies` of all of them."""

    answers: set[int] = field(default_factory=set)
    copies: list[dict[str, object]] = field(default_factory=list)

    def run(self, command: Command, *, check: bool = True) -> Result:
        number = int(command.argv[-1].removeprefix("--repo="))
        if number not in self.answers:
            raise CommandFailed("unable to connect")
        status = {"code": 0, "message": "ok"}
        repo = [{"key": number, "status": status}]
        said = json.dumps([{"name": "main", "backup": self.copies, "repo": repo}])
        return Result(status=0, stdout=said.encode(), stderr=b"")


@dataclass(slots=True)
class Machine:
    folder: Path
    engine: Engine = field(default_factory=Engine)

    @property
    def archive(self) -> Archive:
        return Archive(
            sending=Sending(spool=self.folder, runner=self.engine),
            conf=self.folder / "database.conf",
            made=self.folder / "archive.conf",
            record=self.folder / "absence.json",
            data=self.folder / "data",
        )

    def waits(self, *segments: str, failed: bool = True) -> None:
        """Some segments are not everywhere, and for what reason."""
        status = self.folder / "data" / "pg_wal" / "archive_status"
        out = self.folder / "archive" / "main" / "out"
        for folder in (status, out):
            folder.mkdir(parents=True, exist_ok=True)
            for path in folder.iterdir():
                path.unlink()
        for each in segments:
            (status / f"{each}.ready").touch()
            if failed:
                (out / f"{each}.error").write_text(FAILED)

    def sends_to(self) -> list[str]:
        return list(sending.repositories((self.folder / "archive.conf").read_text()))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "database.conf").write_text(CONF)
    made = Machine(folder=tmp_path)
    made.waits()
    return made


SEGMENT = "000000010000000000000005"
ALL = ["backup-1", "backup-2", "backup-12"]


def minutes(count: float) -> datetime:
    return START + timedelta(minutes=count)


def test_one_that_is_away_is_taken_out_and_comes_back_with_a_full_copy(machine: Machine) -> None:
    assert machine.archive.turn(START) == ()
    assert (machine.folder / "archive.conf").read_text() == CONF
    machine.waits(SEGMENT)
    assert machine.archive.turn(minutes(1)) == ()
    assert machine.archive.turn(minutes(15)) == ()
    assert machine.archive.turn(minutes(16)) == (TakeOut(machine="backup-2", reason=Reason.AWAY),)
    assert machine.sends_to() == ["backup-1", "backup-12"]
    machine.waits()
    assert machine.archive.turn(minutes(17)) == ()
    machine.engine.answers = {2}
    assert machine.archive.turn(minutes(60)) == ()
    back = machine.archive.turn(minutes(62))
    assert back == (PutBack(machine="backup-2"), TakeFull(machine="backup-2"))
    assert machine.sends_to() == ALL
    old = int(minutes(61).timestamp())
    machine.engine.copies = [backup("1F", "full", old, old + 9)]
    assert machine.archive.turn(minutes(63)) == (TakeFull(machine="backup-2"),)
    new = int(minutes(70).timestamp())
    machine.engine.copies += [backup("2F", "full", new, new + 9)]
    assert machine.archive.turn(minutes(71)) == (Count(machine="backup-2"),)
    assert machine.archive.turn(minutes(72)) == ()


def test_one_that_answers_only_now_and_then_stays_out(machine: Machine) -> None:
    machine.waits(SEGMENT)
    machine.archive.turn(START)
    machine.archive.turn(minutes(15))
    machine.engine.answers = {2}
    machine.archive.turn(minutes(16))
    machine.engine.answers = set()
    machine.archive.turn(minutes(17))
    machine.engine.answers = {2}
    machine.archive.turn(minutes(18))
    assert machine.archive.turn(minutes(19)) == ()
    assert "backup-2" not in machine.sends_to()


def test_much_wal_that_waits_takes_it_out_sooner(machine: Machine) -> None:
    machine.waits(*(f"0000000100000000{number:08X}" for number in range(64)))
    assert machine.archive.turn(START) == ()
    assert machine.archive.turn(minutes(1)) == (TakeOut(machine="backup-2", reason=Reason.HELD),)


def test_what_failed_before_this_machine_stopped_being_primary_blames_nobody(
    machine: Machine,
) -> None:
    machine.waits(SEGMENT)
    machine.archive.turn(START)
    (machine.folder / "data/pg_wal/archive_status" / f"{SEGMENT}.ready").unlink()
    assert machine.archive.turn(minutes(20)) == ()
    assert machine.sends_to() == ALL


def test_a_record_that_cannot_be_read_is_begun_anew(machine: Machine) -> None:
    (machine.folder / "absence.json").write_text("{")
    assert machine.archive.turn(START) == ()
    assert machine.sends_to() == ALL


def test_a_plan_that_has_changed_is_sent_by_from_the_next_minute_on(machine: Machine) -> None:
    machine.archive.turn(START)
    (machine.folder / "database.conf").write_text(CONF + "repo3-host=backup-3\n")
    machine.archive.turn(minutes(1))
    assert machine.sends_to() == [*ALL, "backup-3"]


@pytest.mark.parametrize("made", [True, False])
def test_wal_is_sent_by_what_was_made_here_or_by_the_plan_until_there_is_one(
    tmp_path: Path, made: bool
) -> None:
    conf = tmp_path / "archive.conf"
    if made:
        conf.write_text(CONF)
    command = (
        names.ARCHIVE_COMMAND.replace(names.ARCHIVE_CONF, shlex.quote(str(conf)))
        .replace(names.PROGRAM, "/bin/echo")
        .replace("%p", "pg_wal/5")
    )
    said = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True)
    wanted = conf if made else names.DATABASE_CONF
    assert said.stdout == f"--config={wanted} --stanza=main archive-push pg_wal/5\n"
