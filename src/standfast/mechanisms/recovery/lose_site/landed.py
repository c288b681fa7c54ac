"""On a machine of a new site: put what came back where it belongs, before anything runs there.

    python3 -m standfast.mechanisms.recovery.lose_site.landed database|log look|take RUN

`take` reads a tar on stdin. Of a database machine it holds `data` and `tablespaces`, as PostgreSQL
left them; of a monitor the files of the evidence log. RUN names the recovery, and is noted beside
what it brought. Prints JSON (`Found`).

*Invariant.* What is there already stays: nothing is replaced and nothing deleted but what a killed
run of the same kind has left half. What arrives is there whole, flushed to the disk, or not at all.
As root; standard library only.
"""

import grp
import json
import os
import pwd
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from standfast.core.command import Command, start
from standfast.core.errors import CommandFailed, Refused, StandfastError
from standfast.core.files import flush_folder, write_atomically

DATABASE_HOME = Path("/var/lib/postgresql")
LOG_HOME = Path("/var/lib/standfast")

ARRIVING = "arriving"
"""Beside its place, until it is whole."""

MARK = "standfast-recovered"
"""In the database's folder: which recovery it came from. A mirrored copy has the mark too."""

NOT_OURS = ("archive_mode", "restore_command", "recovery_target", "recovery_min", "primary_conn")
"""What a restore has written into the configuration, and the server that goes on must not find: it
would archive nothing, and would take itself for one that is being restored."""

AGAIN = "Run the same command again: it goes on from here."

CACHED = "patroni.dynamic.json"
"""Patroni's own, of the machines that are gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`there`: something is in its place already. `run`: which recovery it came from; empty for
    what came from none, or what nobody knows."""

    there: bool
    run: str = ""
    free_bytes: int = 0

    @classmethod
    def from_json(cls, text: str) -> "Found":
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """`owner` and `group` are numbers: whose it is from then on."""

    home: Path
    owner: int
    group: int

    @property
    def arriving(self) -> Path:
        return self.home / ARRIVING

    def unpack(self, stream: IO[bytes]) -> None:
        shutil.rmtree(self.arriving, ignore_errors=True)
        self.arriving.mkdir(mode=0o700, parents=True)
        words = ("tar", "--extract", "--preserve-permissions", f"--directory={self.arriving}")
        if start(Command(argv=(*words, "--file=-")), stdin=stream, stdout=None, stderr=None).wait():
            raise CommandFailed("what came was cut short, or found no room", remedy=AGAIN)
        for path in (self.arriving, *self.arriving.rglob("*")):
            os.lchown(path, self.owner, self.group)

    def note(self, path: Path, text: str) -> None:
        write_atomically(path, text.encode(), mode=0o600, uid=self.owner, gid=self.group)

    def moved(self, name: str, place: Path) -> None:
        """Flushed before it has its name, so that a power cut leaves it whole or not there."""
        os.sync()
        (self.arriving / name).rename(place)
        flush_folder(place.parent)


def look_database(at: Landing) -> Found:
    data = at.home / "data"
    mark = data / MARK
    return Found(
        there=data.is_dir() and any(data.iterdir()),
        run=mark.read_text() if mark.is_file() else "",
        free_bytes=shutil.disk_usage(at.home).free if at.home.is_dir() else 0,
    )


def take_database(at: Landing, run: str, stream: IO[bytes]) -> None:
    """Tablespaces first: data without them would be taken for whole."""
    found = look_database(at)
    if found.there:
        must_be_the_same(found, run, "a database")
        return
    at.unpack(stream)
    data = at.arriving / "data"
    if not (data / "PG_VERSION").is_file():
        raise Refused("what came is no database")
    data.chmod(0o700)
    (data / CACHED).unlink(missing_ok=True)
    configured = data / "postgresql.auto.conf"
    if configured.is_file():
        at.note(configured, without_recovery(configured.read_text()))
    at.note(data / MARK, run)
    spaces = at.home / "tablespaces"
    if not spaces.exists() and (at.arriving / "tablespaces").is_dir():
        at.moved("tablespaces", spaces)
    if (at.home / "data").is_dir():
        (at.home / "data").rmdir()  # empty, as was seen
    at.moved("data", at.home / "data")
    shutil.rmtree(at.arriving)


def without_recovery(text: str) -> str:
    """Of postgresql.auto.conf, whose lines begin with a setting's name. Pure."""
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if not line.lstrip().startswith(NOT_OURS))


def look_log(at: Landing) -> Found:
    log = at.home / "www" / "log"
    mark = at.home / MARK
    there = (log / "checkpoint").exists() or (log / "copy" / "stands-at").exists()
    return Found(there=there, run=mark.read_text() if mark.is_file() else "")


def take_log(at: Landing, run: str, stream: IO[bytes]) -> None:
    """One that is there is at least as long: its keeper has gone on with what an earlier run of
    this recovery brought."""
    found = look_log(at)
    if found.there:
        must_be_the_same(found, run, "an evidence log")
        return
    at.unpack(stream)
    for folder in (at.home, at.home / "www"):
        folder.mkdir(mode=0o750, exist_ok=True)
        os.chown(folder, at.owner, at.group)
    at.note(at.home / MARK, run)
    place = at.home / "www" / "log"
    if place.is_dir():
        shutil.rmtree(place)  # without a checkpoint, as was seen: nothing was ever logged there
    os.sync()
    at.arriving.rename(place)
    flush_folder(place.parent)


def must_be_the_same(found: Found, run: str, what: str) -> None:
    if found.run != run:
        raise Refused(
            f"there is {what} on this machine that this recovery did not bring",
            remedy="Name a machine that is new, or move away what is there, if nobody needs it.",
        )


def landing(home: Path, user: str) -> Landing:
    return Landing(home=home, owner=pwd.getpwnam(user).pw_uid, group=grp.getgrnam(user).gr_gid)


PLACES: Mapping[str, tuple[Path, str]] = {
    "database": (DATABASE_HOME, "postgres"),
    "log": (LOG_HOME, "standfast"),
}
LOOKS: Mapping[str, Callable[[Landing], Found]] = {"database": look_database, "log": look_log}
TAKES: Mapping[str, Callable[[Landing, str, IO[bytes]], None]] = {
    "database": take_database,
    "log": take_log,
}


def main(what: str, verb: str, run: str = "") -> int:
    try:
        at = landing(*PLACES[what])
        if verb == "take":
            TAKES[what](at, run, sys.stdin.buffer)
        print(json.dumps(asdict(LOOKS[what](at))))
    except StandfastError as error:
        print(error.words, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main(*sys.argv[1:]))
