"""Load a changed firewall so that it cannot lock anybody out for longer than a minute.

Runs on the machine, standard library only. Three steps, each safe to repeat and to be cut off at:

1. `load` notes the rules that are in force, arms a timer of systemd's that restores them, and loads
   the new ones. The timer is the machine's own, so it fires whether or not anybody is connected.
2. The operator comes by a *new* SSH connection. One that stands already proves nothing: packets of
   established connections are let through by any rules of ours.
3. `confirm`, over that connection, disarms the timer and makes the new rules the ones that are
   loaded at boot.

*Invariant:* what is loaded at boot was confirmed. A machine that loses its power between 1 and 3
comes back with the rules that let the operator in before.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from standfast.core.command import Command, Result, Runner
from standfast.core.errors import Refused
from standfast.core.files import write_atomically

WANTED = Path("/etc/standfast/nftables.conf")
FOLDER = Path("/var/lib/standfast-machine/firewall")

REVERT_AFTER_S = 60
"""Longer than a new SSH connection takes on a bad line, and as long as an operator can bear to be
locked out."""

REVERT = "standfast-firewall-revert"
TABLE = ("inet", "standfast")

Table = tuple[str, str]
"""Family and name, as nft(8) has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """`confirmed` is loaded at boot, `before` by the timer; `loaded` is what nft listed right after
    the newest load; `replaces` names the tables of somebody's that the next load takes away."""

    wanted: Path = WANTED
    folder: Path = FOLDER

    @property
    def confirmed(self) -> Path:
        return self.folder / "confirmed.nft"

    @property
    def before(self) -> Path:
        return self.folder / "before.nft"

    @property
    def loaded(self) -> Path:
        return self.folder / "loaded"

    @property
    def replaces(self) -> Path:
        return self.folder / "replaces.json"


def is_settled(places: Places, runner: Runner) -> bool:
    """Whether the wanted rules are confirmed and in force, and nobody waits to be replaced."""
    if not places.wanted.exists():
        return True
    return (
        content(places.confirmed) == content(places.wanted)
        and not places.replaces.exists()
        and content(places.loaded) == outline(runner)
    )


def load(places: Places, runner: Runner, *, revert_after_s: float = REVERT_AFTER_S) -> None:
    """Raises `CommandFailed` when nft refuses the rules; then those of before are in force."""
    places.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    replaced = replaced_tables(places)
    if not is_armed(runner):
        write_atomically(places.before, restoring(replaced, runner), mode=0o600)
        nft(runner, "--check", "--file", str(places.before))
        arm(places, runner, revert_after_s)
    new = places.folder / "new.nft"
    write_atomically(new, removal(replaced) + places.wanted.read_bytes(), mode=0o600)
    nft(runner, "--file", str(new))
    write_atomically(places.loaded, outline(runner), mode=0o600)


def confirm(places: Places, runner: Runner) -> None:
    """To be called over a connection that was made after `load`."""
    armed = is_armed(runner)
    runner.run(Command(argv=("systemctl", "stop", f"{REVERT}.timer")), check=False)
    if not armed or content(places.loaded) != outline(runner):
        raise Refused(
            "the new firewall was not confirmed in time, and the rules of before are back",
            remedy="Run `standfast up` again; is the way to this machine slow?",
        )
    write_atomically(places.confirmed, content(places.wanted), mode=0o600)
    places.replaces.unlink(missing_ok=True)


def arm(places: Places, runner: Runner, after_s: float) -> None:
    runner.run(
        Command(
            argv=(
                *("systemd-run", "--quiet", "--collect", f"--unit={REVERT}"),
                *(f"--on-active={after_s:g}", "--timer-property=AccuracySec=100ms"),
                *("/usr/sbin/nft", "--file", str(places.before)),
            )
        )
    )


def is_armed(runner: Runner) -> bool:
    asked = Command(argv=("systemctl", "is-active", "--quiet", f"{REVERT}.timer"))
    return runner.run(asked, check=False).status == 0


def restoring(replaced: Iterable[Table], runner: Runner) -> bytes:
    """What brings back the rules that are in force now: ours, and those of the tables named."""
    tables = (TABLE, *replaced)
    return removal(tables) + b"".join(listing(table, runner) for table in tables)


def removal(tables: Iterable[Table]) -> bytes:
    """Deletes them whether or not they are there: a table is made by being named."""
    return "".join(
        f"table {family} {name}\ndelete table {family} {name}\n" for family, name in tables
    ).encode()


def replaced_tables(places: Places) -> tuple[Table, ...]:
    if not places.replaces.exists():
        return ()
    return tuple((family, name) for family, name in json.loads(places.replaces.read_text()))


def listing(table: Table, runner: Runner) -> bytes:
    """Empty when there is no such table."""
    asked = runner.run(Command(argv=("nft", "list", "table", *table)), check=False)
    return asked.stdout if asked.status == 0 else b""


def outline(runner: Runner) -> bytes:
    """Our table without what changes by itself: counters, and the elements of sets."""
    words = ("nft", "--stateless", "--terse", "list", "table", *TABLE)
    asked = runner.run(Command(argv=words), check=False)
    return asked.stdout if asked.status == 0 else b""


def content(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def nft(runner: Runner, *words: str) -> Result:
    return runner.run(Command(argv=("nft", *words)))
