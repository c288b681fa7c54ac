"""What the company says of itself: whom to ask, by which policies it works, and what nobody can
prove.

The same words in three places: `[company]` of standfast.toml, the notice that carries them into the
log, and the page, which shows them from there alone.
"""

from datetime import UTC, date, datetime, time
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

LONGEST_LINE = 200
"""What a reader takes in."""

MOST_BYTES = 32_000
"""All of it goes into one entry of the log, which holds twice as much."""

ADDRESS_KINDS = ("https://", "mailto:", "tel:")
"""RFC 9116, 2.5.3: an address of the web is one of https."""


def one_line(text: str) -> str:
    """Without a line end nothing that is written here can become a line of its own elsewhere, as
    in security.txt."""
    if not text.strip() or not text.isprintable() or len(text) > LONGEST_LINE:
        raise ValueError(f"must be one line of text, of at most {LONGEST_LINE} characters")
    return text


def address(text: str) -> str:
    reached = text.startswith(ADDRESS_KINDS) and not text.endswith((":", "//"))
    if not reached or not text.isascii() or " " in one_line(text):
        raise ValueError("must be an address that begins with https://, mailto: or tel:")
    return text


Line = Annotated[str, AfterValidator(one_line)]
Address = Annotated[str, AfterValidator(address)]


class Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Contact(Said):
    """`about`: what to ask there, such as `data protection`."""

    about: Line
    address: Address


class Policy(Said):
    """`owner` is who answers for it, a person or an office; `review_by` the last day on which it
    counts as reviewed."""

    title: Line
    version: Line
    owner: Line
    review_by: date
    address: Address | None = None

    @property
    def valid_until(self) -> datetime:
        return end_of(self.review_by)


class Security(Said):
    """Where to report a weakness: the fields of security.txt (RFC 9116), which has to expire."""

    contacts: Annotated[tuple[Address, ...], Field(min_length=1)]
    expires: date
    policy: Address | None = None
    encryption: Address | None = None

    @property
    def valid_until(self) -> datetime:
        return end_of(self.expires)


class Company(Said):
    """`statements`: sentences for which there is only the company's word."""

    name: Line | None = None
    statements: tuple[Line, ...] = ()
    contacts: tuple[Contact, ...] = ()
    policies: tuple[Policy, ...] = ()
    security: Security | None = None

    @model_validator(mode="after")
    def _fits_into_an_entry(self) -> "Company":
        if len(self.model_dump_json()) > MOST_BYTES:
            raise ValueError(f"must be shorter: all of it together has {MOST_BYTES:,} bytes")
        return self


def end_of(day: date) -> datetime:
    """The last second of a day, in UTC."""
    return datetime.combine(day, time(23, 59, 59), UTC)
