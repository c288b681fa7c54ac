"""Take the place of what somebody had on this machine, and keep it: `destroy` puts it back.

Runs on the machine, standard library only, with the operator's word for this machine. What is
replaced is noted before it is touched, so a run that was cut off loses nothing. Data stays where it
is: a database cluster is stopped, not moved.
"""

import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from standfast.core.command import Command, Runner
from standfast.core.files import write_atomically
from standfast.mechanisms.hosts import foreign, hosts_file
from standfast.mechanisms.hosts.firewall import guard

ASIDE = Path("/var/lib/standfast-aside")
NOTE = ASIDE / "note.json"
UNIT_TIMEOUT_S = 120.0


@dataclass(slots=True, kw_only=True)
class Aside:
    """`files`: path to its copy. `tables`: the file that loads them again, if there were any."""

    files: dict[str, str] = field(default_factory=dict)
    units: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)

    @classmethod
    def read(cls) -> "Aside":
        return cls(**json.loads(NOTE.read_text())) if NOTE.exists() else cls()

    def write(self) -> None:
        write_atomically(NOTE, json.dumps(asdict(self)).encode(), mode=0o600)


def adopt(found: Iterable[foreign.Found], day: str, runner: Runner) -> list[str]:
    """Return what was taken over, in words. `day` names the folder of the copies."""
    ASIDE.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside, chosen = Aside.read(), [each for each in found if each.is_adoptable]
    tables = [each.table for each in chosen if each.table[0]]
    if tables:
        keep_tables(tables, day, aside, runner)
    for each in chosen:
        if each.file:
            keep_file(each.file, day, aside)
            if each.instead:
                Path(each.file).write_text(each.instead)
        if each.unit:
            keep_unit(each.unit, aside, runner)
    return [each.what for each in chosen]


def keep_file(path: str, day: str, aside: Aside) -> None:
    copy = ASIDE / day / path.lstrip("/")
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, copy)
    existing = copy.read_text(errors="surrogateescape")
    if hosts_file.has_block(existing):
        theirs = hosts_file.outside_of(existing)
        copy.write_text(theirs, errors="surrogateescape")
    aside.files.setdefault(path, str(copy))
    aside.write()


def keep_unit(unit: str, aside: Aside, runner: Runner) -> None:
    if unit not in aside.units:
        aside.units.append(unit)
        aside.write()
    # A firewall stays in force until our rules take its place.
    for verb in ("disable",) if unit in foreign.CLOSERS else ("disable", "stop"):
        words = ("systemctl", verb, unit)
        runner.run(Command(argv=words, timeout_s=UNIT_TIMEOUT_S), check=verb == "stop")


def keep_tables(tables: list[tuple[str, str]], day: str, aside: Aside, runner: Runner) -> None:
    """They go when our rules are loaded, and come back if those are not confirmed. Whatever loads
    them at boot is stopped from that: ours alone decide from now on."""
    copy = ASIDE / day / "firewall.nft"
    copy.parent.mkdir(parents=True, exist_ok=True)
    content = b"".join(guard.listing(table, runner) for table in tables)
    write_atomically(copy, content, mode=0o600)
    aside.tables = [*aside.tables, str(copy)]
    aside.write()
    places = guard.Places()
    places.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomically(places.replaces, json.dumps(tables).encode())
    for unit in foreign.CLOSERS:
        enabled = Command(argv=("systemctl", "is-enabled", "--quiet", unit))
        if runner.run(enabled, check=False).status == 0:
            aside.units.append(unit)
            aside.write()
            runner.run(Command(argv=("systemctl", "disable", unit)))


def put_back(runner: Runner) -> list[str]:
    """Return what is as it was before us. The copies stay where they are."""
    aside, done = Aside.read(), []
    for path, copy in aside.files.items():
        if Path(copy).exists():
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(copy, path)
            done.append(path)
    for copy in aside.tables:
        runner.run(Command(argv=("nft", "--file", copy)))
        done.append("the firewall of before")
    for unit in aside.units:
        for verb in ("enable", "start"):
            words = ("systemctl", verb, unit)
            runner.run(Command(argv=words, timeout_s=UNIT_TIMEOUT_S), check=False)
        done.append(unit)
    NOTE.unlink(missing_ok=True)
    return done
