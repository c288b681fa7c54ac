"""The text of the page as the log has it, and what each change of it took away and added.

The text is all that a site commits itself to in words: sentences, objectives and what is done to
prove them, what is left out and why, and what the company says of itself. Announcements that
follow each other in the log without anything between them are one version, as `up` makes them,
unless they touch the same line: nothing can be changed and changed back unseen.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from standfast.evidence.company import Company
from standfast.evidence.read import Entry
from standfast.evidence.slots import first_drills
from standfast.evidence.statement import CompanyNotice, EnrolledNotice, ScopeNotice, Slot
from standfast.pages.trust import words
from standfast.pages.trust.model import Version
from standfast.promises.model import Figures

Key = tuple[str, ...]
Lines = Mapping[Key, str]
"""Each line under what it is about: a line that is written anew keeps its key."""

Announcement = Slot | ScopeNotice | CompanyNotice | EnrolledNotice

PROMISED, LEFT_OUT, COMPANY = "promised", "left out", "company"


@dataclass(slots=True, kw_only=True)
class Draft:
    """A version that may not be over yet. `before` and `after` are the whole text."""

    before: Lines
    after: Lines
    since: datetime
    index: int

    def may_go_on(self, then: Lines) -> bool:
        return not touched(self.before, self.after) & touched(self.after, then)


def versions(entries: Sequence[Entry]) -> tuple[Version, ...]:
    """Oldest first."""
    drills = first_drills(entries)
    drafts: list[Draft] = []
    lines: Lines = {}
    following = False
    for entry in entries:
        predicate = entry.statement.predicate
        if not isinstance(predicate, Announcement):
            following = False
            continue
        then = after(lines, predicate, drills)
        if then == lines:
            continue
        at = predicate.starts_at if isinstance(predicate, Slot) else predicate.at
        if not following or not drafts[-1].may_go_on(then):
            drafts.append(Draft(before=lines, after=then, since=at, index=entry.index))
        newest = drafts[-1]
        newest.after, newest.since, newest.index = then, min(newest.since, at), entry.index
        lines, following = then, True
    return tuple(version(number, each) for number, each in enumerate(drafts, start=1))


def touched(before: Lines, then: Lines) -> set[Key]:
    return {key for key in {**before, **then} if before.get(key) != then.get(key)}


def version(number: int, draft: Draft) -> Version:
    return Version(
        number=number,
        since=draft.since,
        index=draft.index,
        removed=missing(draft.before, draft.after),
        added=missing(draft.after, draft.before),
    )


def missing(lines: Lines, elsewhere: Lines) -> tuple[str, ...]:
    return tuple(line for key, line in lines.items() if elsewhere.get(key) != line)


def after(lines: Lines, said: Announcement, drills: Mapping[str, str]) -> Lines:
    """`drills`: which one a slot means that names none, by promise."""
    match said:
        case Slot():
            again = (LEFT_OUT, said.promise)
            kept = {key: line for key, line in lines.items() if key != again}
            drill = said.drill or drills.get(said.promise, "")
            return kept | dict(promised(said, drill))
        case ScopeNotice():
            gone = {each.promise for each in said.not_promised}
            kept = {
                key: line
                for key, line in lines.items()
                if key[0] != LEFT_OUT and not (key[0] == PROMISED and key[1] in gone)
            }
            return kept | {
                (LEFT_OUT, each.promise): f"Not promised: {each.statement} The reason: {each.why}."
                for each in said.not_promised
            }
        case CompanyNotice():
            kept = {key: line for key, line in lines.items() if key[0] != COMPANY}
            return kept | dict(of_company(said.company))
        case _:
            return lines


def promised(slot: Slot, drill: str) -> Iterator[tuple[Key, str]]:
    key, name = (PROMISED, slot.promise), words.capitalised(words.drill(drill))
    yield key, slot.statement
    yield (*key, drill, "objective"), f"{name} — {objective(slot.objective)}."
    yield (*key, drill, "proof"), f"{name} is proven so: {slot.proof}"


def objective(figures: Figures) -> str:
    return "; ".join(
        f"{words.name(key)}: {words.limit(key, figures[key])}" for key in words.in_order(figures)
    )


def of_company(company: Company) -> Iterator[tuple[Key, str]]:
    if company.name:
        yield (COMPANY, "name"), f"The company: {company.name}."
    for said in company.statements:
        yield (COMPANY, "statement", said), f"The company’s own word: {said}"
    for contact in company.contacts:
        yield (
            (COMPANY, "contact", contact.about),
            f"About {contact.about}: {words.address(contact.address)}.",
        )
    for policy in company.policies:
        yield (
            (COMPANY, "policy", policy.title),
            f"Policy “{policy.title}”, version {policy.version}, owner {policy.owner}, "
            f"to be reviewed by {words.day(policy.valid_until)}"
            f"{f', {policy.address}' if policy.address else ''}.",
        )
    if security := company.security:
        yield (
            (COMPANY, "security"),
            f"Weaknesses are to be reported to {', '.join(map(words.address, security.contacts))}, "
            f"until {words.day(security.valid_until)}.",
        )
