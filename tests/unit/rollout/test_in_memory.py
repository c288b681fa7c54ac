"""Our program runs where none of it is, and leaves nothing there."""

import json
import os
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from standfast.config import PROJECT
from standfast.core.command import Command, Result, SystemRunner
from standfast.mechanisms.hosts.bundle import Bundle, File
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Machine, Reach, Role
from standfast.mechanisms.rollout import in_memory


@dataclass
class Here:
    """SSH that leads to this computer: the words behind `--` are run as they are, elsewhere."""

    folder: Path

    def run(self, command: Command, *, check: bool = True) -> Result:
        remote = ("sh", "-c", f"cd {self.folder} && exec {command.argv[-1]}")
        bare = {"PYTHONPATH": "", "PATH": os.environ["PATH"]}
        here = Command(argv=remote, stdin=command.stdin, environment=bare)
        return SystemRunner().run(here, check=check)


def test_it_reads_its_standard_input_behind_its_own_source(tmp_path: Path) -> None:
    machine = Machine(
        name="web-1",
        roles=frozenset({Role.WEB}),
        address=IPv4Address("10.0.0.11"),
        reach=Reach(host="a"),
    )
    connection = Connection(machine=machine, runner=Here(folder=tmp_path), sockets=tmp_path)
    path = tmp_path / "there"
    path.write_text("as planned")
    bundle = Bundle(
        machine="web-1",
        files=(File(path=str(path), content=b"as planned"), File(path="/nowhere", content=b"")),
        units=(),
        users=(),
        folders=(),
        packages=(),
    )
    source = PROJECT / "src" / "standfast"
    said = json.loads(in_memory.ask(connection, source, ("inventory",), bundle.to_json()))
    assert said["files"][str(path)]["same"]
    assert said["files"]["/nowhere"] is None
    assert [each.name for each in tmp_path.iterdir()] == ["there"]
