"""What WAL is sent to, on a database machine: which repositories there are, which of them hold it
up, and a configuration without some of them. Standard library only.

A segment that did not reach every repository leaves a file behind in the spool, in which each
repository that failed has a line (as recorded from pgBackRest 2.45):

    104
    raised from local-1 protocol: archive-push command encountered error(s):
    repo2: [HostConnectError] unable to connect to 'backup-2:8432': [111] Connection refused
"""

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from standfast.core.command import Command, Runner
from standfast.core.errors import StandfastError
from standfast.mechanisms.backup.engine import Copy, Kind
from standfast.mechanisms.backup.pgbackrest import info
from standfast.mechanisms.backup.pgbackrest.commands import told
from standfast.mechanisms.backup.pgbackrest.names import DATABASE_CONF, STANZA

HOST = re.compile(r"^repo(\d+)-host=(\S+)$", re.MULTILINE)
OF_A_REPOSITORY = re.compile(r"^repo(\d+)-")
BLAMED = re.compile(r"^repo(\d+): ", re.MULTILINE)

ASK_LIMIT_S = 45.0
"""The engine tries twice for its own limit to reach a machine that does not answer."""


def repositories(conf: str) -> Mapping[str, int]:
    """Machine to the number of its repository."""
    return {name: int(number) for number, name in HOST.findall(conf)}


def without(conf: str, numbers: Container[int]) -> str:
    """The same configuration, in which the engine finds no repository of these numbers."""
    kept = (
        line
        for line in conf.splitlines(keepends=True)
        if not ((found := OF_A_REPOSITORY.match(line)) and int(found[1]) in numbers)
    )
    return "".join(kept)


def blamed(messages: Iterable[str]) -> frozenset[int]:
    """Numbers of the repositories that some segment did not reach."""
    return frozenset(int(number) for each in messages for number in BLAMED.findall(each))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """`spool` is the engine's own folder."""

    spool: Path
    runner: Runner

    def blamed(self, waiting: Container[str]) -> frozenset[int]:
        """For segments that wait to be sent: what failed before a machine stopped being primary
        says nothing of now."""
        errors = (self.spool / "archive" / STANZA / "out").glob("*.error")
        return blamed(read(path) for path in errors if path.stem in waiting)

    def copies(self, number: int) -> tuple[Copy, ...] | None:
        """Of that repository, as its machine says; None where it does not answer."""
        try:
            return info.copies(self.runner.run(asked(number)).text)
        except StandfastError:
            return None


def asked(number: int) -> Command:
    return told(
        "info",
        "--output=json",
        f"--repo={number}",
        timeout_s=ASK_LIMIT_S,
        conf=DATABASE_CONF,
    )


def read(path: Path) -> str:
    """Empty for one that went meanwhile: the engine tries again."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def has_full_since(copies: Iterable[Copy], moment: datetime) -> bool:
    return any(each.kind is Kind.FULL and each.began_at >= moment for each in copies)
