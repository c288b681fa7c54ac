"""What was installed goes; what was there before, and whatever cannot be made again, stays."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from standfast.core.command import Command, Result
from standfast.mechanisms.hosts import adopt, apply, withdraw
from standfast.mechanisms.hosts.disk_decision import RESERVE


@dataclass
class Machine:
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, command: Command, *, check: bool = True) -> Result:
        self.asked.append(command.argv)
        return Result(status=0, stdout=b"", stderr=b"")


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    state = tmp_path / "state"
    state.mkdir()
    for name in ("INSTALLED", "UNITS", "PACKAGES"):
        monkeypatch.setattr(apply, name, state / name)
    monkeypatch.setattr(apply, "STATE", state)
    monkeypatch.setattr(adopt, "NOTE", tmp_path / "aside" / "note.json")
    monkeypatch.setattr(withdraw, "RELEASES", tmp_path / "releases")
    monkeypatch.setattr(withdraw, "HOME", str(tmp_path / "opt"))
    monkeypatch.setattr(withdraw, "WATCHED", tmp_path / "watched")
    monkeypatch.setattr(withdraw, "KEPT", (str(tmp_path / "data"), str(tmp_path / "empty")))
    for name in ("data", "empty", "releases", "opt", "watched"):
        (tmp_path / name).mkdir()
    (tmp_path / "data" / "rows").write_text("kept")
    (tmp_path / "ours.conf").write_text("ours")
    apply.note(apply.INSTALLED, [str(tmp_path / "ours.conf")])
    apply.note(apply.PACKAGES, ["haproxy", "openssh-server"])
    apply.UNITS.write_text(json.dumps(["ssh.service", "standfast-agent.socket"]))
    return tmp_path


def test_files_units_and_programs_go(places: Path) -> None:
    machine = Machine()
    report = withdraw.withdraw(machine)
    assert report.units == ["standfast-agent.socket"]
    assert not (places / "ours.conf").exists()
    assert not (places / "opt").exists()
    assert not (places / "watched").exists()
    assert ("systemctl", "disable", "--now", "ssh.service") not in machine.asked


def test_what_a_timer_has_started_is_ended_and_forgotten(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    units = places / "units"
    monkeypatch.setattr(apply, "UNIT_FOLDERS", (f"{units}/",))
    names = ("standfast-backup.service", "ssh.service", "ssh.service.d/standfast.conf")
    apply.note(apply.INSTALLED, [str(units / each) for each in names])
    machine = Machine()
    withdraw.withdraw(machine)
    for done in ("stop", "reset-failed"):
        assert ("systemctl", done, "standfast-backup.service") in machine.asked


def test_packages_that_came_with_us_are_removed_and_never_purged(places: Path) -> None:
    machine = Machine()
    assert withdraw.withdraw(machine).packages == ["haproxy"]
    (asked,) = [argv for argv in machine.asked if argv[0] == "apt-get"]
    assert "purge" not in asked
    assert "openssh-server" not in asked


def test_data_stays_and_is_told_of(places: Path) -> None:
    assert withdraw.withdraw(Machine()).left == [str(places / "data")]
    assert (places / "data" / "rows").read_text() == "kept"
    assert not (places / "empty").exists()


def test_room_that_was_held_for_a_full_disk_is_no_data(places: Path) -> None:
    for name in ("data", "empty"):
        (places / name / RESERVE).write_bytes(bytes(8))
    withdraw.withdraw(Machine())
    assert [each.name for each in (places / "data").iterdir()] == ["rows"]
    assert not (places / "empty").exists()


def test_a_second_time_finds_nothing_to_do(places: Path) -> None:
    withdraw.withdraw(Machine())
    again = withdraw.withdraw(Machine())
    assert (again.files, again.units, again.packages) == ([], [], [])
