"""The visitor: a thread of the keeper that writes the log. It asks for the service as a
customer would, at each public address of the edges, and has it logged every hour how many looks
were answered.

Loop: observe (one visit to each address), decide (`proofs/monitoring/availability.py`), apply (a
count, signed by this monitor's own key, into this keeper's spool). What is being counted lies in a
file, so a monitor that dies says when it is back what it had counted.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock

from pydantic import ValidationError

from standfast.core.clock import Clock
from standfast.core.files import write_atomically
from standfast.evidence.envelope import leaf
from standfast.evidence.signing import Signer
from standfast.evidence.statement import Availability, canonical
from standfast.proofs.monitoring.availability import Look, Pace, counted, is_over
from standfast.proofs.monitoring.visit import Answer, Door

IDLE_PACE_S = 0.5
"""How soon it is seen that this keeper writes the log, or does not any more."""

Ask = Callable[[Door], Answer]


@dataclass(slots=True, kw_only=True)
class Visitor:
    """`writes`: whether this keeper writes the log; `hand_in` puts a leaf into its spool; `kept` is
    the file of what is being counted; `has_begun`: whether the log has any count, because a service
    that was never there has no outage before its first answer. `end` may be called by another
    thread."""

    site: str
    signer: Signer
    clock: Clock
    pace: Pace
    doors: Sequence[Door]
    ask: Ask
    writes: Callable[[], bool]
    hand_in: Callable[[bytes], None]
    kept: Path
    has_begun: Callable[[], bool]
    running: Availability | None = None
    due_at: float = float("-inf")
    has_ended: bool = False
    lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.running = remembered(self.kept)

    def turn(self) -> float:
        """Return how long to pause."""
        self._end_if_over()
        if self.has_ended or not self.writes():
            return IDLE_PACE_S
        left = self.due_at - self.clock.monotonic()
        if left > 0:
            return min(left, IDLE_PACE_S)
        self.due_at = self.clock.monotonic() + self.pace.every_s
        look = self._look()
        if look is not None:
            self._count(look)
        return min(max(self.due_at - self.clock.monotonic(), 0.0), IDLE_PACE_S)

    def end(self) -> None:
        """What was counted is handed in now; nothing is after it."""
        with self.lock:
            self.has_ended = True
            self._hand_in_running()

    def _look(self) -> Look | None:
        at = self.clock.now()
        with ThreadPoolExecutor(len(self.doors)) as pool:
            said = dict(
                zip(
                    (each.address for each in self.doors),
                    pool.map(self.ask, self.doors),
                    strict=True,
                )
            )
        return look_of(at, said)

    def _count(self, look: Look) -> None:
        with self.lock:
            is_first = self.running is None and not look.answered
            if self.has_ended or (is_first and not self.has_begun()):
                return
            found = counted(self.running, look, self.pace)
            if found.ended is not None:
                self._hand_in(found.ended)
            self.running = found.running
            said = found.running.model_dump(mode="json", by_alias=True)
            write_atomically(self.kept, canonical(said))

    def _end_if_over(self) -> None:
        with self.lock:
            if self.running is not None and is_over(self.running, self.clock.now()):
                self._hand_in_running()

    def _hand_in_running(self) -> None:
        if self.running is not None:
            self._hand_in(self.running)
        self.running = None
        self.kept.unlink(missing_ok=True)

    def _hand_in(self, count: Availability) -> None:
        """Made again of the same count, a leaf is the same, and is logged once."""
        self.hand_in(leaf(self.site, count, self.signer))
        say(f"{count.answered} of {count.looks} looks at the service were answered")


def look_of(at: datetime, said: Mapping[str, Answer]) -> Look | None:
    """None where there is no way to any of them: who cannot look has not looked."""
    if all(each is Answer.NO_WAY for each in said.values()):
        return None
    return Look(at=at, answers={name: each is Answer.SUCCESS for name, each in said.items()})


def remembered(path: Path) -> Availability | None:
    """What was being counted when this monitor died. A file that cannot be read was damaged, and
    what it said is lost."""
    try:
        return Availability.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        say(f"what was counted cannot be read and is forgotten: {path}")
        path.unlink()
        return None


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
