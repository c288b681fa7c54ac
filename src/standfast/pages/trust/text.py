"""The text of the page as the log has it, and what each change of it took away and added.

The text is all that a site commits itself to in words: sentences, objectives and what is done to
prove them, what is left out and why, and what the company says of itself. What is announced for
the same moment is one version, as `up` makes it, unless it touches the same line: nothing can be
changed and changed back unseen.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from standfast.evidence.company import Address, Company
from standfast.evidence.entries import Entry, folded
from standfast.evidence.slots import Announced, announced, numbered
from standfast.evidence.statement import CompanyNotice, ScopeNotice, Slot
from standfast.pages.trust import words
from standfast.pages.trust.model import Version
from standfast.promises.model import Figures

Key = tuple[str, ...]
Lines = Mapping[Key, str]
"""Each line under what it is about. What the company says is about itself: the line is its key."""

PROMISED, LEFT_OUT, COMPANY = "promised", "left out", "company"


@dataclass(slots=True, kw_only=True)
class Draft:
    """A version that may not be over yet. `before` and `after` are the whole text."""

    before: Lines
    after: Lines
    since: datetime
    index: int

    def goes_on(self, then: Lines, at: datetime) -> bool:
        return at == self.since and not (
            touched(self.before, self.after) & touched(self.after, then)
        )


def versions(entries: Sequence[Entry], *, now: datetime) -> tuple[Version, ...]:
    """Oldest first. A slot changes the text when it begins, and never before it can have been
    announced."""
    drafts: list[Draft] = []
    lines: Lines = {}
    slots = announced(entries, now=now)
    for entry in news(entries):
        then, at = changed(lines, entry, slots)
        if then == lines:
            continue
        if not drafts or not drafts[-1].goes_on(then, at):
            drafts.append(Draft(before=lines, after=then, since=at, index=entry.index))
        drafts[-1].after, drafts[-1].index = then, entry.index
        lines = then
    return tuple(version(number, each) for number, each in enumerate(drafts, start=1))


def changed(lines: Lines, entry: Entry, slots: Sequence[Announced]) -> tuple[Lines, datetime]:
    """The text after an entry, and when that begins."""
    said, slot = entry.statement.predicate, numbered(slots, entry.index)
    if slot is not None:
        return with_slot(lines, slot.slot, slot.drill), slot.covers_from
    assert isinstance(said, ScopeNotice | CompanyNotice)
    return with_notice(lines, said), said.at


@dataclass(frozen=True, slots=True)
class News:
    """`entries` may change the text; `of_promise` and `of_part` are what slots have said last."""

    entries: tuple[Entry, ...] = ()
    of_promise: Mapping[str, str] = field(default_factory=dict)
    of_part: Mapping[tuple[str, str], tuple[Figures, str]] = field(default_factory=dict)


def news(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Notices of the text, and slots but for those that say of their part, and of their promise,
    what the slots before have said since the last notice. Of years that leaves little."""
    return folded(entries, _news).entries


def _news(before: News | None, entries: Sequence[Entry], since: int) -> News:
    known = before or News()
    found, of_promise, of_part = list(known.entries), dict(known.of_promise), dict(known.of_part)
    for entry in entries[since:]:
        said = entry.statement.predicate
        if isinstance(said, Slot):
            part, text = (said.promise, said.drill or ""), (said.objective, said.proof)
            if of_part.get(part) == text and of_promise[said.promise] == said.statement:
                continue
            if not said.drill:
                # It means a drill that another entry names.
                of_part = {each: text for each, text in of_part.items() if each[0] != part[0]}
            else:
                of_part[part] = text
            of_promise[said.promise] = said.statement
            found.append(entry)
        elif isinstance(said, ScopeNotice | CompanyNotice):
            of_part = {}
            found.append(entry)
    return News(tuple(found), of_promise, of_part)


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


def with_slot(lines: Lines, slot: Slot, drill: str) -> Lines:
    again = (LEFT_OUT, slot.promise)
    kept = {key: line for key, line in lines.items() if key != again}
    return kept | dict(promised(slot, drill))


def with_notice(lines: Lines, said: ScopeNotice | CompanyNotice) -> Lines:
    match said:
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
            return kept | {(COMPANY, line): line for line in of_company(said.company)}


def promised(slot: Slot, drill: str) -> Iterator[tuple[Key, str]]:
    key, name = (PROMISED, slot.promise), words.capitalised(words.drill(drill))
    yield key, slot.statement
    yield (*key, drill, "objective"), f"{name} — {objective(slot.objective)}."
    yield (*key, drill, "proof"), f"{name} is proven so: {slot.proof}"


def objective(figures: Figures) -> str:
    return "; ".join(
        f"{words.name(key)}: {words.limit(key, figures[key])}" for key in words.in_order(figures)
    )


def of_company(company: Company) -> Iterator[str]:
    if company.name:
        yield f"The company: {company.name}."
    for said in company.statements:
        yield f"The company’s own word: {said}"
    for contact in company.contacts:
        yield f"About {contact.about}: {words.address(contact.address)}."
    for policy in company.policies:
        yield (
            f"Policy “{policy.title}”, version {policy.version}, owner {policy.owner}, "
            f"to be reviewed by {words.day(policy.valid_until)}{where(policy.address)}."
        )
    if security := company.security:
        yield (
            f"Weaknesses are to be reported to {', '.join(map(words.address, security.contacts))}, "
            f"until {words.day(security.valid_until)}."
        )
        if security.policy:
            yield f"How reports are handled{where(security.policy)}."
        if security.encryption:
            yield f"Key for encrypted reports{where(security.encryption)}."


def where(address: Address | None) -> str:
    return f": {words.address(address)}" if address else ""
