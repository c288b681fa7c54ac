"""What the load says, one JSON document per line, checked as everything from another process is.

The load's own file uses the standard library alone, so it writes these shapes by hand; a test
runs the real process and reads it back through here.
"""

import os
import select
from collections.abc import Iterator
from typing import IO

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, NonNegativeInt, TypeAdapter
from pydantic import ValidationError as Invalid

from standfast.core.errors import Unreachable

SILENCE_LIMIT_S = 30.0
"""The load speaks every second; it was not heard for this long because it is not there."""

LINE_LIMIT_BYTES = 64 * 1024 * 1024
"""The list of everything that a run stored, with room."""

CHUNK_BYTES = 64 * 1024


class Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Progress(Event):
    """Every second. `at_s` counts from the first request that was due."""

    asked: NonNegativeInt
    failed: NonNegativeInt
    at_s: NonNegativeFloat


class Rows(Event):
    """Kind, id, status (0 without an answer), due_s, took_s, what was wrong (or nothing)."""

    rows: tuple[tuple[str, str, NonNegativeInt, float, float, str], ...]


class Stored(Event):
    """The last event: one id for every stored row, or why they could not be listed. So many
    requests were `asked`."""

    stored: tuple[str, ...] | None
    problem: str
    asked: NonNegativeInt


class Cannot(Event):
    """The load ended before anything was attacked."""

    cannot: str


AnyEvent = Progress | Rows | Stored | Cannot

READER: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)


def read_events(stream: IO[bytes]) -> Iterator[AnyEvent]:
    """Until the stream ends. Silence and nonsense are `Unreachable`."""
    for line in lines(stream.fileno()):
        try:
            yield READER.validate_json(line)
        except Invalid as error:
            raise Unreachable(
                "the load said something that is no event",
                remedy="Does the vantage run the same release of Standfast?",
            ) from error


def lines(handle: int) -> Iterator[bytes]:
    """Read past Python's buffers, so that waiting has a limit."""
    rest = bytearray()
    while chunk := next_chunk(handle):
        rest += chunk
        while (end := rest.find(b"\n")) >= 0:
            yield bytes(rest[:end])
            del rest[: end + 1]
        if len(rest) > LINE_LIMIT_BYTES:
            raise Unreachable("the load said more in one line than is read")


def next_chunk(handle: int) -> bytes:
    ready, _, _ = select.select([handle], [], [], SILENCE_LIMIT_S)
    if not ready:
        raise Unreachable(
            f"the load has been silent for {SILENCE_LIMIT_S:.0f} s",
            remedy="Is the computer that asks, the vantage, overloaded or stopped?",
        )
    return os.read(handle, CHUNK_BYTES)
