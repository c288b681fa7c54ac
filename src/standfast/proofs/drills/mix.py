"""What is asked, and in which order: the canary contract, filled in. Pure; stdlib only."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from standfast.proofs.drills.visitor import Asking

READ = "read"
WRITE = "write"

PLACE = re.compile(r"\{(\w+)\}")

Contract = Mapping[str, Any]
"""One request of `[service.canary]`: `method`, `path`, `json`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`id` is what a write is stored under; empty for a read."""

    kind: str
    id: str
    asking: Asking


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """`ids` is a pattern with `{number}`, so every write of a run has an id that none else has."""

    read: Sequence[Contract]
    write: Contract
    ids: str
    write_share: float
    known: Mapping[str, str]

    def wanted(self, number: int) -> Wanted:
        """The request of that number. Writes are spread evenly through the schedule."""
        before, after = int(number * self.write_share), int((number + 1) * self.write_share)
        if after > before:
            return self.saving(number)
        return self.reading(number - before)

    def reading(self, number: int) -> Wanted:
        request = self.read[number % len(self.read)]
        return Wanted(kind=READ, id="", asking=filled(request, self.known))

    def saving(self, number: int) -> Wanted:
        identity = self.ids.format(number=number)
        asking = filled(self.write, {**self.known, "id": identity}, key=identity)
        return Wanted(kind=WRITE, id=identity, asking=asking)


def place(number: int, *, sessions: int, places: int) -> int:
    """To which of so many addresses a visitor keeps, who makes the request of that number."""
    return number % sessions % places


def filled(request: Contract, known: Mapping[str, str], *, key: str = "") -> Asking:
    """In a path every value is quoted (RFC 3986, section 2.1); in a body it stands as it is."""
    quoted = {name: quote(value, safe="") for name, value in known.items()}
    return Asking(
        method=request["method"],
        path=fill(request["path"], quoted),
        body=fill(request.get("json"), known),
        key=key,
    )


def fill(value: Any, known: Mapping[str, str]) -> Any:
    """Put what is known for `{name}` into every string, however deep."""
    match value:
        case str():
            return PLACE.sub(lambda place: known.get(place[1], place[0]), value)
        case dict():
            return {name: fill(each, known) for name, each in value.items()}
        case list():
            return [fill(each, known) for each in value]
    return value
