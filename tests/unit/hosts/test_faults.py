"""A planted fault never outlives its lease, wherever planting or removing was cut off."""

import json
from collections.abc import Iterator
from contextlib import suppress
from itertools import count, product
from pathlib import Path
from typing import Any

import pytest

from standfast.core.command import Command, Result
from standfast.core.errors import CommandFailed, Refused
from standfast.mechanisms.hosts.agent import lease
from standfast.mechanisms.hosts.agent.faults import LEASE_LIMIT_S, Fault, Faults

UNIT = "haproxy.service"
BLIND = Fault(name="blind-edge", unit=UNIT, environment={"CONFIG": "/etc/standfast/blind.cfg"})


class DeathError(Exception):
    """The agent is killed."""


class SmallSystemd:
    """Knows one unit, its drop-in as of the last reload, and timers. `dies_at` counts commands
    and is killed before or after the command of that number; `broken`: the unit does not start with
    the fault; `slow`: a lease has ended by the time anybody looks."""

    def __init__(self, folder: Path) -> None:
        self.drop_in = lease.drop_in(UNIT, folder)
        self.loaded = ""
        self.running = ""
        self.timers: dict[str, Command] = {}
        self.restarts = 0
        self.broken = False
        self.slow = False
        self.commands = 0
        self.dies_at = -1
        self.dies_after = False

    def run(self, command: Command, *, check: bool = True) -> Result:
        self.commands += 1
        dies = self.commands == self.dies_at
        if dies and not self.dies_after:
            raise DeathError
        status, text = self.does(command)
        if dies:
            raise DeathError
        if check and status:
            raise CommandFailed(f"{command} failed")
        return Result(status=status, stdout=text.encode(), stderr=b"")

    def does(self, command: Command) -> tuple[int, str]:
        match command.argv:
            case ("systemctl", "daemon-reload"):
                self.loaded = self.drop_in.read_text() if self.drop_in.exists() else ""
            case ("systemctl", "restart", unit):
                assert unit == UNIT
                self.restarts += 1
                if self.broken and self.loaded:
                    return 1, ""
                self.running = self.loaded
            case ("systemctl", "is-active", timer, _):
                return 0, f"{'active' if timer in self.timers else 'inactive'}\ninactive\n"
            case ("systemctl", "stop", timer, _):
                self.timers.pop(timer, None)
            case ("systemd-run", *words):
                name = next(word for word in words if word.startswith("--unit=")).split("=")[1]
                if f"{name}.timer" in self.timers:
                    return 1, "Unit was already loaded"
                if not self.slow:
                    self.timers[f"{name}.timer"] = command
        return 0, ""

    def let_leases_end(self, folder: Path) -> None:
        """What each timer starts: the module of that name with the words after it."""
        for command in self.timers.values():
            words = command.argv[command.argv.index(lease.__name__) + 1 :]
            lease.main(words, self, drop_ins=folder, marks=folder / "marks")
        self.timers.clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "declared").mkdir()
    (tmp_path / "declared" / "blind-edge.json").write_bytes(BLIND.declaration())
    return tmp_path / "run"


@pytest.fixture
def systemd(folder: Path) -> SmallSystemd:
    return SmallSystemd(folder)


@pytest.fixture
def faults(folder: Path, systemd: SmallSystemd) -> Faults:
    return Faults(runner=systemd, declared=folder.parent / "declared", drop_ins=folder)


def test_planting_restarts_the_unit_under_the_declared_environment(
    faults: Faults, systemd: SmallSystemd
) -> None:
    assert faults.plant("blind-edge", 60) == {"fault": "blind-edge", "lease_s": 60}
    assert systemd.running.splitlines()[1:] == [
        "[Service]",
        'Environment="CONFIG=/etc/standfast/blind.cfg"',
    ]
    assert "--on-active=60s" in systemd.timers["standfast-fault-blind-edge.timer"].argv
    assert faults.planted() == {"planted": ["blind-edge"]}


def test_removing_undoes_it_and_a_second_time_disturbs_nobody(
    faults: Faults, systemd: SmallSystemd
) -> None:
    faults.plant("blind-edge", 60)
    assert faults.remove("blind-edge") == {"fault": "blind-edge", "removed": True}
    assert (systemd.running, systemd.timers, systemd.restarts) == ("", {}, 2)
    assert faults.remove("blind-edge") == {"fault": "blind-edge", "removed": False}
    assert systemd.restarts == 2
    assert faults.planted() == {"planted": []}


def test_a_fault_goes_by_itself_when_its_lease_ends(
    faults: Faults, systemd: SmallSystemd, folder: Path
) -> None:
    faults.plant("blind-edge", 60)
    systemd.let_leases_end(folder)
    assert systemd.running == ""
    assert faults.planted() == {"planted": []}


def test_a_second_fault_on_a_unit_is_refused_and_the_first_stays(
    faults: Faults, systemd: SmallSystemd
) -> None:
    other = Fault(name="deaf-edge", unit=UNIT, environment={"CONFIG": "/elsewhere"})
    (faults.declared / "deaf-edge.json").write_bytes(other.declaration())
    faults.plant("blind-edge", 60)
    for name in ("deaf-edge", "blind-edge"):
        with pytest.raises(Refused, match="carries the fault blind-edge already"):
            faults.plant(name, 60)
    assert faults.remove("deaf-edge")["removed"] is False
    assert faults.planted() == {"planted": ["blind-edge"]}
    assert "blind.cfg" in systemd.running


@pytest.mark.parametrize("name", ["no-such-fault", "../declared/blind-edge", "", 7, None])
def test_what_is_not_declared_is_refused(
    faults: Faults, systemd: SmallSystemd, name: object
) -> None:
    for ask in (lambda: faults.plant(name, 60), lambda: faults.remove(name)):
        with pytest.raises(Refused, match="is declared here"):
            ask()
    assert systemd.commands == 0


@pytest.mark.parametrize("lease_s", [0, -1, LEASE_LIMIT_S + 1, float("nan"), True, "60", None])
def test_a_lease_has_an_end_that_is_near(
    faults: Faults, systemd: SmallSystemd, lease_s: object
) -> None:
    with pytest.raises(Refused, match="a lease of"):
        faults.plant("blind-edge", lease_s)
    assert systemd.commands == 0


def test_a_unit_that_does_not_start_with_its_fault_is_put_right_at_once(
    faults: Faults, systemd: SmallSystemd
) -> None:
    systemd.broken = True
    with pytest.raises(CommandFailed):
        faults.plant("blind-edge", 60)
    assert (systemd.running, systemd.loaded, systemd.timers) == ("", "", {})
    assert not systemd.drop_in.exists()


def test_a_lease_that_ended_before_the_unit_was_restarted_leaves_no_fault(
    faults: Faults, systemd: SmallSystemd
) -> None:
    systemd.slow = True
    with pytest.raises(Refused, match="ended before the fault was planted"):
        faults.plant("blind-edge", 1)
    assert (systemd.running, systemd.loaded, systemd.drop_in.exists()) == ("", "", False)


def test_values_are_quoted_for_systemd() -> None:
    odd = Fault(name="odd", unit=UNIT, environment={"OPTIONS": 'a "b" 50% \\ c'})
    assert b'Environment="OPTIONS=a \\"b\\" 50%% \\\\ c"\n' in odd.drop_in()


def test_a_declaration_is_what_the_daemon_reads() -> None:
    said: dict[str, Any] = json.loads(BLIND.declaration())
    assert said == {"unit": UNIT, "environment": {"CONFIG": "/etc/standfast/blind.cfg"}}


ACTS = ("plant", "remove")


def deaths() -> Iterator[tuple[int, bool]]:
    return ((at, after) for at in count(1) for after in (False, True))


def dies(faults: Faults, systemd: SmallSystemd, act: str, at: int, *, after: bool) -> bool:
    """Do it, killed at that command. False if it ended before."""
    systemd.dies_at, systemd.dies_after = systemd.commands + at, after
    try:
        with suppress(Refused):
            faults.plant("blind-edge", 60) if act == "plant" else faults.remove("blind-edge")
    except DeathError:
        return True
    finally:
        systemd.dies_at = -1
    return False


def prefixes(faults: Faults, systemd: SmallSystemd) -> Iterator[str]:
    """Every state in which a first act and then a second one were cut off, from a unit that
    carries the fault and from one that does not."""
    for begun, first, second in product(("sound", "planted"), ACTS, ACTS):
        for one, one_after in deaths():
            for two, two_after in deaths():
                faults.remove("blind-edge")
                if begun == "planted":
                    faults.plant("blind-edge", 60)
                again = dies(faults, systemd, first, one, after=one_after)
                inner = dies(faults, systemd, second, two, after=two_after)
                yield f"{begun}, {first} until {one}, {second} until {two}"
                if not inner:
                    break
            if not again:
                break


def test_cut_off_anywhere_a_fault_has_its_lease_and_the_lease_takes_it_away(
    faults: Faults, systemd: SmallSystemd, folder: Path
) -> None:
    seen = 0
    for where in prefixes(faults, systemd):
        seen += 1
        if systemd.running or systemd.loaded or systemd.drop_in.exists():
            assert systemd.timers, where
        systemd.let_leases_end(folder)
        assert (systemd.running, systemd.drop_in.exists()) == ("", False), where
    assert seen > 200


def test_cut_off_anywhere_a_removal_puts_it_right(faults: Faults, systemd: SmallSystemd) -> None:
    for where in prefixes(faults, systemd):
        faults.remove("blind-edge")
        assert (systemd.running, systemd.drop_in.exists()) == ("", False), where
        assert faults.planted() == {"planted": []}, where
