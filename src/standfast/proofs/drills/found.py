"""Listen to a load to its end, and keep what it found."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from standfast.core.errors import Unreachable
from standfast.proofs.drills.events import Cannot, Progress, Rows, Stored, read_events
from standfast.proofs.drills.measure import Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`stored`: one id for every stored row; None, with the `problem`, if nobody could say."""

    requests: tuple[Asked, ...]
    stored: tuple[str, ...] | None
    problem: str


def listen(
    stream: IO[bytes], *, total: int, on: Callable[[Progress], None], early: bool = False
) -> Found:
    """`on` is called every second. Raises `Unreachable` unless all `total` requests are told:
    a part of them would prove nothing. `early`: the load may end before, and says how many."""
    requests: list[Asked] = []
    for event in read_events(stream):
        match event:
            case Progress():
                on(event)
            case Rows():
                requests += [asked(row) for row in event.rows]
            case Cannot():
                raise Unreachable(
                    f"the load could not go on: {event.cannot}",
                    remedy="Does [service.canary] fit the service, and does the service answer?",
                )
            case Stored() if len(requests) == (event.asked if early else total):
                return Found(requests=tuple(requests), stored=event.stored, problem=event.problem)
    raise Unreachable(
        f"the load ended with {len(requests):,} of {total:,} requests told",
        remedy="Was it killed, or is the computer that asks out of memory?",
    )


def asked(row: tuple[str, str, int, float, float, str]) -> Asked:
    kind, identity, status, sent_s, took_s, error = row
    return Asked(kind=kind, id=identity, status=status, sent_s=sent_s, took_s=took_s, error=error)
