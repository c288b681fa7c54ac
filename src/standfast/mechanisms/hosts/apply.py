"""Make this machine what its bundle says. Runs on the machine, standard library only.

Every step looks before it acts, so a second run changes nothing, and a run that was cut off is
finished by the next. What changed files ask for (restart, reload) is noted on disk *before* the
file is written and struck off only after it was done: a run that dies between writing a file and
restarting its unit leaves the note, and the next run restarts. A unit that failed to take its new
files keeps its note, too, and so does one that waits for its machine's turn (`bundle.Unit`).

The firewall is not loaded with the rest, and units are settled only behind rules that are confirmed
(firewall/guard.py): `unconfirmed` says that these wait for a new connection.
"""

import grp
import json
import os
import pwd
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from standfast.core.command import Command, Runner
from standfast.core.files import write_atomically
from standfast.mechanisms.hosts import hosts_file
from standfast.mechanisms.hosts.bundle import Bundle, File, Folder, Unit, User
from standfast.mechanisms.hosts.firewall import guard

STATE = Path("/var/lib/standfast-machine")
PENDING = STATE / "pending.json"
INSTALLED = STATE / "files.json"
UNITS = STATE / "units.json"
"""The names of the bundle's units, for whoever wants to know how they are."""

APPLIED = STATE / "applied"
"""The digest of the last bundle that was applied whole."""
PACKAGES = STATE / "packages.json"
"""The packages that were not there before us: `destroy` takes these away, and no others."""

UNIT_FOLDERS = ("/etc/systemd/system/", "/run/systemd/system/")
PACKAGES_TIMEOUT_S = 900.0
UNIT_TIMEOUT_S = 120.0


@dataclass(slots=True, kw_only=True)
class Report:
    """What was changed, in the order it was done."""

    packages: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    started: list[str] = field(default_factory=list)
    restarted: list[str] = field(default_factory=list)
    reloaded: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    """Units that must be restarted when it is this machine's turn."""
    unconfirmed: bool = False
    """The firewall's new rules wait for a new SSH connection; until then no unit was settled."""

    def to_json(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    restarts: frozenset[str] = frozenset()
    reloads: frozenset[str] = frozenset()
    daemon: bool = False

    @classmethod
    def read(cls) -> "Pending":
        if not PENDING.exists():
            return cls()
        noted = json.loads(PENDING.read_text())
        return cls(
            restarts=frozenset(noted["restarts"]),
            reloads=frozenset(noted["reloads"]),
            daemon=noted["daemon"],
        )

    def plus(self, file: File) -> "Pending":
        return Pending(
            restarts=self.restarts | set(file.restarts),
            reloads=self.reloads | set(file.reloads),
            daemon=self.daemon or file.path.startswith(UNIT_FOLDERS),
        )

    def write(self) -> None:
        noted = {
            "restarts": sorted(self.restarts),
            "reloads": sorted(self.reloads),
            "daemon": self.daemon,
        }
        write_atomically(PENDING, json.dumps(noted).encode(), mode=0o600)


def apply(
    bundle: Bundle,
    runner: Runner,
    *,
    turn: tuple[str, ...] = (),
    revert_after_s: float = guard.REVERT_AFTER_S,
) -> Report:
    """`turn`: held units, and units that take turns, whose turn it is."""
    report = place(bundle, runner)
    places = guard.Places()
    if not guard.is_settled(places, runner):
        guard.load(places, runner, revert_after_s=revert_after_s)
        report.unconfirmed = True
        return report
    settle_units(bundle.units, runner, report, turn=turn)
    if not report.failed:
        write_atomically(APPLIED, bundle.digest.encode(), mode=0o600)
    return report


def place(bundle: Bundle, runner: Runner) -> Report:
    """Everything that disturbs no unit of the bundle; one that it no longer has ends here."""
    STATE.mkdir(mode=0o700, parents=True, exist_ok=True)
    report = Report()
    note_files(file.path for file in bundle.files)
    for file in bundle.files:
        if file.early:
            put(file, report)
    install_packages(bundle.packages, runner, report)
    make_users(bundle.users, runner, report)
    for folder in bundle.folders:
        make_folder(folder)
    for file in bundle.files:
        put(file, report)
    remove_what_is_no_longer_ours(bundle.files, runner, report)
    note_units(bundle.units)
    return report


def install_packages(wanted: tuple[str, ...], runner: Runner, report: Report) -> None:
    missing = [name for name in wanted if not is_installed(name, runner)]
    if not missing:
        return
    note(PACKAGES, {*noted(PACKAGES), *missing})
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    for argv in (
        ("apt-get", "update", "-qq"),
        ("apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing),
    ):
        runner.run(Command(argv=argv, environment=quiet, timeout_s=PACKAGES_TIMEOUT_S))
    report.packages.extend(missing)


def is_installed(package: str, runner: Runner) -> bool:
    asked = runner.run(
        Command(argv=("dpkg-query", "-W", "-f", "${db:Status-Status}", package)), check=False
    )
    return asked.text == "installed"


def make_users(users: Iterable[User], runner: Runner, report: Report) -> None:
    for user in users:
        try:
            pwd.getpwnam(user.name)
        except KeyError:
            runner.run(
                Command(
                    argv=(
                        *("useradd", "--system", "--user-group", "--shell", "/usr/sbin/nologin"),
                        *("--home-dir", user.home, "--no-create-home"),
                        *(("--groups", ",".join(user.groups)) if user.groups else ()),
                        user.name,
                    )
                )
            )
            report.users.append(user.name)


def make_folder(folder: Folder) -> None:
    path = Path(folder.path)
    path.mkdir(parents=True, exist_ok=True)
    uid, gid = pwd.getpwnam(folder.owner).pw_uid, grp.getgrnam(folder.group).gr_gid
    now = path.stat()
    if (now.st_uid, now.st_gid) != (uid, gid):
        os.chown(path, uid, gid)
    if now.st_mode & 0o7777 != folder.mode:
        path.chmod(folder.mode)


def put(file: File, report: Report) -> None:
    path = Path(file.path)
    if file.block:
        file = whole(file, path)
    uid, gid = pwd.getpwnam(file.owner).pw_uid, grp.getgrnam(file.group).gr_gid
    if is_as_wanted(path, file, uid, gid):
        return
    Pending.read().plus(file).write()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, file.content, mode=file.mode, uid=uid, gid=gid)
    report.files.append(file.path)


def whole(block: File, path: Path) -> File:
    """The file that others write too, with our block in it."""
    if not path.exists():
        return replace(block, content=hosts_file.merged("", block.content.decode()).encode())
    now = path.stat()
    existing = path.read_text(errors="surrogateescape")
    content = hosts_file.merged(existing, block.content.decode())
    return replace(
        block,
        content=content.encode(errors="surrogateescape"),
        mode=now.st_mode & 0o7777,
        owner=pwd.getpwuid(now.st_uid).pw_name,
        group=grp.getgrgid(now.st_gid).gr_name,
    )


def is_as_wanted(path: Path, file: File, uid: int, gid: int) -> bool:
    try:
        now = path.lstat()
        return (
            (now.st_mode & 0o7777, now.st_uid, now.st_gid) == (file.mode, uid, gid)
            and not path.is_symlink()
            and path.read_bytes() == file.content
        )
    except FileNotFoundError:
        return False


def remove_what_is_no_longer_ours(files: tuple[File, ...], runner: Runner, report: Report) -> None:
    """Files that an earlier bundle put here and this one does not name. A unit ends before its
    file goes, because nobody could name it afterwards."""
    wanted = {file.path for file in files}
    before = noted(INSTALLED)
    for path in sorted(before - wanted):
        if is_unit(path) and Path(path).exists():
            Pending.read().plus(File(path=path, content=b"")).write()
            runner.run(
                Command(
                    argv=("systemctl", "disable", "--now", "--quiet", Path(path).name),
                    timeout_s=UNIT_TIMEOUT_S,
                ),
                check=False,
            )
            report.stopped.append(Path(path).name)
        remove(Path(path))
        report.removed.append(path)
    if before != wanted:
        note(INSTALLED, wanted)


def remove(path: Path) -> None:
    """Of a file that others write too, only our block goes."""
    with suppress(FileNotFoundError):
        existing = path.read_text(errors="surrogateescape")
        if hosts_file.has_block(existing):
            rest = hosts_file.outside_of(existing).encode(errors="surrogateescape")
            now = path.stat()
            write_atomically(path, rest, mode=now.st_mode & 0o7777, uid=now.st_uid, gid=now.st_gid)
        else:
            path.unlink()


def note_files(paths: Iterable[str]) -> None:
    """Before the first is written: whatever a run that was cut off has put here is known."""
    before = noted(INSTALLED)
    if not before.issuperset(wanted := {*before, *paths}):
        note(INSTALLED, wanted)


def noted(path: Path) -> set[str]:
    return set(json.loads(path.read_text())) if path.exists() else set()


def note(path: Path, names: Iterable[str]) -> None:
    write_atomically(path, json.dumps(sorted(names)).encode(), mode=0o600)


def is_unit(path: str) -> bool:
    """Drop-ins lie a folder deeper."""
    return f"{Path(path).parent}/" in UNIT_FOLDERS


def note_units(units: tuple[Unit, ...]) -> None:
    noted = json.dumps([unit.name for unit in units])
    if not UNITS.exists() or UNITS.read_text() != noted:
        write_atomically(UNITS, noted.encode(), mode=0o600)


def settle_units(
    units: tuple[Unit, ...], runner: Runner, report: Report, *, turn: tuple[str, ...] = ()
) -> None:
    pending = Pending.read()
    if pending.daemon:
        runner.run(Command(argv=("systemctl", "daemon-reload")))
    names = [unit.name for unit in units]
    if names:
        enable(names, runner)
    mine = tuple(unit for unit in units if unit.name in turn)
    stop_what_depends(mine, pending, runner, report)
    for unit in units:
        if unit in mine or not must_wait(unit, pending, runner):
            settle_unit(unit.name, pending, runner, report)
        else:
            report.waiting.append(unit.name)
    for name in sorted(pending.restarts - set(names)):
        restart_if_running(name, runner, report)
    left = frozenset((*report.failed, *report.waiting))
    Pending(restarts=pending.restarts & left, reloads=pending.reloads & left).write()


def restart_in_turn(name: str, runner: Runner) -> Report:
    """The turn of a unit that waits. Its note is struck off only after it was done."""
    report = Report()
    change("restart", name, runner, report.restarted, report)
    if name in report.restarted:
        pending = Pending.read()
        Pending(
            restarts=pending.restarts - {name},
            reloads=pending.reloads - {name},
            daemon=pending.daemon,
        ).write()
    return report


def must_wait(unit: Unit, pending: Pending, runner: Runner) -> bool:
    changed = unit.name in pending.restarts
    if unit.held:
        return changed or not is_active(unit.name, runner)
    return unit.in_turn and changed and is_active(unit.name, runner)


def stop_what_depends(
    units: tuple[Unit, ...], pending: Pending, runner: Runner, report: Report
) -> None:
    """Held units work through those that take turns with them: when one of these starts anew, they
    stop first, in good order, and are started after it."""
    if not any(unit.in_turn and unit.name in pending.restarts for unit in units):
        return
    for unit in units:
        if unit.held and is_active(unit.name, runner):
            change("stop", unit.name, runner, report.stopped, report)


def enable(names: list[str], runner: Runner) -> None:
    asked = runner.run(Command(argv=("systemctl", "is-enabled", *names)), check=False)
    states = asked.text.split()
    if len(states) != len(names) or set(states) - {"enabled", "static", "generated"}:
        runner.run(Command(argv=("systemctl", "enable", "--quiet", *names)))


def settle_unit(name: str, pending: Pending, runner: Runner, report: Report) -> None:
    if not is_active(name, runner):
        change("start", name, runner, report.started, report)
    elif name in pending.restarts:
        change("restart", name, runner, report.restarted, report)
    elif name in pending.reloads:
        change("reload-or-restart", name, runner, report.reloaded, report)


def restart_if_running(name: str, runner: Runner, report: Report) -> None:
    if is_active(name, runner):
        change("restart", name, runner, report.restarted, report)


def is_active(name: str, runner: Runner) -> bool:
    asked = runner.run(Command(argv=("systemctl", "is-active", "--quiet", name)), check=False)
    return asked.status == 0


def change(verb: str, name: str, runner: Runner, done: list[str], report: Report) -> None:
    result = runner.run(
        Command(argv=("systemctl", verb, name), timeout_s=UNIT_TIMEOUT_S), check=False
    )
    (done if result.status == 0 else report.failed).append(name)
