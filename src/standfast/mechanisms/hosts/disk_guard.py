"""Look at this machine's disks and do what `disks.decide` says. Run by a timer, as root; standard
library only. `disks.json` says which disks, and what is ours to delete.
"""

import json
import os
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from standfast.core.command import Command, Runner, SystemRunner
from standfast.core.errors import StandfastError
from standfast.core.files import write_atomically
from standfast.mechanisms.hosts.disk_decision import (
    RESERVE,
    GiveBack,
    MakeRoom,
    PutAside,
    Refuse,
    Step,
    Warn,
    decide,
    spared,
)
from standfast.mechanisms.hosts.disks import (
    NO_ROOM,
    RUN,
    SETTINGS,
    DiskSettings,
    Level,
    Spare,
    read,
)

LEVELS = "disk-levels.json"

JOURNAL_KEPT = "64M"
"""Enough of the journal to read how the disk came to be full."""

SYSLOG_LEVEL: Mapping[Level, str] = {Level.FINE: "<5>", Level.FILLING: "<4>", Level.FULL: "<2>"}
"""sd-daemon(3): notice, warning, critical."""


def main() -> None:
    guard(DiskSettings.from_json(Path(SETTINGS).read_text()), SystemRunner(), run=Path(RUN))


def guard(settings: DiskSettings, runner: Runner, *, run: Path) -> None:
    run.mkdir(parents=True, exist_ok=True)
    disks = read(settings.watched)
    reserves = {
        disk.folder: reserve_size(disk.folder) for disk in disks if disk.folder in settings.data
    }
    levels = {disk.folder: disk.level for disk in disks}
    for step in decide(disks, reserves, before(run)):
        carry_out(step, settings, levels, runner, run)
    noted = json.dumps({folder: str(level) for folder, level in levels.items()})
    (run / LEVELS).write_text(noted)


def carry_out(
    step: Step, settings: DiskSettings, levels: Mapping[str, Level], runner: Runner, run: Path
) -> None:
    match step:
        case Warn(folder=folder, words=words):
            print(f"{SYSLOG_LEVEL[levels[folder]]}{words}", file=sys.stderr, flush=True)
        case PutAside(path=path, size_bytes=size_bytes):
            put_aside(Path(path), size_bytes)
        case GiveBack(path=path):
            Path(path).unlink(missing_ok=True)
        case MakeRoom():
            make_room(settings.spare, runner)
        case Refuse(full=full):
            refuse(run / Path(NO_ROOM).name, full=full)


def before(run: Path) -> Mapping[str, Level]:
    path = run / LEVELS
    if not path.exists():
        return {}
    noted: dict[str, str] = json.loads(path.read_text())
    return {folder: Level(level) for folder, level in noted.items()}


def reserve_size(folder: str) -> int:
    try:
        return (Path(folder) / RESERVE).stat().st_size
    except FileNotFoundError:
        return 0


def put_aside(path: Path, size_bytes: int) -> None:
    """Blocks that are really taken (posix_fallocate(3)): a sparse file would reserve nothing."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        os.posix_fallocate(handle, 0, size_bytes)
    finally:
        os.close(handle)


def make_room(spare: tuple[Spare, ...], runner: Runner) -> None:
    for each in spare:
        for folder in deletable(each):
            shutil.rmtree(folder, ignore_errors=True)
    for argv in (("apt-get", "clean"), ("journalctl", "--quiet", f"--vacuum-size={JOURNAL_KEPT}")):
        with suppress(StandfastError):  # what cannot be cleaned does not keep the rest from it
            runner.run(Command(argv=argv), check=False)


def deletable(spare: Spare) -> tuple[Path, ...]:
    parent = Path(spare.parent)
    if not parent.is_dir():
        return ()
    found = [(path.stat().st_mtime, path.name) for path in parent.iterdir() if path.is_dir()]
    return tuple(spared(parent, spare, found))


def refuse(marker: Path, *, full: bool) -> None:
    if full:
        if not marker.exists():
            write_atomically(marker, b"a disk of this machine is full\n")
    else:
        marker.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
