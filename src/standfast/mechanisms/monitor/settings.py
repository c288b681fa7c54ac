"""`[evidence]`: who witnesses the log beside the monitors, and how often they look at the
service."""

import re
from collections import Counter
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from standfast.core.errors import CannotVerify
from standfast.evidence.cosignature import parse_cosigner
from standfast.evidence.policy import MONITORS, NONE
from standfast.evidence.statement import SLOWEST_S

MOST_WITNESSES = 10
"""Each is a line below every checkpoint, beside the log's own and up to five of monitors; the
format asks readers to accept sixteen lines in all."""


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


class EvidenceSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    witnesses: Annotated[tuple[ListedWitness, ...], Field(max_length=MOST_WITNESSES)] = ()
    look_every_s: Annotated[int, Field(ge=5, le=SLOWEST_S)] = 10

    @model_validator(mode="after")
    def _each_once(self) -> "EvidenceSettings":
        for what in ("name", "key"):
            counted = Counter(getattr(each, what) for each in self.witnesses)
            twice = [given for given, count in counted.items() if count > 1]
            if twice:
                raise ValueError(f"must list each witness once: {twice[0]} is there twice")
        return self
