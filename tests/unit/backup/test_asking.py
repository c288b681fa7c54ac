"""What a backup machine is asked, as words on it."""

import json
from dataclasses import dataclass, field
from importlib.util import find_spec
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from standfast.core.command import Command, Result
from standfast.core.errors import CommandFailed
from standfast.mechanisms.backup.asking import Repository
from standfast.mechanisms.backup.chain import Leg, Run
from standfast.mechanisms.backup.shelf import Shelf
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Machine, Reach, Role

from .copies import at, copy

SHELF = Shelf(
    copies=(copy(),), legs=(Leg(timeline=1, begins=0),), commits={Run(first=1, last=2): at(9)}
)


@dataclass(slots=True)
class There:
    """Answers as a backup machine does; `unit` is what it shows of one, in turn."""

    ran: list[str] = field(default_factory=list)
    unit: list[str] = field(default_factory=list)
    complaint: str = ""

    def run(self, command: Command, *, check: bool = True) -> Result:
        words = command.argv[-1]
        self.ran.append(words)
        said = ""
        if "--property=Environment" in words:
            said = "PYTHONPATH=/opt/standfast/src PYTHONDONTWRITEBYTECODE=1\n"
        elif "--property=ActiveState" in words:
            said = self.unit.pop(0)
        elif words.endswith("backup.shelf"):
            said = SHELF.to_json()
        elif self.complaint:
            return Result(status=1, stdout=b"", stderr=self.complaint.encode())
        elif "receiver.look" in words:
            said = json.dumps({"received": "heard" in words, "found": "heard-1" in words})
        elif words.endswith("receiver.received"):
            said = "packed"
        return Result(status=0, stdout=said.encode(), stderr=b"")


def repository(there: There, folder: Path) -> Repository:
    machine = Machine(
        name="backup-1",
        roles=frozenset({Role.BACKUP}),
        address=IPv4Address("10.0.0.9"),
        reach=Reach(host="backup-1"),
    )
    return Repository(connection=Connection(machine=machine, runner=there, sockets=folder))


def test_the_shelf_is_asked_for_as_the_repositorys_own_user(tmp_path: Path) -> None:
    there = There()
    assert repository(there, tmp_path).shelf() == SHELF
    assert there.ran[-1] == (
        "runuser -u standfast-backup -- env PYTHONPATH=/opt/standfast/src "
        "PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m standfast.mechanisms.backup.shelf"
    )
    assert find_spec("standfast.mechanisms.backup.shelf"), "that is a module of ours"


def test_what_it_received_is_handed_over_and_an_older_release_has_none(tmp_path: Path) -> None:
    there = There()
    assert repository(there, tmp_path).received() == b"packed"
    assert find_spec(there.ran[-1].split()[-1]), "that is a module of ours"
    there.complaint = "/usr/bin/python3: No module named standfast.mechanisms.backup.receiver"
    assert repository(there, tmp_path).received() == b""
    there.complaint = "Permission denied"
    with pytest.raises(CommandFailed, match="Permission denied"):
        repository(there, tmp_path).received()


def test_a_word_is_heard_or_not_or_nothing_is_received(tmp_path: Path) -> None:
    asked = repository(There(), tmp_path)
    found = [asked.hears(word, 5) for word in ("heard-1", "heard-2", "another")]
    assert found == [True, False, None]


class Still:
    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        assert seconds > 0


def test_a_copy_is_ordered_without_waiting_for_it_and_looked_at_until_it_is_there(
    tmp_path: Path,
) -> None:
    shown = "ActiveState={}\nSubState={}\nResult=success\nInvocationID={}\n"
    states = [("inactive", "dead", "a"), ("activating", "start", "b"), ("inactive", "dead", "b")]
    there = There(unit=[shown.format(*each) for each in states])
    told: list[str] = []
    repository(there, tmp_path).take(Still(), told.append)
    assert there.ran[1] == "systemctl start --no-block standfast-backup.service"
    assert there.ran[0].startswith("systemctl show --property=ActiveState,SubState,Result")
    assert told == ["takes a copy … 0 s"]
