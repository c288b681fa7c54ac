"""A fault that a command plants outlives neither its lease nor a restart of its machine."""

import json
from collections.abc import Iterator
from contextlib import suppress
from itertools import count, product
from pathlib import Path

import pytest

from standfast.core.command import Command, Result
from standfast.core.errors import CommandFailed, Refused
from standfast.mechanisms.hosts.agent import lease
from standfast.mechanisms.hosts.agent.faults import CommandFault, Faults

PAUSE = CommandFault(
    name="nobody-takes-over",
    plant=("/usr/bin/cluster", "pause"),
    remove=("/usr/bin/cluster", "resume"),
)


class DeathError(Exception):
    """The agent is killed."""


class SmallMachine:
    """Runs the two commands of one fault, and timers. `dies_at` counts commands and is killed
    before or after the command of that number. `stubborn`: the removing command fails."""

    def __init__(self, marks: Path) -> None:
        self.marks = marks
        self.paused = False
        self.timers: dict[str, Command] = {}
        self.ran: list[str] = []
        self.stubborn = False
        self.fails_to_plant = False
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
            case ("systemd-run", *_, "--", "/usr/bin/cluster", word):
                self.ran.append(word)
                if word == "resume" and self.stubborn:
                    return 1, ""
                self.paused = word == "pause"
                return int(self.fails_to_plant and word == "pause"), ""
            case ("systemctl", "is-active", timer, _):
                return 0, f"{'active' if timer in self.timers else 'inactive'}\ninactive\n"
            case ("systemctl", "stop", timer, _):
                self.timers.pop(timer, None)
            case ("systemd-run", *words):
                name = next(word for word in words if word.startswith("--unit=")).split("=")[1]
                if f"{name}.timer" in self.timers:
                    return 1, "Unit was already loaded"
                self.timers[f"{name}.timer"] = command
        return 0, ""

    def let_leases_end(self) -> None:
        for command in self.timers.values():
            words = command.argv[command.argv.index(lease.__name__) + 1 :]
            lease.main(words, self, marks=self.marks)
        self.timers.clear()

    def lose_power_and_start(self) -> None:
        """What the command has done is kept elsewhere, as a setting of a cluster is."""
        self.timers.clear()
        lease.main(["--left-over"], self, marks=self.marks)


@pytest.fixture
def machine(tmp_path: Path) -> SmallMachine:
    return SmallMachine(tmp_path / "marks")


@pytest.fixture
def faults(tmp_path: Path, machine: SmallMachine) -> Faults:
    declared = tmp_path / "declared"
    declared.mkdir()
    (declared / f"{PAUSE.name}.json").write_bytes(PAUSE.declaration())
    return Faults(runner=machine, declared=declared, marks=machine.marks)


def test_planting_and_removing_run_the_declared_commands(
    faults: Faults, machine: SmallMachine
) -> None:
    assert faults.plant(PAUSE.name, 60) == {"fault": PAUSE.name, "lease_s": 60}
    assert machine.paused
    assert faults.planted() == {"planted": [PAUSE.name]}
    assert faults.remove(PAUSE.name) == {"fault": PAUSE.name, "removed": True}
    assert (machine.paused, machine.timers, machine.ran) == (False, {}, ["pause", "resume"])
    assert faults.remove(PAUSE.name) == {"fault": PAUSE.name, "removed": False}
    assert machine.ran == ["pause", "resume"]


def test_a_second_planting_is_refused_and_the_first_stays(
    faults: Faults, machine: SmallMachine
) -> None:
    faults.plant(PAUSE.name, 60)
    with pytest.raises(Refused, match="carries the fault nobody-takes-over already"):
        faults.plant(PAUSE.name, 60)
    assert machine.paused


def test_it_goes_by_itself_when_its_lease_ends(faults: Faults, machine: SmallMachine) -> None:
    faults.plant(PAUSE.name, 60)
    machine.let_leases_end()
    assert not machine.paused
    assert faults.planted() == {"planted": []}


def test_a_machine_that_lost_its_power_takes_it_away_as_it_starts(
    faults: Faults, machine: SmallMachine
) -> None:
    faults.plant(PAUSE.name, 60)
    machine.lose_power_and_start()
    assert not machine.paused
    assert faults.planted() == {"planted": []}


def test_a_removal_that_fails_leaves_the_lease_to_try_again(
    faults: Faults, machine: SmallMachine
) -> None:
    faults.plant(PAUSE.name, 60)
    machine.stubborn = True
    with pytest.raises(CommandFailed):
        faults.remove(PAUSE.name)
    assert machine.timers
    assert faults.planted() == {"planted": [PAUSE.name]}
    machine.stubborn = False
    machine.let_leases_end()
    assert not machine.paused


def test_a_command_that_fails_to_plant_is_undone_at_once(
    faults: Faults, machine: SmallMachine
) -> None:
    machine.fails_to_plant = True
    with pytest.raises(CommandFailed):
        faults.plant(PAUSE.name, 60)
    assert (machine.paused, machine.timers) == (False, {})
    assert not list(machine.marks.glob("*"))


def test_a_declaration_is_what_the_agent_reads() -> None:
    assert json.loads(PAUSE.declaration()) == {
        "plant": ["/usr/bin/cluster", "pause"],
        "remove": ["/usr/bin/cluster", "resume"],
    }


def deaths() -> Iterator[tuple[int, bool]]:
    return ((at, after) for at in count(1) for after in (False, True))


def dies(faults: Faults, machine: SmallMachine, act: str, at: int, *, after: bool) -> bool:
    """Do it, killed at that command. False if it ended before."""
    machine.dies_at, machine.dies_after = machine.commands + at, after
    try:
        with suppress(Refused):
            faults.plant(PAUSE.name, 60) if act == "plant" else faults.remove(PAUSE.name)
    except DeathError:
        return True
    finally:
        machine.dies_at = -1
    return False


def prefixes(faults: Faults, machine: SmallMachine) -> Iterator[str]:
    """Every state in which a first act and then a second one were cut off."""
    for begun, first, second in product(("sound", "planted"), ("plant", "remove"), ("remove",)):
        for one, one_after in deaths():
            for two, two_after in deaths():
                faults.remove(PAUSE.name)
                if begun == "planted":
                    faults.plant(PAUSE.name, 60)
                again = dies(faults, machine, first, one, after=one_after)
                inner = dies(faults, machine, second, two, after=two_after)
                yield f"{begun}, {first} until {one}, {second} until {two}"
                if not inner:
                    break
            if not again:
                break


def test_cut_off_anywhere_the_lease_takes_it_away(faults: Faults, machine: SmallMachine) -> None:
    seen = 0
    for where in prefixes(faults, machine):
        seen += 1
        if machine.paused:
            assert machine.timers, where
            assert list(machine.marks.glob("*")), where
        machine.let_leases_end()
        assert not machine.paused, where
    assert seen > 50


def test_cut_off_anywhere_a_restart_takes_it_away(faults: Faults, machine: SmallMachine) -> None:
    for where in prefixes(faults, machine):
        machine.lose_power_and_start()
        assert not machine.paused, where
        assert faults.planted() == {"planted": []}, where
