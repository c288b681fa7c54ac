"""What there is to know of a snapshot, and how restic prints it (`--json`). Pure.

Held to what restic 0.14 (Debian 12) and 0.18 (Debian 13) both print.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from standfast.core.errors import CannotVerify
from standfast.core.units import parse_stamp, stamp

MARK = "standfast"
PART = "standfast-part"
"""Tags: a whole snapshot, and a part of one that was on its way (`parts.py`)."""

POSITION, DATA_AT, COPY = "position=", "data-at=", "copy="


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a snapshot holds: the copy that was restored, the position in the WAL to which it was
    replayed (`0/5000028`), and the time of its newest heartbeat."""

    copy: str
    position: str
    data_at: datetime

    @property
    def tags(self) -> tuple[str, ...]:
        return (
            MARK,
            f"{COPY}{self.copy}",
            f"{POSITION}{self.position}",
            f"{DATA_AT}{stamp(self.data_at)}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """`taken_at` and `machine` are the word of whoever took it. `source` is None for one that
    Standfast did not take, `is_part` for one that is not whole."""

    id: str
    taken_at: datetime
    machine: str
    folder: str
    source: Source | None = None
    is_part: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """`added_bytes` were new to the store."""

    id: str
    added_bytes: int
    total_bytes: int


def snapshots(printed: str) -> tuple[Snapshot, ...]:
    """Of `restic snapshots --json`, oldest first. Nothing there is `null` or an empty list."""
    found = [snapshot(each) for each in documents(printed) or ()]
    return tuple(sorted(found, key=lambda each: each.taken_at))


def snapshot(document: Mapping[str, Any]) -> Snapshot:
    tags = tuple(document.get("tags") or ())
    return Snapshot(
        id=document["id"],
        taken_at=datetime.fromisoformat(document["time"]),
        machine=document.get("hostname", ""),
        folder=document["paths"][0],
        source=source(tags),
        is_part=PART in tags,
    )


def source(tags: Iterable[str]) -> Source | None:
    """Anybody who holds the first key can write tags, so what is not ours is no error."""
    told = {name: tag[len(name) :] for tag in tags for name in NAMES if tag.startswith(name)}
    try:
        return Source(copy=told[COPY], position=told[POSITION], data_at=parse_stamp(told[DATA_AT]))
    except (KeyError, ValueError):
        return None


NAMES = (POSITION, DATA_AT, COPY)


def taken(printed: str) -> Taken:
    """Of `restic backup --json`: the last of its lines that is a summary."""
    for line in reversed(printed.splitlines()):
        said = documents(line)
        if isinstance(said, dict) and said.get("message_type") == "summary":
            return Taken(
                id=said["snapshot_id"],
                added_bytes=said["data_added"],
                total_bytes=said["total_bytes_processed"],
            )
    raise CannotVerify("restic did not say which snapshot it took")


def stored_bytes(printed: str) -> int:
    """Of `restic stats --json`, in either mode."""
    return int(documents(printed)["total_size"])


def documents(printed: str) -> Any:
    try:
        return json.loads(printed)
    except ValueError as error:
        raise CannotVerify(f"what restic said is no JSON: {printed[:200]!r}") from error
