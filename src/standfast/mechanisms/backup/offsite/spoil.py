"""Mislead whoever reads from the store, so that the promise about it is seen red.

    python3 -m standfast.mechanisms.backup.offsite.spoil refused-store
    python3 -m standfast.mechanisms.backup.offsite.spoil old-snapshot
    python3 -m standfast.mechanisms.backup.offsite.spoil truncated-snapshot
    python3 -m standfast.mechanisms.backup.offsite.spoil none

Nothing in the store is touched, and the next upload knows nothing of it. `refused-store` asks the
real one by a name or a key that it does not know; `old-snapshot` leads to a repository beside,
whose only snapshot is three days old; `truncated-snapshot` cuts a file short as it comes back.
`none` takes it all away. Each may be repeated. Standard library only.
"""

import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from platform import node
from typing import Any

from standfast.core.clock import SystemClock
from standfast.core.command import Runner, SystemRunner
from standfast.core.files import write_atomically
from standfast.mechanisms.backup.offsite.machine import Files, opened
from standfast.mechanisms.backup.offsite.places import PLANTED
from standfast.mechanisms.backup.offsite.snapshots import Source
from standfast.mechanisms.backup.offsite.store import Kind, Store
from standfast.mechanisms.backup.places import USER
from standfast.mechanisms.hosts.agent.faults import CommandFault
from standfast.mechanisms.hosts.bundle import File
from standfast.mechanisms.hosts.names import FAULTS

CUT_SHORT = "cut_short"
OLD = timedelta(days=3)
NOBODY = "nobody"
ANOTHER_KEY = "not-the-key-of-this-store"
EXPIRED = "sv=2020-08-04&ss=b&srt=sco&sp=rl&se=2020-01-01T00:00:00Z&sig=AAAA"
"""A shared access signature of Azure's that has ended, and was never signed."""


class Spoilt(StrEnum):
    NONE = "none"
    REFUSED_STORE = "refused-store"
    OLD_SNAPSHOT = "old-snapshot"
    TRUNCATED_SNAPSHOT = "truncated-snapshot"


def files_of(source: str) -> Iterator[File]:
    """The declarations of what may be planted. `source` is the folder of our own source there."""
    for kind in Spoilt:
        if kind is not Spoilt.NONE:
            fault = CommandFault(
                name=kind.value, plant=told(kind, source), remove=told(Spoilt.NONE, source)
            )
            yield File(path=f"{FAULTS}/{fault.name}.json", content=fault.declaration())


def told(kind: Spoilt, source: str) -> tuple[str, ...]:
    """As the repository's own user: what only root may do is not needed."""
    return (
        *("runuser", "-u", USER, "--"),
        *("env", f"PYTHONPATH={source}", "PYTHONDONTWRITEBYTECODE=1"),
        *("/usr/bin/python3", "-m", "standfast.mechanisms.backup.offsite.spoil", kind.value),
    )


def refused(store: Store) -> Mapping[str, Any]:
    """How each kind of store is asked so that it says no."""
    match store.kind:
        case Kind.S3:
            return {"words": {"AWS_SECRET_ACCESS_KEY": ANOTHER_KEY}}
        case Kind.AZURE:
            return {"words": {"AZURE_ACCOUNT_SAS": EXPIRED}}
        case Kind.SFTP:
            parts = store.parts
            place = f"{NOBODY}@{parts['host']}:{parts['port']}{parts['folder']}"
            return {"store": asdict(replace(store, location=place))}
        case Kind.FOLDER:
            return {"store": asdict(replace(store, location=f"/{NOBODY}"))}


def old(folder: Path, words: Mapping[str, str], runner: Runner, now: datetime) -> Mapping[str, Any]:
    """A real repository, with this site's key."""
    held = folder / "held"
    held.mkdir(parents=True)
    (held / "PG_VERSION").write_text("0\n")
    store = Store(kind=Kind.FOLDER, location=str(folder / "repository"))
    repository = opened(store, words, runner, cache=None)
    repository.prepare()
    source = Source(copy="planted", position="0/0", data_at=now - OLD)
    repository.snapshot(held, source, machine=node(), now=now - OLD)
    return {"store": asdict(store)}


def spoil(kind: Spoilt, files: Files, planted: Path, *, runner: Runner, now: datetime) -> None:
    files.override.unlink(missing_ok=True)
    shutil.rmtree(planted, ignore_errors=True)
    said: Mapping[str, Any]
    match kind:
        case Spoilt.NONE:
            return
        case Spoilt.REFUSED_STORE:
            said = refused(files.known_store())
        case Spoilt.OLD_SNAPSHOT:
            said = old(planted, files.words(), runner, now)
        case Spoilt.TRUNCATED_SNAPSHOT:
            said = {CUT_SHORT: True}
    write_atomically(files.override, json.dumps(said).encode(), mode=0o640)


def main(kind: str) -> int:
    spoil(Spoilt(kind), Files(), Path(PLANTED), runner=SystemRunner(), now=SystemClock().now())
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
