"""A snapshot comes out of the store onto this computer, and fits the machines of the new site."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread

from standfast.cli.app import App
from standfast.cli.blueprint import expected
from standfast.cli.progress import Progress
from standfast.core.command import Command, Result, Runner
from standfast.core.errors import Refused
from standfast.core.units import size
from standfast.mechanisms.backup.offsite.commands import PROGRAM
from standfast.mechanisms.database.plan import VERSIONS
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.recovery.lose_site.land import files
from standfast.mechanisms.recovery.lose_site.pace import Pace

POLL_S = 1.0

CAME = ("data", "tablespaces")
"""Of a snapshot, what a database machine is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FromImage:
    """Runs restic out of the image that machines here are made of, where this computer has none."""

    root: Path
    runner: Runner

    def run(self, command: Command, *, check: bool = True) -> Result:
        argv = tuple(f"{self.root}{word}" if word == PROGRAM else word for word in command.argv)
        return self.runner.run(replace(command, argv=argv), check=check)


@contextmanager
def watched(app: App, progress: Progress, folder: Path, whole: int) -> Iterator[None]:
    """What comes into a folder is said meanwhile, with its rate."""
    enough, pace = Event(), Pace(whole=whole)

    def watch() -> None:
        while not enough.wait(POLL_S):
            with suppress(FileNotFoundError):  # what arrives is renamed at the end
                came = sum(each.lstat().st_size for each in files(folder, ("",)))
                pace.seen(app.clock.monotonic(), came)
                progress.tell("store", pace.words("bringing the snapshot back"))

    progress.tell("store", f"bringing the snapshot back, {size(whole)}")
    watching = Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    finally:
        enough.set()
        watching.join()


def must_fit(app: App, version: str) -> None:
    """Machines that are made here have the PostgreSQL of their suite, and no other reads its data.
    Listed ones are asked later."""
    if not app.site.made_here:
        return
    for machine in app.site.having(Role.DATABASE):
        if str(VERSIONS[expected(app, machine.name)]) != version:
            raise wrong_version(machine.name, version)


def wrong_version(machine: str, version: str) -> Refused:
    return Refused(
        f"the snapshot is of PostgreSQL {version}, and {machine} has another one",
        remedy="Set `suite` in the new site's file, or list machines, as the lost site had them.",
    )
