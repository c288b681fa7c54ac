"""Say what is in a folder on this machine, and of what was brought back how far it is:

    python3 -m standfast.mechanisms.recovery.point_in_time.look [FOLDER]

Without a folder: of all that were ordered here. Prints JSON (`Found`). Changes nothing. Standard
library only.
"""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from standfast.core.command import Command, Runner, SystemRunner
from standfast.mechanisms.recovery.point_in_time.orders import (
    ORDERS,
    Order,
    Phase,
    State,
    file_of,
    unit,
)

RESTORED_WAL = re.compile(rb'restored log file "([0-9A-F]{24})" from archive')
LOG = "log"
LOG_TAIL_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Of one folder. `ancestor` is the nearest folder above it, or itself, that there is;
    `free_bytes` are of its disk. `entries` counts what is in the folder; None where it is a file.
    `bytes` have come back of the copy, and `segment` of WAL was the last that was replayed; both
    only while that goes on."""

    folder: str
    order: Order | None
    state: State
    running: bool
    entries: int | None
    ancestor: str
    free_bytes: int
    bytes: int = 0
    segment: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> "Found":
        order = document["order"] and Order(**document["order"])
        return cls(**{**document, "order": order, "state": State.from_dict(document["state"])})


def look(folder: Path, runner: Runner, orders: str = ORDERS) -> Found:
    ordered = file_of(str(folder), orders)
    order = Order.from_json(ordered.read_bytes()) if ordered.is_file() else None
    state = State.read(folder) if order else State()
    ancestor = next(each for each in (folder, *folder.parents) if each.exists())
    return Found(
        folder=str(folder),
        order=order,
        state=state,
        running=order is not None and is_active(str(folder), runner),
        entries=count(folder),
        ancestor=str(ancestor),
        free_bytes=shutil.disk_usage(ancestor).free,
        bytes=come_back(folder) if state.phase is Phase.RESTORING else 0,
        segment=last_replayed(folder / LOG) if state.phase is Phase.REPLAYING else None,
    )


def count(folder: Path) -> int | None:
    if not folder.exists():
        return 0
    return sum(1 for _ in folder.iterdir()) if folder.is_dir() else None


def is_active(folder: str, runner: Runner) -> bool:
    asked = Command(argv=("systemctl", "is-active", "--quiet", unit(folder)))
    return runner.run(asked, check=False).status == 0


def come_back(folder: Path) -> int:
    return sum(sizes(folder / "data")) + sum(sizes(folder / "tablespaces"))


def sizes(folder: Path) -> Iterator[int]:
    for path in folder.rglob("*"):
        try:
            yield path.stat().st_size if path.is_file() else 0
        except OSError:  # a file that went while we looked
            continue


def last_replayed(log: Path) -> str | None:
    """By the server's own words, of which only the last are read."""
    if not log.is_file():
        return None
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - LOG_TAIL_BYTES))
        names = RESTORED_WAL.findall(file.read())
    return names[-1].decode() if names else None


def main(words: list[str]) -> int:
    orders = (Order.from_json(each.read_bytes()) for each in sorted(Path(ORDERS).glob("*.json")))
    folders = words or [each.folder for each in orders]
    runner = SystemRunner()
    print(json.dumps([look(Path(each), runner).to_dict() for each in folders]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
