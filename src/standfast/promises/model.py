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
class Promise:
    """One sentence of the page.

    `objective` holds upper limits. It must be proven again within `period`; its check must have
    been seen red, by planting `fault` (`fault_words` say what that is), within
    `calibrated_within`.
    """

    id: str
    statement: str
    proof: str
    objective: Figures
    period: timedelta
    calibrated_within: timedelta
    grades: frozenset[Grade]
    mechanism: str
    drill: str
    fault: str
    fault_words: str
