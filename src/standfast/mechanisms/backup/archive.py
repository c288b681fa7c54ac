"""See that no repository that is away fills a primary's disk: on a database machine, every minute.

    python3 -m standfast.mechanisms.backup.archive

Observe, decide (`absence.py`), record, apply. What is known of each repository stands in a file
beside the spool; what WAL is sent by, in a configuration there, which `archive_command` takes. A
machine that is no primary sends nothing, so nobody is silent to it, and what is out comes back by
answering.

*Invariant.* The record is written before the configuration: killed between the two, the next minute
makes the configuration of it. A repository is counted again only when a full copy that was begun
after it was put back is finished; its own machine takes that copy by itself (`take.py`). Standard
library only.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from standfast.core.clock import SystemClock
from standfast.core.command import SystemRunner
from standfast.core.files import write_atomically
from standfast.core.units import parse_stamp, stamp
from standfast.mechanisms.backup import absence, wal
from standfast.mechanisms.backup.absence import (
    Count,
    PutBack,
    Seen,
    Standing,
    Step,
    TakeFull,
    TakeOut,
)
from standfast.mechanisms.backup.pgbackrest import sending
from standfast.mechanisms.backup.pgbackrest.names import ARCHIVE_CONF, DATABASE_CONF
from standfast.mechanisms.backup.pgbackrest.sending import Sending
from standfast.mechanisms.backup.places import SPOOL

RECORD = f"{SPOOL}/absence.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Of one repository, from one minute to the next; moments as `stamp` writes them."""

    standing: Standing = Standing.IN
    silent_since: str | None = None
    answers_since: str | None = None
    put_back_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was seen of one repository now. `answers` is only asked of one that is out, `is_full` of
    one that returns."""

    holds_up: bool
    answers: bool = False
    is_full: bool = False


def known_now(before: Known, asked: Asked, now: datetime) -> Known:
    """With since when it is so."""
    silent = (before.silent_since or stamp(now)) if asked.holds_up else None
    answers = (before.answers_since or stamp(now)) if asked.answers else None
    return replace(before, silent_since=silent, answers_since=answers)


def seen(machine: str, known: Known, asked: Asked) -> Seen:
    return Seen(
        machine=machine,
        standing=known.standing,
        silent_since=moment(known.silent_since),
        answers_since=moment(known.answers_since),
        is_full=asked.is_full,
    )


def after(known: Known, step: Step, now: datetime) -> Known:
    match step:
        case TakeOut():
            return Known(standing=Standing.OUT)
        case PutBack():
            return Known(standing=Standing.RETURNING, put_back_at=stamp(now))
        case Count():
            return Known()
        case _:
            return known


def moment(text: str | None) -> datetime | None:
    return None if text is None else parse_stamp(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """`conf` is what `up` wrote, `made` what WAL is sent by; `data` is PostgreSQL's folder."""

    sending: Sending
    conf: Path
    made: Path
    record: Path
    data: Path

    def turn(self, now: datetime) -> tuple[Step, ...]:
        """Return what was decided."""
        conf = self.conf.read_text()
        numbers = sending.repositories(conf)
        before = self._remembered(numbers)
        asked = dict(self._asked(numbers, before))
        known = {name: known_now(before[name], asked[name], now) for name in numbers}
        given = [seen(name, known[name], asked[name]) for name in numbers]
        held_bytes = len(self.waiting()) * wal.SEGMENT_BYTES
        steps = tuple(absence.decide(given, held_bytes, now))
        for step in steps:
            known[step.machine] = after(known[step.machine], step, now)
        self._remember(known)
        out = {numbers[name] for name, each in known.items() if each.standing is Standing.OUT}
        self._send_by(sending.without(conf, out))
        return steps

    def waiting(self) -> frozenset[str]:
        """Segments that some repository does not have yet."""
        ready = (self.data / "pg_wal" / "archive_status").glob("*.ready")
        return frozenset(each.stem for each in ready if wal.is_segment(each.stem))

    def _asked(
        self, numbers: Mapping[str, int], before: Mapping[str, Known]
    ) -> Iterator[tuple[str, Asked]]:
        blamed = self.sending.blamed(self.waiting())
        for name, number in numbers.items():
            known = before[name]
            if known.standing is Standing.IN:
                yield name, Asked(holds_up=number in blamed)
                continue
            copies = self.sending.copies(number)
            since = moment(known.put_back_at)
            yield (
                name,
                Asked(
                    holds_up=number in blamed and known.standing is Standing.RETURNING,
                    answers=copies is not None,
                    is_full=since is not None and sending.has_full_since(copies or (), since),
                ),
            )

    def _remembered(self, names: Iterable[str]) -> Mapping[str, Known]:
        """What cannot be read is forgotten: whoever is away is found out again."""
        try:
            said: dict[str, Any] = json.loads(self.record.read_bytes())
        except (OSError, ValueError):
            said = {}
        return {name: known_of(said[name]) if name in said else Known() for name in names}

    def _remember(self, known: Mapping[str, Known]) -> None:
        document = {name: asdict(each) for name, each in sorted(known.items())}
        write_if_other(self.record, json.dumps(document, indent=1).encode())

    def _send_by(self, conf: str) -> None:
        write_if_other(self.made, conf.encode())


def known_of(said: dict[str, Any]) -> Known:
    return Known(**{**said, "standing": Standing(said["standing"])})


def write_if_other(path: Path, content: bytes) -> None:
    if not path.exists() or path.read_bytes() != content:
        write_atomically(path, content, mode=0o640)


def words(step: Step) -> str:
    match step:
        case TakeOut(machine=machine, reason=reason):
            return (
                f"{machine} takes no WAL ({reason}), so none is sent to it: its copies have a gap"
            )
        case PutBack(machine=machine):
            return f"{machine} answers again, and WAL is sent to it; a full copy is due there"
        case Count(machine=machine) | TakeFull(machine=machine):
            return f"{machine} has a full copy since it came back, so it counts again"


def main(data: str) -> int:
    archive = Archive(
        sending=Sending(spool=Path(SPOOL), runner=SystemRunner()),
        conf=Path(DATABASE_CONF),
        made=Path(ARCHIVE_CONF),
        record=Path(RECORD),
        data=Path(data),
    )
    for step in archive.turn(SystemClock().now()):
        if not isinstance(step, TakeFull):  # its own machine does that
            print(words(step))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
