"""The site on a port of this computer's loopback: the relay, and which edges it leads to."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from standfast.core.clock import Clock
from standfast.core.command import Runner
from standfast.core.files import write_atomically
from standfast.mechanisms.hosts.local import relay
from standfast.mechanisms.hosts.local.names import Names, namespace_path
from standfast.mechanisms.hosts.local.place import Place, forget, spawn
from standfast.mechanisms.hosts.machine import Folders, Machine

NAME = "relay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    folders: Folders
    names: Names
    runner: Runner
    clock: Clock

    def is_up(self) -> bool:
        return self._place.group.is_populated()

    def up(self, port: int, edges: Iterable[Machine]) -> None:
        """From now on new connections lead to these. One of another release is started anew."""
        self.lead_to(edges)
        target = (namespace_path(self.names.vantage), "443", str(self._edges))
        argv = ("/usr/bin/python3", "-I", relay.__file__, str(port), *target)
        if self.is_up():
            if any(command_line(pid) == argv for pid in self._place.group.processes()):
                return
            self.stop()
        forget(self._place, self.runner)
        spawn(self._place, argv, log=self.folders.home / "relay.log", runner=self.runner)

    def lead_to(self, edges: Iterable[Machine]) -> None:
        lines = "".join(f"{edge.public}\n" for edge in edges)
        write_atomically(self._edges, lines.encode())

    def stop(self) -> None:
        self._place.group.kill()
        self._place.group.wait_until_empty(self.clock)
        forget(self._place, self.runner)

    @property
    def _edges(self) -> Path:
        return self.folders.home / "edges"

    @property
    def _place(self) -> Place:
        return Place(site=self.folders.site, name=NAME)


def command_line(pid: int) -> tuple[str, ...]:
    """Of a process; empty for one that ended meanwhile."""
    try:
        return tuple(Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0"))
    except OSError:
        return ()
