"""Read the statements of which a log consists, all but notices, at a tenth of the cost of their
signatures.

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
from datetime import datetime
from functools import lru_cache
from typing import Any

from pydantic_core import from_json, to_json

from standfast.evidence.statement import (
    FIRST_YEAR,
    LAST_YEAR,
    LONGEST_S,
    MOST_ADDRESSES,
    MOST_OUTAGES,
    SLOWEST_S,
    TYPE,
    Answers,
    Availability,
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

STAMP = "2026-03-01T12:00:00.000Z"
"""Marks at these places leave only digits between them. Later Pythons know an hour 24."""


class NotPlain(Exception):
    """It may be a statement or not: somebody else has to look."""


Read = Callable[[Any], object]

word = sys.intern
"""What is said again in entry after entry, in memory once. Raises `TypeError` for what is none."""

NAMES_KEPT = OBJECTIVES_KEPT = SLOTS_KEPT = 256
"""A name or an objective stands in thousands of entries: it is read once, and is in memory once."""


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


def pace(value: object) -> float:
    found = number(value)
    if not 1 <= found <= SLOWEST_S:
        raise NotPlain
    return found


def figures(value: object) -> dict[str, float]:
    return {
        key: float(each) if type(each) is int and -LARGEST <= each <= LARGEST else number(each)
        for key, each in in_order(value).items()
    }


def objective(value: Any) -> dict[str, float]:
    return kept(tuple(value.items()), tuple(map(type, value.values())))


@lru_cache(OBJECTIVES_KEPT)
def kept(written: tuple[tuple[str, object], ...], _: tuple[type, ...]) -> dict[str, float]:
    """The same one for all who promise the same: nobody changes what is in a frozen model. Of
    which type each figure was matters, because to Python 1, 1.0 and true are equal."""
    return figures(dict(written))


def moment(value: Any) -> datetime:
    if len(value) != len(STAMP) or value[4:20:3] != STAMP[4:20:3] or value[-1] != "Z":
        raise NotPlain
    found = datetime.fromisoformat(value)
    if not FIRST_YEAR <= found.year <= LAST_YEAR or value[11:13] == "24":
        raise NotPlain
    return found


def seen(value: object) -> dict[str, object]:
    found = in_order(value)
    for each in found.values():
        if type(each) is not str:
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


outcome: Read = {each.value: each for each in Outcome}.__getitem__
grade: Read = {each.value: each for each in Grade}.__getitem__
"""Raise `KeyError` or `TypeError` for what is none."""


Json = dict[str, Any]


def of_run(value: Json) -> Json:
    return {
        "promise": word(value["promise"]),
        "drill": word(value["drill"]),
        "outcome": outcome(value["outcome"]),
        "grade": grade(value["grade"]),
        "stand_ins": words(value["stand_ins"]),
        "objective": objective(value["objective"]),
        "measured": figures(value["measured"]),
        "started_at": moment(value["started_at"]),
        "ended_at": moment(value["ended_at"]),
        "run": text(value["run"]),
        "story": words(value["story"]),
        "seen": seen(value["seen"]),
    }


def run(value: Json) -> Run:
    must_have(RUN, value)
    made = Run.of_checked(of_run(value))
    made.must_be_possible()
    return made


def proof(value: Json) -> Proof:
    must_have(PROOF, value)
    made = Proof.of_checked({**of_run(value), "slot": whole(value["slot"])})
    made.must_be_possible()
    return made


def slot(value: Json) -> Slot:
    must_have(SLOT, value)
    made = Slot.of_checked(
        {
            "promise": word(value["promise"]),
            "drill": word(value["drill"]),
            "statement": word(value["statement"]),
            "objective": objective(value["objective"]),
            "default_objective": objective(value["default_objective"]),
            "proof": word(value["proof"]),
            "starts_at": moment(value["from"]),
            "until": moment(value["until"]),
            "calibrated_within_s": seconds(value["calibrated_within_s"]),
            "period_s": seconds(value["period_s"]),
        }
    )
    made.must_be_possible()
    return made


def calibration(value: Json) -> Calibration:
    must_have(CALIBRATION, value)
    return Calibration.of_checked(
        {
            "promise": word(value["promise"]),
            "fault": word(value["fault"]),
            "fault_words": word(value["fault_words"]),
            "planted_at": moment(value["planted_at"]),
            "removed_at": moment(value["removed_at"]),
            "red": run(value["red"]),
            "green": run(value["green"]),
        }
    )


def availability(value: Json) -> Availability:
    must_have(AVAILABILITY, value)
    if type(value["down"]) is not bool or not 0 < len(value["addresses"]) <= MOST_ADDRESSES:
        raise NotPlain
    made = Availability.of_checked(
        {
            "starts_at": moment(value["from"]),
            "until": moment(value["until"]),
            "every_s": pace(value["every_s"]),
            "looks": whole(value["looks"]),
            "answered": whole(value["answered"]),
            "addresses": tuple(map(answers, listed(value["addresses"]))),
            "outages": tuple(map(outage, listed(value["outages"])[:MOST_OUTAGES])),
            "down": value["down"],
        }
    )
    if made.looks < 1 or len(value["outages"]) > MOST_OUTAGES:
        raise NotPlain
    made.must_be_possible()
    return made


def answers(value: Json) -> Answers:
    must_have(ANSWERS, value)
    said = {"address": word(value["address"]), "answered": whole(value["answered"])}
    return Answers.of_checked(said)


def outage(value: Any) -> tuple[datetime, datetime]:
    start, end = listed(value)
    return moment(start), moment(end)


def listed(value: Any) -> list[Any]:
    if type(value) is not list:
        raise NotPlain
    return value


def must_have(names: tuple[str, ...], value: Json) -> None:
    """These and no others, in this order."""
    if tuple(value) != names:
        raise NotPlain


def written_names(model: type[Predicate]) -> tuple[str, ...]:
    fields = model.model_fields.items()
    return tuple(sorted(field.serialization_alias or name for name, field in fields))


RUN, PROOF = written_names(Run), written_names(Proof)
SLOT, CALIBRATION = written_names(Slot), written_names(Calibration)
AVAILABILITY, ANSWERS = written_names(Availability), written_names(Answers)


def in_json(written: bytes) -> Json:
    """Raises `NotPlain` where the same values would be written otherwise."""
    value = from_json(written, allow_inf_nan=False, cache_strings="keys")
    if to_json(value) != written:
        raise NotPlain
    return value  # type: ignore[no-any-return]


FROM, SLOT_END = b',"from":"', b'"}'


def slot_in(written: bytes) -> Slot:
    """Nearly half of a log are slots, and the next one of a part differs from the one before in its
    two moments alone: only they are read anew."""
    begins = written.find(FROM) + len(FROM)
    after, ends = begins + len(STAMP), len(written) - len(STAMP) - len(SLOT_END)
    if begins < len(FROM) or ends < after or not written.endswith(SLOT_END):
        raise NotPlain
    same = around(written[:begins], written[after:ends])
    starts_at = moment(written[begins:after].decode())
    until = moment(written[ends : -len(SLOT_END)].decode())
    made = Slot.of_checked({**same, "starts_at": starts_at, "until": until})
    made.must_be_possible()
    return made


@lru_cache(SLOTS_KEPT)
def around(before: bytes, between: bytes) -> Mapping[str, object]:
    """What a slot says beside its moments, by what is written before, between and after them. Two
    moments of ours show that these are the places where its own belong."""
    first, last = EARLY.encode(), LATE.encode()
    value = in_json(before + first + between + last + SLOT_END)
    said = dict(slot(value))
    if (value["from"], value["until"]) != (EARLY, LATE):
        raise NotPlain
    return {key: each for key, each in said.items() if key not in ("starts_at", "until")}


EARLY, LATE = "2000-01-01T00:00:00.001Z", "2999-12-31T23:59:59.998Z"

Predicates = Slot | Proof | Calibration | Availability
KINDS: Mapping[bytes, Callable[[bytes], Predicates]] = {
    Kind.PROOF.predicate_type.encode(): lambda written: proof(in_json(written)),
    Kind.SLOT.predicate_type.encode(): slot_in,
    Kind.CALIBRATION.predicate_type.encode(): lambda written: calibration(in_json(written)),
    Kind.AVAILABILITY.predicate_type.encode(): lambda written: availability(in_json(written)),
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
        predicate = KINDS[kind](written)
        site, about = named(rest[len(subject) : -len(END)])
    except (ValueError, KeyError, TypeError, AttributeError, NotPlain):
        return None
    said = Statement(site=site, predicate=predicate)
    return said if about == said.about else None


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
