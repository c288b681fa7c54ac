"""Observation `tamper`: every monitor's copy of the record is whole and the same, enough witnesses
have cosigned it, and whatever is done to a copy is noticed.

Each monitor looks at its own copy (`copy_of_record.py`); what they found is compared here with what
customers are shown.
"""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from standfast.core.errors import StandfastError
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.monitor.plan import HOME
from standfast.promises.model import Figures
from standfast.proofs.drills.ground import Ground, Published, Ran
from standfast.proofs.drills.program import program, unreadable

COPY = f"{HOME}/www/log"
MODULE = "standfast.proofs.drills.copy_of_record"
ROUNDS = 3
"""Of each way to change a copy: at its first entry, at its last, and at one that is drawn."""

LOOKING_LIMIT_S = 300
SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What one monitor found of its copy: `root` of its first `size` entries. `problem`: why it
    found nothing."""

    monitor: str
    size: int = 0
    root: str | None = None
    complaints: tuple[str, ...] = ()
    cosigned: tuple[str, ...] = ()
    enough: bool = False
    tried: int = 0
    unseen: tuple[str, ...] = ()
    problem: str = ""

    def is_whole(self, shown: Published) -> bool:
        """As far as it goes."""
        return not self.problem and not self.complaints and self.root == shown.root(self.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tamper:
    def prepare(self, ground: Ground) -> None:
        """Nothing is needed, and nothing disturbed."""

    def run(self, ground: Ground, *, short: bool) -> Ran:
        started = ground.clock.now()
        shown = ground.published()
        monitors = ground.having(Role.MONITOR)
        with ThreadPoolExecutor(len(monitors)) as pool:
            found = list(
                pool.map(lambda each: look(ground, ground.connections[each.name], shown), monitors)
            )
        measured = figures(found, shown)
        story = told(found, shown, measured)
        ground.tell(story[0])
        return Ran(
            target="",
            run=str(ground.run),
            measured=measured,
            story=story,
            seen={
                "size": shown.size,
                "root": shown.root(shown.size),
                "copies": {each.monitor: each.size for each in found},
                "cosigned": {each.monitor: list(each.cosigned) for each in found},
            },
            started_at=started,
            ended_at=ground.clock.now(),
        )


def look(ground: Ground, connection: Connection, shown: Published) -> Looked:
    monitor = connection.machine.name
    asked = {
        "folder": COPY,
        "log": shown.log,
        "policy": shown.policy,
        "at": shown.size,
        "rounds": ROUNDS,
        "seed": ground.run.int,
    }
    try:
        said = connection.run(
            program(ground.programs, MODULE, python=ground.python),
            stdin=json.dumps(asked).encode(),
            timeout_s=LOOKING_LIMIT_S,
        )
        return read(monitor, json.loads(said.stdout))
    except StandfastError as error:
        return Looked(monitor=monitor, problem=error.problem)
    except (ValueError, TypeError, KeyError) as error:
        raise unreadable(monitor, "of its copy") from error


def read(monitor: str, said: Mapping[str, Any]) -> Looked:
    if "problem" in said:
        return Looked(monitor=monitor, problem=str(said["problem"]))
    return Looked(
        monitor=monitor,
        size=int(said["size"]),
        root=said["root"],
        complaints=tuple(said["complaints"]),
        cosigned=tuple(said["cosigned"]),
        enough=bool(said["enough"]),
        tried=int(said["tried"]),
        unseen=tuple(said["unseen"]),
    )


def figures(found: Sequence[Looked], shown: Published) -> dict[str, float]:
    return {
        "altered_copies": sum(not each.is_whole(shown) for each in found),
        "late_copies": sum(each.size < shown.size for each in found if not each.problem),
        "unseen_changes": sum(len(each.unseen) for each in found),
        "lone_checkpoints": sum(not each.enough for each in found if not each.problem),
        "changes": sum(each.tried for each in found),
        "copies": len(found),
    }


def told(found: Sequence[Looked], shown: Published, measured: Figures) -> tuple[str, ...]:
    whole = sum(each.is_whole(shown) for each in found)
    seen = measured["changes"] - measured["unseen_changes"]
    return (
        f"{shown.size} entries in {len(found)} copies … {whole} whole and the same; "
        f"{seen:.0f} of {measured['changes']:.0f} changes noticed",
        *[line for each in found for line in wrong(each, shown)][:SHOWN],
    )


def wrong(looked: Looked, shown: Published) -> list[str]:
    if looked.problem:
        return [f"{looked.monitor}: {looked.problem}"]
    lines = [f"{looked.monitor}: {each}" for each in looked.complaints]
    if looked.size < shown.size:
        lines.append(f"{looked.monitor} has {looked.size} of {shown.size} entries")
    if looked.root is not None and looked.root != shown.root(looked.size):
        lines.append(f"{looked.monitor} has another record than customers are shown")
    if not looked.enough:
        by = ", ".join(looked.cosigned) or "nobody"
        lines.append(f"{looked.monitor}: cosigned by {by}")
    return lines + [f"{looked.monitor} did not notice: {each}" for each in looked.unseen]
