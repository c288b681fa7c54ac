"""The lease of a planted fault: a timer of systemd's own that takes it away.

It knows the unit and the fault by name and needs no declaration, no agent and no operator, so it
works when all of them are gone. What it starts is this file, and systemd starts it again until it
has succeeded:

    python3 -m standfast.mechanisms.hosts.agent.lease UNIT FAULT
"""

import sys
from pathlib import Path

import standfast
from standfast.core.command import Command, Runner, SystemRunner

DROP_INS = Path("/run/systemd/system")
"""Gone after a restart of the machine, and so is every fault."""

RETRY_S = 2


def name(fault: str) -> str:
    return f"standfast-fault-{fault}"


def arm(unit: str, fault: str, lease_s: float) -> Command:
    """systemd-run(1). A timer's own default is to be a minute late."""
    source = Path(standfast.__file__).resolve().parents[1]
    return Command(
        argv=(
            *("systemd-run", "--quiet", "--collect", f"--unit={name(fault)}"),
            *(f"--on-active={lease_s:g}s", "--timer-property=AccuracySec=100ms"),
            *("--property=Restart=on-failure", f"--property=RestartSec={RETRY_S}s"),
            "--property=StartLimitIntervalSec=0",
            *(f"--setenv=PYTHONPATH={source}", "--setenv=PYTHONDONTWRITEBYTECODE=1"),
            *("/usr/bin/python3", "-m", "standfast.mechanisms.hosts.agent.lease", unit, fault),
        )
    )


def disarm(fault: str) -> Command:
    return Command(argv=("systemctl", "stop", f"{name(fault)}.timer", f"{name(fault)}.service"))


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


def lift(unit: str, fault: str, runner: Runner, folder: Path = DROP_INS) -> None:
    """Take the fault away, as often as one likes."""
    path = drop_in(unit, folder)
    if carried(path) == fault:
        path.unlink(missing_ok=True)
    runner.run(Command(argv=("systemctl", "daemon-reload")))
    runner.run(Command(argv=("systemctl", "restart", unit)))


if __name__ == "__main__":
    lift(sys.argv[1], sys.argv[2], SystemRunner())
