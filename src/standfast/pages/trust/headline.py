"""Decide the line at the top, now and at every moment at which a claim expires.

All lines the page can ever show are written when it is made, each with the stretch of time it is
true for; the script on the page only chooses by the reader's clock and invents no words.

A rehearsal is never counted as kept (design, rule 3): it is counted beside, in words of its own.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from standfast.pages.trust.model import Claim, Headline, Mark
from standfast.promises.model import State

WEAKEST_FIRST = (Mark.BROKEN, Mark.UNPROVEN, Mark.REHEARSED, Mark.ATTESTED, Mark.REAL)


def headlines(claims: Sequence[Claim]) -> tuple[Headline, ...]:
    """One line per stretch between expiries; the first has no beginning, the last no end."""
    expiries = sorted({claim.valid_until for claim in claims if claim.valid_until})
    bounds: list[datetime | None] = [None, *expiries, None]
    return tuple(headline(claims, start, end) for start, end in pairwise(bounds))


def headline(claims: Sequence[Claim], start: datetime | None, end: datetime | None) -> Headline:
    expired = sum(has_expired(claim, start) for claim in claims)
    counts = Counter(mark_at(claim, start) for claim in claims)
    line, leading = first_line(counts, len(claims), expired)
    return Headline(
        mark=next((mark for mark in WEAKEST_FIRST if counts[mark]), Mark.UNPROVEN),
        line=line,
        detail=detail(counts, expired, leading),
        valid_from=start,
        valid_until=end,
    )


def first_line(counts: Counter[Mark], total: int, expired: int) -> tuple[str, Mark]:
    """The line, and the mark whose number it gives."""
    if total == 0:
        return "Nothing is proven yet", Mark.UNPROVEN
    if counts[Mark.BROKEN]:
        return f"{counts[Mark.BROKEN]} of {total} promises broken", Mark.BROKEN
    if counts[Mark.REAL]:
        return f"{counts[Mark.REAL]} of {total} promises kept", Mark.REAL
    if counts[Mark.REHEARSED]:
        line = f"{counts[Mark.REHEARSED]} of {total} promises kept in rehearsal"
        return line, Mark.REHEARSED
    if counts[Mark.ATTESTED]:
        return f"{counts[Mark.ATTESTED]} of {total} promises attested", Mark.ATTESTED
    if expired == total:
        return f"{total} of {total} promises unproven — expired", Mark.UNPROVEN
    return f"{total} of {total} promises unproven", Mark.UNPROVEN


def detail(counts: Counter[Mark], expired: int, leading: Mark) -> str:
    """What the first line does not say, each number with what it means."""
    said = {
        Mark.REAL: f"{counts[Mark.REAL]} kept",
        Mark.REHEARSED: f"{counts[Mark.REHEARSED]} kept in rehearsal only",
        Mark.ATTESTED: f"{counts[Mark.ATTESTED]} attested by a document",
        Mark.UNPROVEN: unproven(counts[Mark.UNPROVEN], expired),
    }
    rest = [said[mark] for mark in said if mark is not leading and counts[mark]]
    if leading is Mark.REHEARSED:
        rest.insert(0, "None is proven for real yet")
    if leading is Mark.UNPROVEN and expired:
        rest.insert(0, f"{expired} proven once, and not again in time")
    return sentence(rest)


def unproven(number: int, expired: int) -> str:
    if expired == number:
        return f"{number} unproven — expired"
    return f"{number} unproven" + (f" ({expired} expired)" if expired else "")


def sentence(parts: Sequence[str]) -> str:
    return f"{', '.join(parts)}." if parts else ""


def mark_at(claim: Claim, start: datetime | None) -> Mark:
    return Mark.UNPROVEN if has_expired(claim, start) else claim.mark


def has_expired(claim: Claim, start: datetime | None) -> bool:
    return (
        claim.state is State.KEPT
        and claim.valid_until is not None
        and start is not None
        and claim.valid_until <= start
    )
