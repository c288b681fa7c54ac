"""How available the service was, as the log has it; and whether the trust page beside a log says
the same."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from standfast.core.errors import CannotVerify, StandfastError
from standfast.core.units import parse_stamp
from standfast.evidence.availability import Available, availability, document
from standfast.evidence.pins import Pins
from standfast.evidence.read import Record
from standfast.evidence.statement import FIRST_YEAR, LAST_YEAR
from standfast.evidence.tiles import CHECKPOINT
from standfast.evidence.transport import FolderTransport, HttpsTransport, Transport
from standfast.evidence.verify import Verification
from standfast.pages.trust.words import available

PAGE = "trust.json"
LOG = "/log"


def seen(found: Verification | None, *, now: datetime) -> Available | None:
    """Nothing is said of a record with complaints."""
    if found is None or found.complaints:
        return None
    return availability(found.record.entries, now=now)


def said(of: Available | None) -> str:
    return available(of) if of else "No look at the service is on record."


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What the page says, held against the record. `why_not`: it could not be. `disagrees`: how
    they differ. Both are empty where they say the same."""

    why_not: str = ""
    disagrees: str = ""

    @property
    def document(self) -> Mapping[str, Any]:
        return {"compared": not self.why_not, "disagrees": self.disagrees or None}

    @property
    def words(self) -> str:
        if self.disagrees:
            return f"WRONG: the page {self.disagrees}"
        if self.why_not:
            return f"The page's word on availability was not compared: {self.why_not}."
        return "The page says the same of availability."


def compared(found: Verification, page: Transport | None) -> Compared:
    if found.complaints:
        return Compared(why_not="the record cannot be relied on")
    if page is None:
        return Compared(why_not="no page lies beside this log")
    try:
        content = page.fetch(PAGE)
    except StandfastError as error:
        return Compared(why_not=error.problem)
    return held_against(found.record, content)


def held_against(record: Record, content: bytes) -> Compared:
    """What the page said when it was made, of the record as it then was: anybody can say it again,
    and must say the same."""
    try:
        claim = claimed(content)
    except CannotVerify as error:
        return Compared(disagrees=error.problem)
    if not claim.says_any:
        return Compared(why_not="the page says nothing of it")
    if claim.size > record.checkpoint.size:
        return Compared(why_not="the page is newer than the record that was read")
    then = [each for each in record.entries if each.index < claim.size]
    derived = document(availability(then, now=claim.made_at))
    if claim.availability == derived:
        return Compared()
    return Compared(
        disagrees=f"says of availability {brief(claim.availability)}, "
        f"and the record {brief(derived)}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a page said when the log had that size. A page of an older release says nothing of
    availability, and one that finds fault with its record does not either."""

    size: int
    made_at: datetime
    says_any: bool
    availability: Any


def claimed(content: bytes) -> Claim:
    """Raises `CannotVerify` for what no release writes."""
    try:
        page = json.loads(content)
        claim = Claim(
            size=page["log"]["size"],
            made_at=parse_stamp(page["made_at"]),
            says_any="availability" in page and not page["complaints"],
            availability=page.get("availability"),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CannotVerify("cannot be read") from error
    if not isinstance(claim.size, int) or not FIRST_YEAR <= claim.made_at.year <= LAST_YEAR:
        raise CannotVerify("cannot be read")
    return claim


def brief(said: Any) -> str:
    return "nothing" if said is None else json.dumps(said, sort_keys=True)[:400]


def page_beside(address: str, pins: Pins, ca_file: Path | None) -> Transport | None:
    """A log lies in the folder `log` of its page."""
    if address.startswith("https://"):
        if not address.endswith(LOG):
            return None
        authority = ca_file or pins.authority_at(address)
        return HttpsTransport(address.removesuffix(LOG), authority)
    folder = Path(address)
    return FolderTransport(folder.parent if (folder / CHECKPOINT).is_file() else folder)
