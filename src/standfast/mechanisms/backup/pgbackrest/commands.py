"""What the engine is told: each function returns what would be run. Standard library only."""

import shlex
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path

from standfast.core.command import Command
from standfast.mechanisms.backup.engine import Kind, Target
from standfast.mechanisms.backup.pgbackrest.names import (
    PROGRAM,
    REPOSITORY_CONF,
    RESTORE_CONF,
    STANZA,
)

TAKE_LIMIT_S = 12 * 3600.0
RESTORE_LIMIT_S = 6 * 3600.0
"""What does not end by then hangs."""

PREPARE_LIMIT_S = 300.0

WORDS: Mapping[Kind, str] = {
    Kind.FULL: "full",
    Kind.DIFFERENTIAL: "diff",
    Kind.INCREMENTAL: "incr",
}


def told(*words: str, timeout_s: float, conf: str = REPOSITORY_CONF) -> Command:
    return Command(
        argv=(PROGRAM, f"--config={conf}", f"--stanza={STANZA}", *words),
        timeout_s=timeout_s,
    )


def prepare() -> Command:
    return told("stanza-create", timeout_s=PREPARE_LIMIT_S)


def take(kind: Kind) -> Command:
    return told("backup", f"--type={WORDS[kind]}", timeout_s=TAKE_LIMIT_S)


def info() -> Command:
    return told("info", "--output=json", timeout_s=PREPARE_LIMIT_S)


def fetch(path: str) -> Command:
    """A file of the repository, by its path below it: decrypted, and compressed as it was. Nothing
    is said on stdout but the file."""
    quiet = ("--log-level-console=off", "--log-level-stderr=error")
    return told("repo-get", *quiet, path, timeout_s=PREPARE_LIMIT_S, conf=RESTORE_CONF)


def decompress(file: Path) -> Command:
    """apt's own program reads what ends in .zst, and is on every machine."""
    return Command(argv=("/usr/lib/apt/apt-helper", "cat-file", str(file)))


def restore(into: Path, tablespaces: Path, *further: str, conf: str = RESTORE_CONF) -> Command:
    """`archive-mode=off`: what is restored to be looked at must never write into an archive."""
    return told(
        "restore",
        f"--pg1-path={into}",
        f"--tablespace-map-all={tablespaces}",
        "--archive-mode=off",
        *further,
        timeout_s=RESTORE_LIMIT_S,
        conf=conf,
    )


FETCH = "/usr/bin/python3 -m standfast.mechanisms.backup.receiver.fetch"


def restore_command(
    into: Path, *further: str, beside: Path | None, conf: str = RESTORE_CONF
) -> str:
    """A word of a restore: what the server asks for WAL, by a shell (PostgreSQL's manual, 20.5.5).
    The repository first; then `beside`; then the repository again, because what is in neither may
    have gone from there to here between the two questions. `further` as the restore has them."""
    asked = (f"--pg1-path={into}", *(each for each in further if each.startswith(PASSED_ON)))
    get = f'{shell(*told(*asked, "archive-get", timeout_s=0, conf=conf).argv)} %f "%p"'
    words = get if beside is None else f'{get} || {FETCH} {shell(str(beside))} %f "%p" || {get}'
    return f"--recovery-option=restore_command={words}"


PASSED_ON = ("--repo=", "--lock-path=")
"""What `archive-get` must know, too."""


def shell(*words: str) -> str:
    """`%` is the server's own sign."""
    return shlex.join(words).replace("%", "%%")


def add(file: Path) -> Command:
    """Needs no database beside it, unlike most that has to do with WAL. As small as what comes
    from the primary."""
    quiet = ("--log-level-console=error", "--compress-type=zst")
    return told(*quiet, "archive-push", str(file), timeout_s=PREPARE_LIMIT_S, conf=RESTORE_CONF)


def aimed(target: Target, *, locks: Path, again: bool) -> tuple[str, ...]:
    """Further words of a restore. A lock of its own, because the daily restore holds the usual one
    for as long as it takes. `again`: files that are there already are compared, not fetched."""
    delta = ("--delta",) if again else ()
    words = (f"--set={target.copy}", f"--lock-path={locks}", *delta)
    if target.moment is None:
        return words
    moment = f"{target.moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00"
    return (*words, "--type=time", f"--target={moment}", "--target-action=promote")
