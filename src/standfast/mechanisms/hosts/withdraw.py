"""Take away from this machine what was installed, and put back what was kept aside for it.

Runs on the machine, standard library only. Data, repositories and keys are never deleted: they are
told of, and where they lie. What is taken is struck off the notes last, so a run that was cut off
is finished by the next.
"""

import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from standfast.core.command import Command, Runner
from standfast.mechanisms.hosts import adopt, apply
from standfast.mechanisms.hosts.agent import severed
from standfast.mechanisms.hosts.disk_decision import RESERVE
from standfast.mechanisms.hosts.firewall import guard
from standfast.mechanisms.hosts.programs import HOME
from standfast.mechanisms.hosts.volumes.names import NOTES

NEEDED_BY_OPERATORS = frozenset(
    {
        *("openssh-server", "openssl", "procps", "python3", "python3-venv"),
        *("chrony", "logrotate"),
    }
)
"""Packages that stay, even if they came with us: without them nobody gets in again, nobody sets the
clock (chrony took the place of what did), and logs fill the disk."""

WATCHED = Path(NOTES).parent
"""What a watch over disks has noted."""

RELEASES = Path("/srv/service/releases")
STAY = frozenset({"ssh.service", "chrony.service", "logrotate.timer"})
"""Units that run with us or without us."""

KEPT = (
    *("/var/lib/postgresql", "/var/lib/pgbackrest", "/var/lib/standfast", "/var/lib/etcd"),
    *("/srv/service", "/etc/standfast"),
    *("/var/lib/standfast-backup", "/var/lib/standfast-etcd", str(adopt.ASIDE)),
)
"""Where data, repositories, keys and copies lie."""


@dataclass(slots=True, kw_only=True)
class Withdrawn:
    units: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)
    put_back: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def to_json(self) -> str:
        return json.dumps(asdict(self))


def withdraw(runner: Runner) -> Withdrawn:
    report = Withdrawn()
    units = json.loads(apply.UNITS.read_text()) if apply.UNITS.exists() else []
    packages = apply.noted(apply.PACKAGES) - NEEDED_BY_OPERATORS
    for unit in stoppable(reversed(units)):
        runner.run(
            Command(argv=("systemctl", "disable", "--now", unit), timeout_s=120), check=False
        )
        report.units.append(unit)
    installed = apply.noted(apply.INSTALLED)
    started = sorted(stoppable(Path(each).name for each in installed if apply.is_unit(each)))
    if started:  # by timers, and tried again for as long as they fail
        runner.run(Command(argv=("systemctl", "stop", *started), timeout_s=120), check=False)
    for path in sorted(installed):
        apply.remove(Path(path))
        report.files.append(path)
    if packages:
        remove_packages(sorted(packages), runner)
        report.packages.extend(sorted(packages))
    open_up(runner)
    report.put_back = adopt.put_back(runner)
    runner.run(Command(argv=("systemctl", "daemon-reload")))
    if started:
        runner.run(Command(argv=("systemctl", "reset-failed", *started)), check=False)
    runner.run(Command(argv=("systemctl", "reload-or-restart", "ssh.service")), check=False)
    shutil.rmtree(RELEASES, ignore_errors=True)
    shutil.rmtree(apply.STATE, ignore_errors=True)
    shutil.rmtree(HOME, ignore_errors=True)
    shutil.rmtree(WATCHED, ignore_errors=True)
    give_back_reserves(KEPT)
    report.left = sorted(left(KEPT))
    return report


def stoppable(units: Iterable[str]) -> Iterator[str]:
    """Also the distribution's that only run because of us, such as HAProxy: whether its package
    goes or was there before, what it served is ours. Not those that the machine needs anyway."""
    return (unit for unit in units if unit not in STAY)


def remove_packages(names: list[str], runner: Runner) -> None:
    """Removed, not purged: purging PostgreSQL's package deletes what it keeps."""
    words = ("apt-get", "remove", "-y", "-qq", *names)
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    runner.run(Command(argv=words, environment=quiet, timeout_s=apply.PACKAGES_TIMEOUT_S))


def open_up(runner: Runner) -> None:
    """Our table goes, and whatever might bring it back."""
    runner.run(Command(argv=("systemctl", "stop", f"{guard.REVERT}.timer")), check=False)
    for table in (guard.TABLE, severed.TABLE):
        runner.run(Command(argv=("nft", "delete", "table", *table)), check=False)


def give_back_reserves(folders: Iterable[str]) -> None:
    """Room that was held for a full disk is no data."""
    for folder in folders:
        (Path(folder) / RESERVE).unlink(missing_ok=True)


def left(folders: Iterable[str]) -> Iterator[str]:
    """Those that hold something; an empty one is taken away."""
    for name in folders:
        folder = Path(name)
        if not folder.is_dir():
            continue
        if any(path.is_file() for path in folder.rglob("*")):
            yield name
        else:
            shutil.rmtree(folder, ignore_errors=True)
