"""A copy that is ordered is waited for, whoever began it and however often it begins again."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from standfast.core.errors import CommandFailed, Unreachable
from standfast.mechanisms.backup.taking import Order, Phase, Unit, phase, read

IDLE = Unit(active="inactive", sub="dead", result="success", run="old")
COPYING = Unit(active="activating", sub="start", result="success", run="new")
DONE = Unit(active="inactive", sub="dead", result="success", run="new")


def again(run: str) -> Unit:
    return Unit(active="activating", sub="auto-restart", result="exit-code", run=run)


@dataclass(slots=True)
class Patient:
    seconds: float = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 25, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass(slots=True)
class Machine:
    """Shows its unit's states one after the other; the last one stays."""

    states: list[Unit]
    started: list[int] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    looks: int = 0

    def look(self) -> Unit:
        self.looks += 1
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]

    def start(self) -> None:
        self.started.append(self.looks)

    def order(self) -> Order:
        return Order(
            machine="backup-1",
            start=self.start,
            look=self.look,
            clock=Patient(),
            tell=self.told.append,
        )


def test_what_systemctl_shows_is_read() -> None:
    shown = "Result=exit-code\nActiveState=activating\nSubState=auto-restart\nInvocationID=a1\n"
    assert read(shown) == again("a1")
    assert read("ActiveState=inactive\nSubState=dead\nResult=success\nInvocationID=\n").run == ""


def test_the_copy_that_was_taken_hours_ago_is_not_taken_for_the_one_that_was_ordered() -> None:
    assert phase(IDLE, IDLE) is Phase.NOT_YET
    assert phase(IDLE, COPYING) is Phase.COPYING
    assert phase(IDLE, DONE) is Phase.DONE


def test_one_that_was_under_way_counts() -> None:
    assert phase(COPYING, DONE) is Phase.DONE
    assert phase(COPYING, COPYING) is Phase.COPYING


def test_a_run_that_did_not_end_well_is_no_copy() -> None:
    stopped = Unit(active="failed", sub="failed", result="timeout", run="new")
    assert phase(IDLE, stopped) is Phase.FAILED
    signalled = Unit(active="inactive", sub="dead", result="signal", run="new")
    assert phase(IDLE, signalled) is Phase.FAILED


def test_it_is_started_once_after_a_first_look_and_waited_for() -> None:
    machine = Machine([IDLE, IDLE, COPYING, COPYING, DONE])
    machine.order().carry_out()
    assert machine.started == [1]
    assert machine.told == [
        "is about to begin … 0 s",
        "takes a copy … 1 s",
        "takes a copy … 2 s",
    ]


def test_an_attempt_that_fails_is_begun_again_and_the_next_one_counts() -> None:
    twice = [COPYING, again("new"), again("new"), COPYING, again("newer")]
    machine = Machine([IDLE, *twice, COPYING, DONE])
    machine.order().carry_out()
    assert machine.told.count(Phase.AGAIN) == 3


def test_after_three_failed_attempts_somebody_is_told() -> None:
    states: list[Unit] = [IDLE]
    for run in "abc":
        states += [COPYING, again(run)]
    with pytest.raises(CommandFailed, match="took no copy: 3 attempts failed") as failed:
        Machine(states).order().carry_out()
    assert failed.value.remedy == "standfast logs backup-1 --unit standfast-backup.service"


def test_one_that_never_ends_is_not_waited_for_for_ever() -> None:
    def endless() -> Iterator[Unit]:
        while True:
            yield COPYING

    looks = endless()
    order = Order(
        machine="backup-1",
        start=lambda: None,
        look=lambda: next(looks),
        clock=Patient(),
        tell=lambda _: None,
    )
    with pytest.raises(Unreachable, match="has not ended its copy within 13 h"):
        order.carry_out()


def test_a_run_that_is_stopped_by_hand_is_told_with_its_result() -> None:
    stopped = Unit(active="failed", sub="failed", result="signal", run="new")
    with pytest.raises(CommandFailed, match="it ended with signal"):
        Machine([IDLE, COPYING, stopped]).order().carry_out()
