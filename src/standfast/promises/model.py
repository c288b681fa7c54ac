"""The words of a promise. Pure data; everything above points here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

Figures = Mapping[str, float]
"""Objective or measurement: name with its unit at the end (`outage_s`, `failed_requests`)."""


class Outcome(StrEnum):
    """How one proof ended."""

    KEPT = "kept"
    BROKEN = "broken"
    INCONCLUSIVE = "inconclusive"


class State(StrEnum):
    """What may be said of a promise now. What could not be checked is never shown as kept."""

    KEPT = "kept"
    BROKEN = "broken"
    UNPROVEN = "unproven"


class Grade(StrEnum):
    """How much a proof is worth. Derived from what was measured, never set by hand."""

    REAL = "real"
    REHEARSED = "rehearsed"
    ATTESTED = "attested"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One proof of a promise, by one drill or observation.

    `objective` holds upper limits. Its check must have been seen red by planting `fault`;
    `fault_words` say what that is.
    """

    drill: str
    proof: str
    objective: Figures
    fault: str
    fault_words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One sentence of the page. It is worth as much as the worst of its parts.

    Every part must be proven again within `period`, and its check seen red within
    `calibrated_within`.
    """

    id: str
    statement: str
    parts: tuple[Part, ...]
    period: timedelta
    calibrated_within: timedelta
    grades: frozenset[Grade]
    mechanism: str

    def part(self, drill: str) -> Part | None:
        return next((each for each in self.parts if each.drill == drill), None)
