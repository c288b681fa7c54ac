"""Plant a declared fault, and take it away: how a proof is seen red.

A fault is data: a room's plan puts /etc/standfast/faults/NAME.json on the machine. It is either a
unit and the environment under which that unit does wrong, or a command that plants and one that
removes, both safe to repeat. Nothing that is not declared can be planted.

Invariant: while a fault can be seen, or would be after a restart of its unit or of the machine, its
lease is armed, or the machine is off and takes the fault away as it starts. Planting arms the
lease first; removing disarms it last, so a lease that is armed without a fault to be seen means
that a removal was cut off, and it is finished before anything else. After a death at any step
the lease takes the fault away, and `remove` does so at once.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from standfast.core.command import Command, Runner
from standfast.core.errors import Refused, StandfastError
from standfast.core.files import write_atomically
from standfast.mechanisms.hosts.agent import lease
from standfast.mechanisms.hosts.names import FAULTS

LEASE_LIMIT_S = 900
"""Longer than a drill with its preparations takes; the most that a fault outlives its planter."""

NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    name: str
    unit: str
    environment: Mapping[str, str]

    def declaration(self) -> bytes:
        """What a room puts at FAULTS/NAME.json."""
        document = {"unit": self.unit, "environment": dict(self.environment)}
        return json.dumps(document, indent=2, sort_keys=True).encode() + b"\n"

    def drop_in(self) -> bytes:
        """systemd.exec(5). The first line ends with the fault's name (`lease.carried`)."""
        lines = "".join(
            f'Environment="{name}={escaped(value)}"\n'
            for name, value in sorted(self.environment.items())
        )
        return (
            f"# Planted by Standfast until its lease ends: {self.name}\n[Service]\n{lines}".encode()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandFault:
    """`plant` and `remove` are run as root, without a shell, on every machine of the role; both
    must be safe to repeat, and `remove` may run while the machine is starting."""

    name: str
    plant: tuple[str, ...]
    remove: tuple[str, ...]

    def declaration(self) -> bytes:
        """What a room puts at FAULTS/NAME.json."""
        document = {"plant": list(self.plant), "remove": list(self.remove)}
        return json.dumps(document, indent=2, sort_keys=True).encode() + b"\n"


AnyFault = Fault | CommandFault


def by_words(
    name: str, source: str, module: str, plant: str, remove: str, *about: str
) -> CommandFault:
    """A fault that a module of ours plants and removes on the machine, each told by a word, and
    both what it is about. `source`: the folder of our own source there."""
    python = ("/usr/bin/env", f"PYTHONPATH={source}", "PYTHONDONTWRITEBYTECODE=1")
    words = (*python, "/usr/bin/python3", "-m", module)
    return CommandFault(name=name, plant=(*words, plant, *about), remove=(*words, remove, *about))


def escaped(value: str) -> str:
    """For a quoted Environment= (systemd.syntax(7), systemd.unit(5)): `%` begins a specifier."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """`declared`, `drop_ins` and `marks` are folders. One change at a time: the lock."""

    runner: Runner
    declared: Path = Path(FAULTS)
    drop_ins: Path = lease.DROP_INS
    marks: Path = lease.MARKS
    lock: Lock = field(default_factory=Lock)

    def plant(self, fault: Any, lease_s: Any) -> dict[str, Any]:
        chosen, seconds = self._find(fault), checked(lease_s)
        with self.lock:
            self._refuse_a_second(chosen)
            if lease.is_armed(chosen.name, self.runner):
                self._take_away(chosen)
            self._arm(chosen, seconds)
            try:
                self._put(chosen)
                if not lease.is_armed(chosen.name, self.runner):
                    raise Refused(
                        f"the lease of {seconds:g} s ended before the fault was planted",
                        remedy="Ask for a longer one.",
                    )
            except StandfastError:
                self._take_away(chosen)
                raise
        return {"fault": chosen.name, "lease_s": seconds}

    def remove(self, fault: Any) -> dict[str, Any]:
        """Safe to repeat: a fault that is not there disturbs nobody."""
        chosen = self._find(fault)
        with self.lock:
            present = self._is_present(chosen)
            if present:
                self._take_away(chosen)
        return {"fault": chosen.name, "removed": present}

    def planted(self) -> dict[str, Any]:
        names = sorted(path.stem for path in self.declared.glob("*.json"))
        return {"planted": [name for name in names if self._is_present(self._find(name))]}

    def _refuse_a_second(self, fault: AnyFault) -> None:
        match fault:
            case Fault():
                found = lease.carried(lease.drop_in(fault.unit, self.drop_ins))
                where = fault.unit
            case CommandFault():
                found = fault.name if lease.mark(fault.name, self.marks).exists() else None
                where = "this machine"
        if found is not None:
            raise Refused(
                f"{where} carries the fault {found} already", remedy=f"Remove {found} first."
            )

    def _arm(self, fault: AnyFault, seconds: float) -> None:
        match fault:
            case Fault():
                self.runner.run(lease.arm(fault.name, seconds, fault.unit))
            case CommandFault():
                self.runner.run(lease.arm(fault.name, seconds, *lease.undoing(fault.remove)))

    def _put(self, fault: AnyFault) -> None:
        match fault:
            case Fault():
                path = lease.drop_in(fault.unit, self.drop_ins)
                path.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(path, fault.drop_in())
                self.runner.run(Command(argv=("systemctl", "daemon-reload")))
                self.runner.run(Command(argv=("systemctl", "restart", fault.unit)))
            case CommandFault():
                self.marks.mkdir(parents=True, exist_ok=True)
                write_atomically(lease.mark(fault.name, self.marks), lease.marking(fault.remove))
                self.runner.run(lease.outside(fault.plant))

    def _is_present(self, fault: AnyFault) -> bool:
        """Or half removed: a lease is disarmed last."""
        match fault:
            case Fault():
                found = lease.carried(lease.drop_in(fault.unit, self.drop_ins)) == fault.name
            case CommandFault():
                found = lease.mark(fault.name, self.marks).exists()
        return found or lease.is_armed(fault.name, self.runner)

    def _take_away(self, fault: AnyFault) -> None:
        match fault:
            case Fault():
                lease.lift(fault.unit, fault.name, self.runner, self.drop_ins)
            case CommandFault():
                lease.undo(fault.name, fault.remove, self.runner, self.marks)
        self.runner.run(lease.disarm(fault.name), check=False)

    def _find(self, name: Any) -> AnyFault:
        path = self.declared / f"{name}.json"
        if not isinstance(name, str) or not NAME.fullmatch(name) or not path.is_file():
            known = ", ".join(sorted(each.stem for each in self.declared.glob("*.json")))
            raise Refused(
                f"no fault {str(name)[:40]!r} is declared here",
                remedy=f"Declared are: {known}." if known else "None is declared on this machine.",
            )
        said = json.loads(path.read_text())
        if "plant" in said:
            return CommandFault(name=name, plant=tuple(said["plant"]), remove=tuple(said["remove"]))
        return Fault(name=name, unit=said["unit"], environment=said["environment"])


def checked(lease_s: Any) -> float:
    is_number = isinstance(lease_s, int | float) and not isinstance(lease_s, bool)
    if not is_number or not 1 <= lease_s <= LEASE_LIMIT_S:
        raise Refused(
            f"a lease of {str(lease_s)[:40]} is not to be had",
            remedy=f"Take a number of seconds from 1 to {LEASE_LIMIT_S}.",
        )
    return float(lease_s)
