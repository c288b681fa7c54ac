"""Read the statements that a log consists of, slots, proofs and calibrations, at the cost of a
tenth of their signature's.

`statement.py` decides what is a statement: it reads any bytes, writes again what it has read, and
compares. Here only bytes are read of which that can be seen at once; for all others the answer is
`None`, and is no judgement. Invariant: what is read here is what `Statement.from_payload` reads
from the same bytes (`test_plain.py` asks both).

Seen at once means: the JSON library writes what it has read as it was, so nothing is written twice,
spaced, or escaped otherwise than it must be; every object's keys are in order; a model has exactly
its fields, each of the type as which it is written; and every number is one that all writers write
alike.
"""

import hashlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Self, TypeVar

from pydantic_core import from_json, to_json

from standfast.evidence.statement import (
    FIRST_YEAR,
    LAST_YEAR,
    LONGEST_S,
    TYPE,
    Calibration,
    Kind,
    Predicate,
    Proof,
    Run,
    Slot,
    Statement,
    canonical,
)
from standfast.promises.model import Grade, Outcome

PREFIX = b'{"_type":"%b","predicate":' % TYPE.encode()
AFTER = b',"predicateType":"'
NAME = b'"},"name":'
END = b"}]}"

LARGEST = 2**53
"""Whole numbers up to here are the same as integers and as floating point."""

SMALLEST_FRACTION = 1e-4
LARGEST_FRACTION = 1e15
"""Between these nobody writes an exponent."""

STAMP_LENGTH = len("2026-03-01T12:00:00.000Z")


class NotPlain(Exception):
    """It may be a statement or not: somebody else has to look."""


Read = Callable[[Any], object]
Model = TypeVar("Model", bound=Predicate)

word = sys.intern
"""What is said again in entry after entry, in memory once. Raises `TypeError` for what is none."""

MOMENTS_KEPT, NAMES_KEPT, OBJECTIVES_KEPT = 4096, 256, 256
"""A moment stands in a slot, in the one before it and in a proof; a name or an objective in
thousands of entries. What is said again is read once, and is in memory once."""


def words(value: object) -> tuple[str, ...]:
    if type(value) is not list:
        raise NotPlain
    return tuple(map(word, value))


def text(value: object) -> str:
    if type(value) is not str:
        raise NotPlain
    return value


def whole(value: object) -> int:
    if type(value) is not int or not 0 <= value <= LARGEST:
        raise NotPlain
    return value


def number(value: object) -> float:
    """A figure: whole ones are written without a fraction."""
    if type(value) is int and -LARGEST <= value <= LARGEST:
        return float(value)
    if type(value) is float and is_plain_fraction(value) and not value.is_integer():
        return value
    raise NotPlain


def is_plain_fraction(value: float) -> bool:
    return SMALLEST_FRACTION <= abs(value) < LARGEST_FRACTION


@lru_cache(OBJECTIVES_KEPT, typed=True)
def seconds(value: object) -> float:
    found = number(value)
    if not 0 < found <= LONGEST_S:
        raise NotPlain
    return found


def figures(value: object) -> dict[str, float]:
    return {key: number(each) for key, each in in_order(value).items()}


def objective(value: object) -> dict[str, float]:
    return kept(tuple(figures(value).items()))


@lru_cache(OBJECTIVES_KEPT)
def kept(found: tuple[tuple[str, float], ...]) -> dict[str, float]:
    """The same one for all who promise the same. Nobody changes what is in a frozen model."""
    return dict(found)


@lru_cache(MOMENTS_KEPT)
def moment(value: object) -> datetime:
    if type(value) is not str or len(value) != STAMP_LENGTH:
        raise NotPlain
    found = datetime.fromisoformat(value)
    if (
        not FIRST_YEAR <= found.year <= LAST_YEAR
        or f"{found.isoformat(timespec='milliseconds')[:-6]}Z" != value
    ):
        raise NotPlain
    return found


def seen(value: object) -> dict[str, object]:
    found = in_order(value)
    for each in found.values():
        check(each)
    return found


def check(value: object) -> None:
    """Raises `NotPlain` for what another writer might write otherwise."""
    if value is None or type(value) in (str, bool):
        return
    if type(value) is list:
        for each in value:
            check(each)
    elif type(value) is dict:
        for each in in_order(value).values():
            check(each)
    elif not (
        (type(value) is int and -LARGEST <= value <= LARGEST)
        or (type(value) is float and is_plain_fraction(value))
    ):
        raise NotPlain


def in_order(value: object) -> dict[str, object]:
    if type(value) is not dict or list(value) != sorted(value):
        raise NotPlain
    return value


OUTCOMES: Mapping[object, Outcome] = {each.value: each for each in Outcome}
GRADES: Mapping[object, Grade] = {each.value: each for each in Grade}


def outcome(value: object) -> Outcome:
    return OUTCOMES[text(value)]


def grade(value: object) -> Grade:
    return GRADES[text(value)]


def run(value: object) -> Run:
    return filled(Run, RUN, value).is_possible()


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a model in the order in which they are written: how they are called there and
    here, and who reads them."""

    written: tuple[str, ...]
    names: tuple[str, ...]
    reads: tuple[Read, ...]

    @classmethod
    def of(cls, fields: Mapping[str, Read]) -> Self:
        written = tuple(sorted(fields))
        names = tuple("starts_at" if each == "from" else each for each in written)
        return cls(written, names, tuple(fields[each] for each in written))


def filled(model: type[Model], form: Form, value: object) -> Model:
    if type(value) is not dict or tuple(value) != form.written:
        raise NotPlain
    fields = zip(form.names, form.reads, value.values(), strict=True)
    return model.of_checked({name: read(each) for name, read, each in fields})


OF_RUN: Mapping[str, Read] = {
    "promise": word,
    "drill": word,
    "outcome": outcome,
    "grade": grade,
    "stand_ins": words,
    "objective": objective,
    "measured": figures,
    "started_at": moment,
    "ended_at": moment,
    "run": text,
    "story": words,
    "seen": seen,
}
RUN = Form.of(OF_RUN)
PROOF = Form.of({**OF_RUN, "slot": whole})
SLOT = Form.of(
    {
        "promise": word,
        "drill": word,
        "statement": word,
        "objective": objective,
        "default_objective": objective,
        "proof": word,
        "from": moment,
        "until": moment,
        "calibrated_within_s": seconds,
        "period_s": seconds,
    }
)
CALIBRATION = Form.of(
    {
        "promise": word,
        "fault": word,
        "fault_words": word,
        "planted_at": moment,
        "removed_at": moment,
        "red": run,
        "green": run,
    }
)


def proof(value: object) -> Proof:
    made = filled(Proof, PROOF, value)
    made.is_possible()
    return made


def slot(value: object) -> Slot:
    return filled(Slot, SLOT, value).ends_after_it_starts()


def calibration(value: object) -> Calibration:
    return filled(Calibration, CALIBRATION, value)


KINDS: Mapping[bytes, Callable[[object], Slot | Proof | Calibration]] = {
    Kind.PROOF.predicate_type.encode(): proof,
    Kind.SLOT.predicate_type.encode(): slot,
    Kind.CALIBRATION.predicate_type.encode(): calibration,
}


def statement(payload: bytes) -> Statement:
    """What is in a payload. Raises `CannotVerify` for any bytes that `Statement.payload` would not
    write."""
    return read(payload) or Statement.from_payload(payload)


def read(payload: bytes) -> Statement | None:
    """The statement, or None where that takes a closer look."""
    at = payload.rfind(AFTER)
    kind, _, rest = payload[at + len(AFTER) :].partition(b'"')
    if at < 0 or kind not in KINDS or not payload.startswith(PREFIX):
        return None
    written = payload[len(PREFIX) : at]
    digest = hashlib.sha256(written).hexdigest().encode()
    subject = b',"subject":[{"digest":{"sha256":"%b%b' % (digest, NAME)
    if not rest.startswith(subject) or not rest.endswith(END):
        return None
    try:
        value = from_json(written, allow_inf_nan=False)
        if to_json(value) != written:
            return None
        predicate = KINDS[kind](value)
        site, about = named(rest[len(subject) : -len(END)])
    except (ValueError, KeyError, TypeError, NotPlain):
        return None
    return Statement(site=site, predicate=predicate) if about == predicate.promise else None


@lru_cache(NAMES_KEPT)
def named(written: bytes) -> tuple[str, str]:
    """The site, and the promise of which a statement is."""
    name = text(from_json(written))
    if canonical(name) != written:
        raise NotPlain
    site, _, about = name.rpartition("/")
    if f"{site}/{about}" != name:
        raise NotPlain
    return site, about
