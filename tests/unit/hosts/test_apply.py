"""What changed is never forgotten before the units have taken it."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from standfast.core.command import Command, Result
from standfast.mechanisms.hosts import apply
from standfast.mechanisms.hosts.apply import (
    Pending,
    Report,
    put,
    remove_what_is_no_longer_ours,
    settle_units,
)
from standfast.mechanisms.hosts.bundle import File, Unit

UNIT = "haproxy.service"


@dataclass
class Systemd:
    """A systemd of a few units: what is active, what refuses to change, what was asked."""

    active: set[str] = field(default_factory=lambda: {UNIT})
    refuses: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def run(self, command: Command, *, check: bool = True) -> Result:
        _, verb, *words = command.argv
        name = words[-1] if words else ""
        status = 0
        if verb == "is-active":
            status = 0 if name in self.active else 3
        elif verb in ("start", "restart", "reload-or-restart"):
            self.asked.append(f"{verb} {name}")
            status = 1 if name in self.refuses else 0
            if not status:
                self.active.add(name)
        elif verb in ("stop", "disable"):
            self.asked.append(f"{verb} {name}")
            self.active.discard(name)
        elif verb == "daemon-reload":
            self.asked.append(verb)
        return Result(status=status, stdout=b"enabled\n" * len(words), stderr=b"")


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply, "PENDING", tmp_path / "pending.json")


def file(tmp_path: Path, content: bytes = b"new", **asks: tuple[str, ...]) -> File:
    return File(path=str(tmp_path / "etc" / "file.conf"), content=content, **asks)


def settled(systemd: Systemd, *units: Unit, turn: tuple[str, ...] = ()) -> Report:
    report = Report()
    settle_units(units or (Unit(name=UNIT),), systemd, report, turn=turn)
    return report


def test_a_changed_file_restarts_its_unit_once(tmp_path: Path) -> None:
    systemd = Systemd()
    put(file(tmp_path, restarts=(UNIT,)), Report())
    assert settled(systemd).restarted == [UNIT]
    put(file(tmp_path, restarts=(UNIT,)), Report())
    assert settled(systemd).restarted == []
    assert systemd.asked == [f"restart {UNIT}"]


def test_a_run_that_died_after_the_file_was_written_restarts_in_the_next(tmp_path: Path) -> None:
    put(file(tmp_path, reloads=(UNIT,)), Report())
    put(file(tmp_path, reloads=(UNIT,)), Report())  # the next run finds the file as it should be
    assert settled(Systemd()).reloaded == [UNIT]


def test_a_unit_that_refuses_its_new_file_is_asked_again_by_the_next_run(tmp_path: Path) -> None:
    systemd = Systemd(refuses={UNIT})
    put(file(tmp_path, reloads=(UNIT,)), Report())
    assert settled(systemd).failed == [UNIT]
    systemd.refuses.clear()
    assert settled(systemd).reloaded == [UNIT]
    assert Pending.read() == Pending()


def test_a_unit_that_is_down_is_started_and_not_restarted(tmp_path: Path) -> None:
    systemd = Systemd(active=set())
    put(file(tmp_path, restarts=(UNIT,)), Report())
    assert settled(systemd).started == [UNIT]
    assert systemd.asked == [f"start {UNIT}"]


def test_a_held_unit_is_left_alone_and_remembered_until_it_is_its_machines_turn(
    tmp_path: Path,
) -> None:
    held = Unit(name=UNIT, held=True)
    systemd = Systemd(active=set())
    put(file(tmp_path, restarts=(UNIT,)), Report())
    assert settled(systemd, held) == Report(waiting=[UNIT])
    assert settled(systemd, held, turn=(UNIT,)).started == [UNIT]

    put(file(tmp_path, content=b"newer", restarts=(UNIT,)), Report())
    assert settled(systemd, held) == Report(waiting=[UNIT])
    assert settled(systemd, held) == Report(waiting=[UNIT])
    assert settled(systemd, held, turn=(UNIT,)).restarted == [UNIT]
    assert settled(systemd, held) == Report()


def test_a_unit_that_takes_turns_starts_at_once_and_restarts_when_it_is_its_turn(
    tmp_path: Path,
) -> None:
    in_turn = Unit(name=UNIT, in_turn=True)
    systemd = Systemd(active=set())
    put(file(tmp_path, restarts=(UNIT,)), Report())
    assert settled(systemd, in_turn).started == [UNIT]
    put(file(tmp_path, content=b"newer", restarts=(UNIT,)), Report())
    assert settled(systemd, in_turn).waiting == [UNIT]
    assert settled(systemd, in_turn, turn=(UNIT,)).restarted == [UNIT]


def test_a_service_stops_before_the_proxy_that_it_works_through_is_restarted(
    tmp_path: Path,
) -> None:
    units = (Unit(name="proxy.service", in_turn=True), Unit(name=UNIT, held=True))
    systemd = Systemd(active={"proxy.service", UNIT})
    put(file(tmp_path, restarts=("proxy.service",)), Report())
    assert settled(systemd, *units).waiting == ["proxy.service"]
    assert not systemd.asked
    settled(systemd, *units, turn=("proxy.service", UNIT))
    assert systemd.asked == [f"stop {UNIT}", "restart proxy.service", f"start {UNIT}"]


def test_on_a_machine_of_several_roles_a_turn_is_that_of_the_named_units_alone(
    tmp_path: Path,
) -> None:
    units = (Unit(name="patroni.service", in_turn=True), Unit(name=UNIT, held=True))
    systemd = Systemd(active={"patroni.service", UNIT})
    put(file(tmp_path, restarts=("patroni.service", UNIT)), Report())
    report = settled(systemd, *units, turn=(UNIT,))
    assert (report.restarted, report.waiting) == ([UNIT], ["patroni.service"])


def test_a_unit_whose_file_is_no_longer_wanted_stops_before_its_file_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply, "INSTALLED", tmp_path / "files.json")
    monkeypatch.setattr(apply, "UNIT_FOLDERS", (f"{tmp_path}/units/",))
    (tmp_path / "units").mkdir()
    unit = File(path=f"{tmp_path}/units/{UNIT}", content=b"[Service]")
    systemd = Systemd()
    put(unit, Report())
    remove_what_is_no_longer_ours((unit,), systemd, Report())
    report = Report()
    remove_what_is_no_longer_ours((), systemd, report)
    assert (report.stopped, report.removed) == ([UNIT], [unit.path])
    assert systemd.asked == [f"disable {UNIT}"]
    assert not Path(unit.path).exists()
    assert Pending.read().daemon


def test_a_file_that_is_as_wanted_is_left_alone_and_a_changed_mode_is_mended(
    tmp_path: Path,
) -> None:
    first, again, mended = Report(), Report(), Report()
    wanted = file(tmp_path)
    put(wanted, first)
    put(wanted, again)
    Path(wanted.path).chmod(0o600)
    put(wanted, mended)
    assert (first.files, again.files, mended.files) == ([wanted.path], [], [wanted.path])


def test_a_unit_that_takes_turns_is_started_but_not_restarted_here(tmp_path: Path) -> None:
    unit = Unit(name=UNIT, in_turn=True)
    systemd = Systemd(active=set())
    assert settled(systemd, unit).started == [UNIT]
    put(file(tmp_path, restarts=(UNIT,)), Report())
    assert settled(systemd, unit) == Report(waiting=[UNIT])
    assert systemd.asked == [f"start {UNIT}"]


def test_a_unit_waits_for_its_turn_until_it_has_had_it(tmp_path: Path) -> None:
    unit, systemd = Unit(name=UNIT, in_turn=True), Systemd()
    put(file(tmp_path, restarts=(UNIT,)), Report())
    assert settled(systemd, unit).waiting == [UNIT]
    assert settled(systemd, unit).waiting == [UNIT], "a run that died before the turn"
    assert apply.restart_in_turn(UNIT, systemd).restarted == [UNIT]
    assert settled(systemd, unit) == Report()


def test_a_turn_that_failed_is_still_owed(tmp_path: Path) -> None:
    unit, systemd = Unit(name=UNIT, in_turn=True), Systemd(refuses={UNIT})
    put(file(tmp_path, restarts=(UNIT,)), Report())
    settled(systemd, unit)
    assert apply.restart_in_turn(UNIT, systemd).failed == [UNIT]
    assert Pending.read().restarts == {UNIT}


def test_a_unit_that_takes_turns_is_reloaded_at_once(tmp_path: Path) -> None:
    systemd = Systemd()
    put(file(tmp_path, reloads=(UNIT,)), Report())
    assert settled(systemd, Unit(name=UNIT, in_turn=True)).reloaded == [UNIT]
