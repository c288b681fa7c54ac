"""Of two operators at two computers one is at work, and the other is told who."""

import os
import signal
from pathlib import Path

import pytest

from standfast.mechanisms.hosts import claim as module
from standfast.mechanisms.hosts.claim import claim


class Direct:
    """The way to a machine that is this computer: the same words, without ssh."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def words(self, *argv: str) -> tuple[str, ...]:
        return tuple(word.replace("/run/standfast-claim", f"{self.folder}/claim") for word in argv)


class Unreachable:
    def words(self, *argv: str) -> tuple[str, ...]:
        return ("false",)


@pytest.fixture
def machine(tmp_path: Path) -> Direct:
    return Direct(tmp_path)


def test_the_second_is_told_who_holds_it_until_the_first_lets_go(machine: Direct) -> None:
    first = claim(machine, "standfast up of anna at laptop")
    assert first.held
    second = claim(machine, "standfast deploy of ben at desk")
    assert (second.held, second.holder) == (False, "standfast up of anna at laptop")
    second.release()
    first.release()
    third = claim(machine, "standfast deploy of ben at desk")
    assert third.held
    third.release()


def test_what_a_killed_command_held_is_free(machine: Direct) -> None:
    """The kernel closes its end of the pipe: what ssh passes on is the end of standard input."""
    parent, child = os.pipe()
    holder = os.fork()
    if holder == 0:
        claim(machine, "standfast up of anna at laptop")
        os.write(child, b"held")
        signal.pause()
    assert os.read(parent, 4) == b"held"
    assert claim(machine, "ben").holder == "standfast up of anna at laptop"
    os.kill(holder, signal.SIGKILL)
    os.waitpid(holder, 0)
    again = claim(machine, "ben")
    while not again.held:  # the shell on the machine has yet to see the end
        again = claim(machine, "ben")
    again.release()


def test_a_machine_that_cannot_be_asked_is_nobodys() -> None:
    asked = claim(Unreachable(), "ben")
    assert (asked.held, asked.holder) == (False, "")
    asked.release()


def test_the_holder_is_written_as_data_and_never_run(machine: Direct) -> None:
    who = "$(touch pwned) `touch pwned` 'x'"
    first = claim(machine, who)
    assert claim(machine, "ben").holder == who
    first.release()
    assert "$1" in module.SCRIPT
