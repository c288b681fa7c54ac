"""The planted fault `bent-copy`: one bit of a monitor's copy of the record is another.

    python3 -m standfast.mechanisms.monitor.bent plant FOLDER
    python3 -m standfast.mechanisms.monitor.bent remove FOLDER

The file itself stays as it is: a changed one is laid over it, which a restart of the machine takes
away too. Before, the monitor is taken from where customers read: its keeper stops, and edges ask no
monitor whose keeper has been silent for seconds. Both may be repeated. Standard library only.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from standfast.core.clock import Clock, SystemClock
from standfast.core.command import Command, Runner, SystemRunner
from standfast.core.errors import Refused
from standfast.mechanisms.hosts.agent.faults import CommandFault, by_words

NAME = "bent-copy"
PLANT, REMOVE = "plant", "remove"
MODULE = "standfast.mechanisms.monitor.bent"
KEEPER = "standfast-keeper.service"
UNASKED_AFTER_S = 12.0
"""After `pages.CURRENT_WITHIN_S` and two looks of every edge nobody is sent here."""

BENT = Path("/run/standfast-bent-copy")


def fault(source: str, monitors: Sequence[str], machine: str, folder: str) -> CommandFault:
    """The last of the monitors carries it; on the others nothing is done, so that a majority of
    them goes on. `folder` holds the log."""
    if machine != monitors[-1]:
        return CommandFault(name=NAME, plant=("/usr/bin/true",), remove=("/usr/bin/true",))
    return by_words(NAME, source, MODULE, PLANT, REMOVE, folder)


def plant(log: Path, runner: Runner, clock: Clock) -> None:
    remove(log, runner)
    runner.run(Command(argv=("systemctl", "stop", KEEPER)))
    clock.sleep(UNASKED_AFTER_S)
    bundle = newest(log / "tile" / "entries")
    content = bytearray(bundle.read_bytes())
    content[len(content) // 2] ^= 1
    BENT.write_bytes(content)
    BENT.chmod(0o644)
    runner.run(Command(argv=("mount", "--bind", str(BENT), str(bundle))))


def remove(log: Path, runner: Runner) -> None:
    for bundle in laid_over(log, Path("/proc/self/mountinfo").read_text()):
        runner.run(Command(argv=("umount", bundle)))
    BENT.unlink(missing_ok=True)
    runner.run(Command(argv=("systemctl", "start", KEEPER)))


def newest(entries: Path) -> Path:
    """The bundle that holds the last entry, which was written last."""
    found = [each for each in entries.rglob("*") if each.is_file()]
    if not found:
        raise Refused(f"there is no record in {entries}")
    return max(found, key=lambda each: each.stat().st_mtime_ns)


def laid_over(log: Path, mounts: str) -> list[str]:
    """Where something is mounted below the log (proc(5), mountinfo: the fifth field)."""
    places = (line.split()[4] for line in mounts.splitlines())
    return [each for each in places if Path(each).is_relative_to(log)]


def main(what: str, folder: str) -> int:
    log, runner = Path(folder), SystemRunner()
    if what == PLANT:
        plant(log, runner, SystemClock())
    else:
        remove(log, runner)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
