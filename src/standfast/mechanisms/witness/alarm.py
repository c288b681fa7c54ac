"""When a witness wakes somebody. Pure, but for the command that does it.

What the log's key has signed and does not continue what it signed before is told at once. An older
checkpoint may have been late, and a log that does not answer may be restarting: these are told when
they last. So it is with the front: what is not believed, and ports that should be silent, are told
at once, and that nobody answers, when it lasts. Each trouble is told once, for as long as it is the
same.
"""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Protocol

from standfast.core.command import Command
from standfast.core.errors import ConfigError
from standfast.evidence.witness import Reason
from standfast.mechanisms.witness.follow import SILENT
from standfast.mechanisms.witness.sighting import DOWN

OLDER_LASTS = timedelta(minutes=10)
"""Longer than a monitor takes to catch up, and than anything between us may keep a file."""

SILENT_LASTS = timedelta(hours=1)
DOWN_LASTS = timedelta(minutes=5)
"""A front that answers nobody: not for a lost packet, nor for the second in which a machine of
the site takes over from another."""

PATIENCE: Mapping[str, timedelta] = MappingProxyType(
    {Reason.ROLLBACK: OLDER_LASTS, SILENT: SILENT_LASTS, DOWN: DOWN_LASTS}
)
COMMAND_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The trouble that there was at the last look, if any, and since when; `told` if somebody was
    woken for it."""

    trouble: str = ""
    since: datetime | None = None
    told: bool = False


class Found(Protocol):
    """A look at the log, or at the front."""

    @property
    def at(self) -> datetime: ...

    @property
    def trouble(self) -> str:
        """What is wrong, in a word; empty if nothing is."""

    @property
    def words(self) -> str: ...

    def evidence(self) -> Mapping[str, Any]:
        """With what was shown, so that the evidence is where the alarm is."""


def after(watch: Watch, found: Found) -> Watch:
    if found.trouble == watch.trouble:
        return watch
    return Watch(trouble=found.trouble, since=found.at)


def is_due(watch: Watch, now: datetime) -> bool:
    if not watch.trouble or watch.told or watch.since is None:
        return False
    return now - watch.since >= patience(watch.trouble)


def told(watch: Watch) -> Watch:
    return replace(watch, told=True)


def patience(trouble: str) -> timedelta:
    return PATIENCE.get(trouble, timedelta(0))


def command(given: str, found: Found) -> Command:
    """What the operator of the witness wants run. It gets the look as JSON on its standard input,
    and the words of it as its last argument. No shell reads it."""
    return Command(
        argv=(*words_of(given), found.words),
        stdin=json.dumps(found.evidence()).encode() + b"\n",
        timeout_s=COMMAND_LIMIT_S,
    )


def words_of(given: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(given))
    except ValueError as error:
        raise ConfigError(f"--alarm: {given!r} is no command: {error}") from error
    if not words:
        raise ConfigError("--alarm: the command is empty", remedy="Name a program.")
    return words
