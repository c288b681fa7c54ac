"""What an entry of the log says: the five kinds of statement, and their one way to be written.

A payload is an in-toto Statement v1 whose subject is the promise (or log, or service) and whose
predicate is one of the models below. It is read strictly: bytes that this file would not write for
what it read from them are refused, so no two readers can understand one entry differently, and a
subject's digest that does not belong to the predicate is refused with them.
"""

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    JsonValue,
    NonNegativeInt,
    PlainSerializer,
    PositiveInt,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from standfast.core.errors import CannotVerify
from standfast.core.units import parse_stamp, stamp
from standfast.evidence.company import Company
from standfast.evidence.note import parse_vkey
from standfast.promises.model import Grade, Outcome

TYPE = "https://in-toto.io/Statement/v1"
LOG = "log"
"""The subject of what is said about the log itself and not about a promise."""

SERVICE = "service"
"""The subject of what was seen of the service as a whole."""


LONGEST_S = 10 * 366 * 86_400
"""Ten years: longer than any promise waits to be proven, and safe to add to any moment."""

FIRST_YEAR, LAST_YEAR = 2000, 2999
"""Moments beyond these are mistakes, and break the arithmetic of times."""


CANONICAL = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


class Kind(StrEnum):
    SLOT = "slot"
    PROOF = "proof"
    CALIBRATION = "calibration"
    NOTICE = "notice"
    AVAILABILITY = "availability"

    @property
    def predicate_type(self) -> str:
        return f"urn:standfast:{self}:v1"


def _moment(value: object) -> object:
    return parse_stamp(value) if isinstance(value, str) else value


def _to_milliseconds(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("has no time zone")
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"the year {value.year} cannot be meant")
    return parse_stamp(stamp(value)).astimezone(UTC)


def _whole(figure: float) -> int | float:
    """Write `0.0` as `0`, as every other language would (RFC 8785, 3.2.2.3)."""
    return int(figure) if figure == int(figure) else figure


Moment = Annotated[
    datetime, BeforeValidator(_moment), AfterValidator(_to_milliseconds), PlainSerializer(stamp)
]
Words = Annotated[str, AfterValidator(sys.intern)]
"""What is said again in entry after entry, and is in memory once."""

Figures = dict[str, Annotated[FiniteFloat, PlainSerializer(_whole)]]
Seconds = Annotated[FiniteFloat, Field(gt=0, le=LONGEST_S), PlainSerializer(_whole)]


class Predicate(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True
    )

    @classmethod
    def of_checked(cls, values: dict[str, Any]) -> Self:
        """All fields, with values as validation would give them. Unlike `model_construct` this
        costs no more than they do, in time and in memory: which fields were given is the same set
        for all, where each other instance has a set of its own, larger than the rest of it."""
        made = cls.__new__(cls)
        put = object.__setattr__
        put(made, "__dict__", values)
        put(made, "__pydantic_fields_set__", _all_fields(cls))
        put(made, "__pydantic_extra__", None)
        put(made, "__pydantic_private__", None)
        return made


@cache
def _all_fields(model: type[Predicate]) -> frozenset[str]:
    return frozenset(model.model_fields)


class Slot(Predicate):
    """A proof of this promise by this drill will be made between these moments: said before it is
    made. Logs that were begun when every promise had one drill have slots that name none."""

    promise: Words
    drill: Words | None = None
    statement: Words
    objective: Figures
    default_objective: Figures
    proof: Words
    starts_at: Moment = Field(validation_alias="from", serialization_alias="from")
    until: Moment
    calibrated_within_s: Seconds
    period_s: Seconds

    @model_validator(mode="after")
    def _is_possible(self) -> "Slot":
        self.must_be_possible()
        return self

    def must_be_possible(self) -> None:
        if self.until <= self.starts_at:
            raise ValueError("the slot ends before it starts")

    @model_serializer(mode="wrap")
    def _as_it_was_written(self, write: SerializerFunctionWrapHandler) -> dict[str, JsonValue]:
        written: dict[str, JsonValue] = write(self)
        if self.drill is None:
            del written["drill"]
        return written


class Run(Predicate):
    """One run of a drill: what was promised, what was measured, how it ended."""

    promise: Words
    drill: Words
    outcome: Outcome
    grade: Grade
    stand_ins: tuple[Words, ...]
    objective: Figures
    measured: Figures
    started_at: Moment
    ended_at: Moment
    run: str
    story: tuple[Words, ...]
    seen: dict[str, JsonValue]

    @model_validator(mode="after")
    def _is_possible(self) -> "Run":
        self.must_be_possible()
        return self

    def must_be_possible(self) -> None:
        if self.ended_at < self.started_at:
            raise ValueError("the run ends before it starts")
        if self.grade is Grade.REAL and self.stand_ins:
            raise ValueError("a run with stand-ins is called real")


class Proof(Run):
    slot: NonNegativeInt
    """The number of the entry that announced this proof."""


class Calibration(Predicate):
    """The proof was seen red while `fault` was planted, and green after its removal. Which drill's
    proof it was, both runs say."""

    promise: Words
    fault: Words
    fault_words: Words
    planted_at: Moment
    removed_at: Moment
    red: Run
    green: Run


MOST_OUTAGES = 20
MOST_ADDRESSES = 100
"""Whoever counts begins a new entry rather than to name fewer than there were."""

SLOWEST_S = 60
"""What is looked at less often is not watched."""

APART_S = 20.0
"""How much later than its pace a look may begin and still speak for the time before it: the one
before took up to five seconds, and a keeper may not hear from etcd for some."""

Pace = Annotated[FiniteFloat, Field(ge=1, le=SLOWEST_S), PlainSerializer(_whole)]


def apart_s(every_s: float) -> float:
    """Between two looks; what is longer is time in which nobody looked."""
    return every_s + APART_S


class Answers(Predicate):
    """Of how many looks one public address has answered."""

    address: Words
    answered: NonNegativeInt


class Availability(Predicate):
    """What one machine has counted between two moments, asking for the service every `every_s` at
    each of these addresses. A look is `answered` if any of them did. An outage begins with the
    first look that none has answered, and ends with the next that one has. `down`: the last look
    was not answered, so the last outage goes on. A count that follows another one begins where
    that ended; between its looks there is no longer gap than `apart_s`."""

    starts_at: Moment = Field(validation_alias="from", serialization_alias="from")
    until: Moment
    every_s: Pace
    looks: PositiveInt
    answered: NonNegativeInt
    addresses: Annotated[tuple[Answers, ...], Field(min_length=1, max_length=MOST_ADDRESSES)]
    outages: Annotated[tuple[tuple[Moment, Moment], ...], Field(max_length=MOST_OUTAGES)]
    down: bool

    @model_validator(mode="after")
    def _is_possible(self) -> "Availability":
        lasted_s = (self.until - self.starts_at).total_seconds()
        each = [address.answered for address in self.addresses]
        if lasted_s < 0:
            raise ValueError("the count ends before it starts")
        if lasted_s > self.looks * apart_s(self.every_s):
            raise ValueError("the looks are too few for the time that they speak for")
        if self.looks > 2 * lasted_s / self.every_s + 2:
            raise ValueError("the looks are too many for the time in which they were made")
        if not max(each) <= self.answered <= min(self.looks, sum(each)):
            raise ValueError("what the addresses answered does not make that many looks")
        if len({address.address for address in self.addresses}) < len(each):
            raise ValueError("an address is counted twice")
        self._outages_are_possible()
        return self

    def _outages_are_possible(self) -> None:
        moments = [at for outage in self.outages for at in outage]
        if moments != sorted(moments):
            raise ValueError("the outages are not in order")
        if moments and not self.starts_at <= moments[0] <= moments[-1] <= self.until:
            raise ValueError("an outage is outside of what was counted")
        if self.answered < self.looks and not self.outages:
            raise ValueError("looks were not answered, and no outage is named")
        if self.down and (not moments or moments[-1] != self.until):
            raise ValueError("an outage that goes on is not named")


class EnrolledSigner(Predicate):
    name: str
    key: str

    @model_validator(mode="after")
    def _key_is_whole(self) -> "EnrolledSigner":
        try:
            verifier = parse_vkey(self.key)
        except CannotVerify as error:
            raise ValueError(error.problem) from error
        if verifier.name != self.name:
            raise ValueError(f"the key of {self.name} has the name {verifier.name}")
        return self


class EnrolledNotice(Predicate):
    """From this entry on these keys may sign; a name that had a key before has only this one."""

    kind: Literal["enrolled"] = "enrolled"
    text: str
    at: Moment
    signers: tuple[EnrolledSigner, ...]


class Unpromised(Predicate):
    promise: str
    statement: str
    why: str


class ScopeNotice(Predicate):
    """From this entry on, these sentences of the catalogue are not promised by this site; a
    sentence that an earlier notice named and this one does not may be promised again."""

    kind: Literal["scope"] = "scope"
    text: str
    at: Moment
    not_promised: tuple[Unpromised, ...]


class CompanyNotice(Predicate):
    """From this entry on this, and nothing else, is what the company says of itself."""

    kind: Literal["company"] = "company"
    text: str
    at: Moment
    company: Company


class ShownCertificate(Predicate):
    """One certificate that edges show at these addresses to whoever asks for one of these names:
    `serial` in hexadecimal digits, `sha256` of its DER form, `key` as `RSA 2048` or `P-256`."""

    names: tuple[str, ...]
    addresses: tuple[str, ...]
    issuer: str
    serial: str
    sha256: str
    key: str
    valid_from: Moment
    valid_until: Moment


class CertificatesNotice(Predicate):
    """From this entry on edges show these certificates to the public, and no others."""

    kind: Literal["certificates"] = "certificates"
    text: str
    at: Moment
    certificates: tuple[ShownCertificate, ...]


class TextNotice(Predicate):
    kind: Literal["text"] = "text"
    text: str
    at: Moment


Notice = EnrolledNotice | ScopeNotice | CompanyNotice | CertificatesNotice | TextNotice
AnyPredicate = Slot | Proof | Calibration | Notice | Availability


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    site: str
    predicate: AnyPredicate

    @property
    def kind(self) -> Kind:
        match self.predicate:
            case Slot():
                return Kind.SLOT
            case Proof():
                return Kind.PROOF
            case Calibration():
                return Kind.CALIBRATION
            case Availability():
                return Kind.AVAILABILITY
            case _:
                return Kind.NOTICE

    @property
    def about(self) -> str:
        """The identifier of the promise, or `log`, or `service`."""
        match self.predicate:
            case Slot() | Proof() | Calibration() as of_promise:
                return of_promise.promise
            case Availability():
                return SERVICE
            case _:
                return LOG

    def payload(self) -> bytes:
        """Canonical as a whole: its keys are in order. The predicate, nearly all of it, is written
        once for its digest and for the statement: a log of years is read faster by a tenth."""
        predicate = canonical(self.predicate.model_dump(mode="json", by_alias=True))
        digest = hashlib.sha256(predicate).hexdigest()
        name = f"{self.site}/{self.about}"
        subject = canonical([{"name": name, "digest": {"sha256": digest}}])
        return b'{"_type":"%b","predicate":%b,"predicateType":"%b","subject":%b}' % (
            TYPE.encode(),
            predicate,
            self.kind.predicate_type.encode(),
            subject,
        )

    @classmethod
    def from_payload(cls, data: bytes) -> "Statement":
        """Raises `CannotVerify` for any bytes that `payload` would not write."""
        try:
            outer = Outer.model_validate_json(data)
            kind = _kind(outer.predicate_type)
            predicate = _predicate(kind, outer.predicate)
            site = outer.subject[0].name.rpartition("/")[0]
            statement = cls(site=site, predicate=predicate)
            rewritten = statement.payload()
        except ValueError as error:
            raise CannotVerify(f"it is no statement of this log: {_first_line(error)}") from error
        if rewritten != data:
            raise CannotVerify("its statement does not have the digest or the form that it must")
        return statement


class Subject(BaseModel):
    name: str
    digest: dict[str, str]


class Outer(BaseModel):
    type: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    subject: tuple[Subject]
    predicate_type: str = Field(alias="predicateType")
    predicate: dict[str, JsonValue]


def _predicate(kind: Kind, raw: Mapping[str, JsonValue]) -> AnyPredicate:
    match kind:
        case Kind.SLOT:
            return Slot.model_validate(raw)
        case Kind.PROOF:
            return Proof.model_validate(raw)
        case Kind.CALIBRATION:
            return Calibration.model_validate(raw)
        case Kind.AVAILABILITY:
            return Availability.model_validate(raw)
        case Kind.NOTICE if raw.get("kind") == "enrolled":
            return EnrolledNotice.model_validate(raw)
        case Kind.NOTICE if raw.get("kind") == "scope":
            return ScopeNotice.model_validate(raw)
        case Kind.NOTICE if raw.get("kind") == "company":
            return CompanyNotice.model_validate(raw)
        case Kind.NOTICE if raw.get("kind") == "certificates":
            return CertificatesNotice.model_validate(raw)
        case Kind.NOTICE:
            return TextNotice.model_validate(raw)


def canonical(value: JsonValue) -> bytes:
    """JSON in one way only: keys sorted, no spaces, UTF-8, no number that is not a number."""
    return CANONICAL.encode(value).encode()


def _kind(predicate_type: str) -> Kind:
    for kind in Kind:
        if kind.predicate_type == predicate_type:
            return kind
    raise ValueError(f"unknown kind {predicate_type}")


def _first_line(error: ValueError) -> str:
    """Pydantic explains itself in several lines with an address at the end; one is enough."""
    lines = [line.strip() for line in str(error).splitlines()]
    return ": ".join(lines[1:3]) if len(lines) > 2 else lines[0]
