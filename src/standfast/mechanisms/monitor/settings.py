"""`[evidence]`: who witnesses the log beside the monitors, who says at what time, and how often
monitors look at the service."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from standfast.core.errors import CannotVerify
from standfast.evidence.cosignature import parse_cosigner
from standfast.evidence.policy import MONITORS, NONE
from standfast.evidence.statement import SLOWEST_S
from standfast.evidence.timestamp.authority import Authority, is_name, read_root

MOST_WITNESSES = 10
"""Each is a line below every checkpoint, beside the log's own and up to five of monitors; the
format asks readers to accept sixteen lines in all."""

MOST_AUTHORITIES = 3
"""Each of their answers is kept, and the newest of each stands on the trust page."""


def name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,79}", text) or text in (MONITORS, NONE):
        raise ValueError("must be a word of letters, digits, dots and dashes")
    return text


def key(text: str) -> str:
    try:
        return parse_cosigner(text).vkey
    except CannotVerify as error:
        raise ValueError(f"must be the line that `standfast witness` prints: {error}") from error


def url(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", text):
        raise ValueError("must be an address that begins with http:// or https://")
    return text.rstrip("/")


class ListedWitness(BaseModel):
    """A customer's: its key, and where it answers C2SP tlog-witness."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, AfterValidator(name)]
    key: Annotated[str, AfterValidator(key)]
    url: Annotated[str, AfterValidator(url)]


def authority_name(text: str) -> str:
    if not is_name(text):
        raise ValueError("must be a word of letters, digits, _ and -, at most 40")
    return text


def root(text: str) -> str:
    try:
        return Authority(name="", root=read_root(text.encode())).pem.decode()
    except CannotVerify as error:
        raise ValueError(f"must be the authority's root in PEM form: {error}") from error


class TimestampAuthority(BaseModel):
    """Answers RFC 3161 at `url`; `ca` (PEM) is its root. One with another root has another name:
    the name stands in the names of what was stamped."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, AfterValidator(authority_name)]
    url: Annotated[str, AfterValidator(url)]
    ca: Annotated[str, AfterValidator(root)]

    @property
    def authority(self) -> Authority:
        return Authority(name=self.name, root=read_root(self.ca.encode()))


class EvidenceSettings(BaseModel):
    """`timestamps_every_h`: hours from one time-stamp to the next one of the same authority."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    witnesses: Annotated[tuple[ListedWitness, ...], Field(max_length=MOST_WITNESSES)] = ()
    timestamps: Annotated[tuple[TimestampAuthority, ...], Field(max_length=MOST_AUTHORITIES)] = ()
    timestamps_every_h: int = Field(default=24, ge=1, le=168)
    look_every_s: Annotated[int, Field(ge=5, le=SLOWEST_S)] = 10

    @model_validator(mode="after")
    def _each_once(self) -> "EvidenceSettings":
        refuse_twice("witness", (each.name for each in self.witnesses))
        refuse_twice("witness", (each.key for each in self.witnesses))
        refuse_twice("time-stamp authority", (each.name for each in self.timestamps))
        return self


def refuse_twice(what: str, given: Iterable[str]) -> None:
    twice = [each for each, count in Counter(given).items() if count > 1]
    if twice:
        raise ValueError(f"must list each {what} once: {twice[0]} is there twice")
