"""When a witness wakes somebody. Pure, but for the command that does it.

What the log's key has signed and does not continue what it signed before is told at once. An older
checkpoint may have been late, and a log that does not answer may be restarting: these are told when
they last. Each trouble is told once, for as long as it is the same.
"""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from standfast.core.command import Command
from standfast.core.errors import ConfigError
from standfast.evidence.witness import Reason
from standfast.mechanisms.witness.follow import Look

OLDER_LASTS = timedelta(minutes=10)
"""Longer than a monitor takes to catch up, and than anything between us may keep a file."""

SILENT_LASTS = timedelta(hours=1)
COMMAND_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The trouble that there was at the last look, if any, and since when; `told` if somebody was
    woken for it."""

    trouble: str = ""
    since: datetime | None = None
    told: bool = False


def after(watch: Watch, look: Look) -> Watch:
    trouble = trouble_of(look)
    if trouble == watch.trouble:
        return watch
    return Watch(trouble=trouble, since=look.at)


def is_due(watch: Watch, now: datetime) -> bool:
    if not watch.trouble or watch.told or watch.since is None:
        return False
    return now - watch.since >= patience(watch.trouble)


def told(watch: Watch) -> Watch:
    return replace(watch, told=True)


def trouble_of(look: Look) -> str:
    if look.refused:
        return str(look.refused.reason)
    return "" if look.line else SILENT


SILENT = "silent"


def patience(trouble: str) -> timedelta:
    match trouble:
        case Reason.ROLLBACK:
            return OLDER_LASTS
        case "silent":
            return SILENT_LASTS
        case _:
            return timedelta(0)


def command(given: str, look: Look) -> Command:
    """What the operator of the witness wants run. It gets the look as JSON on its standard input,
    and the words of it as its last argument. No shell reads it."""
    return Command(
        argv=(*words_of(given), look.words),
        stdin=json.dumps(document(look)).encode() + b"\n",
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


def document(look: Look) -> Mapping[str, Any]:
    """With what was shown, so that the evidence is where the alarm is."""
    return {**look.document(), "note": look.note.decode("utf-8", "replace") or None}
