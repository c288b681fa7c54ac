"""The lease of a planted fault: a timer of systemd's own that takes it away.

It knows the fault by name, and how to undo it, and needs no declaration, no agent and no operator,
so it works when all of them are gone. What it starts is this file, and systemd starts it again
until it has succeeded:

    python3 -m standfast.mechanisms.hosts.agent.lease FAULT UNIT
    python3 -m standfast.mechanisms.hosts.agent.lease FAULT --undo COMMAND…
    python3 -m standfast.mechanisms.hosts.agent.lease --left-over

The last one is for a machine that starts: a timer and a drop-in are gone then, what a command has
done may not be, so its mark lies where it outlives a restart.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import standfast
from standfast.core.command import Command, Runner, SystemRunner

DROP_INS = Path("/run/systemd/system")
"""Gone after a restart of the machine, and so is every fault of this kind."""

MARKS = Path("/var/lib/standfast-faults")
"""One file for each planted fault that a command removes: that command."""


RETRY_S = 2


def name(fault: str) -> str:
    return f"standfast-fault-{fault}"


def arm(fault: str, lease_s: float, *how: str) -> Command:
    """systemd-run(1). A timer's own default is to be a minute late."""
    source = Path(standfast.__file__).resolve().parents[1]
    return Command(
        argv=(
            *("systemd-run", "--quiet", "--collect", f"--unit={name(fault)}"),
            *(f"--on-active={lease_s:g}s", "--timer-property=AccuracySec=100ms"),
            *("--property=Restart=on-failure", f"--property=RestartSec={RETRY_S}s"),
            "--property=StartLimitIntervalSec=0",
            *(f"--setenv=PYTHONPATH={source}", "--setenv=PYTHONDONTWRITEBYTECODE=1"),
            *("/usr/bin/python3", "-m", "standfast.mechanisms.hosts.agent.lease", fault, *how),
        )
    )


def undoing(remove: Sequence[str]) -> tuple[str, ...]:
    return ("--undo", *remove)


def disarm(fault: str) -> Command:
    return Command(argv=("systemctl", "stop", f"{name(fault)}.timer", f"{name(fault)}.service"))


def outside(argv: Sequence[str]) -> Command:
    """Run by systemd and waited for: what the agent starts itself lives in the agent's sandbox."""
    return Command(argv=("systemd-run", "--quiet", "--collect", "--wait", "--pipe", "--", *argv))


def is_armed(fault: str, runner: Runner) -> bool:
    """Whether it waits, or is just at work."""
    units = (f"{name(fault)}.timer", f"{name(fault)}.service")
    states = runner.run(Command(argv=("systemctl", "is-active", *units)), check=False).text.split()
    return not {"active", "activating"}.isdisjoint(states)


def drop_in(unit: str, folder: Path) -> Path:
    """One for a unit, so it carries one fault at a time."""
    return folder / f"{unit}.d" / "standfast-fault.conf"


def carried(path: Path) -> str | None:
    """The fault that a drop-in plants: the last word of its first line."""
    try:
        return path.read_text().splitlines()[0].split()[-1]
    except FileNotFoundError:
        return None


def mark(fault: str, folder: Path) -> Path:
    return folder / f"{fault}.json"


def marking(remove: Sequence[str]) -> bytes:
    return json.dumps({"remove": list(remove)}).encode()


def lift(unit: str, fault: str, runner: Runner, folder: Path = DROP_INS) -> None:
    """Take the fault away, as often as one likes."""
    path = drop_in(unit, folder)
    if carried(path) == fault:
        path.unlink(missing_ok=True)
    runner.run(Command(argv=("systemctl", "daemon-reload")))
    runner.run(Command(argv=("systemctl", "restart", unit)))


def undo(fault: str, remove: Sequence[str], runner: Runner, folder: Path = MARKS) -> None:
    """The same for a fault that a command removes. The mark goes last: it says what is left."""
    runner.run(outside(remove))
    mark(fault, folder).unlink(missing_ok=True)


def undo_left_over(runner: Runner, folder: Path = MARKS) -> None:
    """One that fails stops the rest: systemd begins again with all that are left."""
    for path in sorted(folder.glob("*.json")):
        undo(path.stem, json.loads(path.read_text())["remove"], runner, folder)


def main(
    words: Sequence[str], runner: Runner, *, drop_ins: Path = DROP_INS, marks: Path = MARKS
) -> None:
    match list(words):
        case ["--left-over"]:
            undo_left_over(runner, marks)
        case [fault, "--undo", *remove]:
            undo(fault, remove, runner, marks)
        case [fault, unit]:
            lift(unit, fault, runner, drop_ins)


if __name__ == "__main__":
    main(sys.argv[1:], SystemRunner())
