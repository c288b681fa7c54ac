"""What the engine is told: each function returns what would be run. Standard library only."""

from collections.abc import Mapping
from pathlib import Path

from standfast.core.command import Command
from standfast.mechanisms.backup.engine import Kind
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


def restore(into: Path, tablespaces: Path) -> Command:
    """`archive-mode=off`: what is restored to be looked at must never write into an archive."""
    return told(
        "restore",
        f"--pg1-path={into}",
        f"--tablespace-map-all={tablespaces}",
        "--archive-mode=off",
        timeout_s=RESTORE_LIMIT_S,
        conf=RESTORE_CONF,
    )
