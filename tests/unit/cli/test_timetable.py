"""The timer that proves what is due: systemd understands it, and it goes as it came."""

import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from standfast.cli.by_itself import own_words
from standfast.cli.timetable.install import Systemd
from standfast.cli.timetable.units import Timetable, units
from standfast.cli.tried import Tried
from standfast.core.command import Command, Result
from standfast.core.errors import Refused

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

WANTED = Timetable(
    site="timesheets",
    words=("/bin/true", "--file", '/srv/50% "of" $it/standfast.toml', "prove", "--due"),
    identity=Path("/root/the key"),
    every_minutes=10,
)


@dataclass(frozen=True)
class Asked:
    commands: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, command: Command, *, check: bool = True) -> Result:
        self.commands.append(command.argv)
        return Result(status=0, stdout=b"", stderr=b"")


def systemd(folder: Path, *, runs: bool) -> tuple[Systemd, Asked]:
    asked = Asked()
    running = folder / "running"
    if runs:
        running.mkdir()
    units = folder / "units"
    units.mkdir()
    return Systemd(runner=asked, folder=units, running=running), asked


def test_systemd_understands_both_units(tmp_path: Path) -> None:
    for name, content in units(WANTED).items():
        (tmp_path / name).write_bytes(content)
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stderr) == (0, "")


def test_the_file_of_the_key_is_named_and_the_words_stay_whole() -> None:
    text = units(WANTED)["standfast-prove-timesheets.service"].decode()
    assert 'Environment="STANDFAST_IDENTITY=/root/the key"' in text
    assert 'ExecStart=:/bin/true --file "/srv/50%% \\"of\\" $it/standfast.toml" prove --due' in text


def test_it_is_put_there_started_and_taken_away_again(tmp_path: Path) -> None:
    there, asked = systemd(tmp_path, runs=True)
    assert not there.installed(WANTED.name)
    there.install(WANTED)
    assert there.installed(WANTED.name)
    assert ("systemctl", "enable", "--now", "standfast-prove-timesheets.timer") in asked.commands
    assert there.remove(WANTED.name)
    assert list(there.folder.iterdir()) == []
    assert not there.remove(WANTED.name)


def test_without_systemd_it_is_refused_untouched(tmp_path: Path) -> None:
    there, asked = systemd(tmp_path, runs=False)
    with pytest.raises(Refused, match="systemd is not process 1") as refused:
        there.install(WANTED)
    assert "prove --watch" in refused.value.remedy
    assert (list(there.folder.iterdir()), asked.commands) == ([], [])


def test_it_says_the_site_whole_from_wherever_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert own_words(None, None)[1:] == ("prove", "--due")
    Path("standfast.toml").touch()
    named = ("--file", str(tmp_path / "standfast.toml"))
    assert own_words(None, None)[1:] == (*named, "prove", "--due")
    assert own_words(Path("standfast.toml"), "key")[1:] == (
        *named,
        "--identity",
        str(tmp_path / "key"),
        "prove",
        "--due",
    )


def test_what_was_begun_is_remembered_and_rubbish_is_not(tmp_path: Path) -> None:
    tried = Tried(file=tmp_path / "tried.json")
    assert tried.known() == {}
    tried.begin("web-server", NOON)
    tried.begin("restore", NOON)
    assert tried.known() == {"web-server": NOON, "restore": NOON}
    for rubbish in ("", "[]", '{"web-server": 1}', '{"web-server": "noon"}', "\0"):
        tried.file.write_text(rubbish)
        assert tried.known() == {}
