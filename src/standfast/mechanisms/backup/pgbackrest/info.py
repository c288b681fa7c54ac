"""Read `pgbackrest info --output=json`. Pure."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from standfast.core.errors import CannotVerify
from standfast.mechanisms.backup.engine import Copy, Kind
from standfast.mechanisms.backup.pgbackrest.commands import WORDS
from standfast.mechanisms.backup.pgbackrest.names import STANZA

UNREADABLE = 99
"""The status of a repository that is there and cannot be read, as with a wrong key. Others say what
is not there yet, and then there are no copies."""

KINDS: Mapping[str, Kind] = {word: kind for kind, word in WORDS.items()}


def copies(printed: str) -> tuple[Copy, ...]:
    """Oldest first. Those that the engine found an error in do not count.

    Not strict: a message may quote bytes that it could not decrypt.
    """
    found = (each for stanza in stanzas(printed) for each in of_stanza(stanza))
    return tuple(sorted(found, key=lambda each: each.finished_at))


def identifier(printed: str) -> str:
    """Of the newest cluster; the number of a cluster grows with every upgrade of PostgreSQL."""
    clusters = [
        each for stanza in stanzas(printed) if stanza["name"] == STANZA for each in stanza["db"]
    ]
    if not clusters:
        raise CannotVerify("the repository is ready for no database yet")
    return str(max(clusters, key=lambda each: each["id"])["system-id"])


def stanzas(printed: str) -> list[Mapping[str, Any]]:
    try:
        found: list[Mapping[str, Any]] = json.loads(printed, strict=False)
    except ValueError as error:
        raise CannotVerify("what the engine says of its repository is no JSON") from error
    return found


def of_stanza(stanza: Mapping[str, Any]) -> Iterator[Copy]:
    if stanza["name"] != STANZA:
        return
    for repository in stanza.get("repo", ()):
        if repository["status"]["code"] == UNREADABLE:
            said = repository["status"]["message"].splitlines()[0]
            raise CannotVerify(f"the repository cannot be read: {said}")
    for backup in stanza.get("backup", ()):
        if not backup.get("error"):
            yield copy(backup)


def copy(backup: Mapping[str, Any]) -> Copy:
    """`reference` names those whose files it uses, `prior` the one it was compared with: when that
    one goes, so does this (pgBackRest's manual, "info" and "expire")."""
    return Copy(
        name=backup["label"],
        kind=KINDS[backup["type"]],
        began_at=datetime.fromtimestamp(backup["timestamp"]["start"], UTC),
        finished_at=datetime.fromtimestamp(backup["timestamp"]["stop"], UTC),
        first_segment=backup["archive"]["start"],
        last_segment=backup["archive"]["stop"],
        needs=tuple(sorted({*(backup["reference"] or ()), *filter(None, [backup["prior"]])})),
        database_bytes=backup["info"]["size"],
        stored_bytes=backup["info"]["repository"]["delta"],
    )
