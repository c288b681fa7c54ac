"""What happened, for who wants to be told: broken, mended, a check not seen red in time, notices.

A broken proof is told whatever became of its promise. That one is mended, only a proof that counts
can say.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from heapq import merge
from itertools import dropwhile, pairwise
from operator import attrgetter

from standfast.evidence.dossier import Dossier, dossiers
from standfast.evidence.entries import Entry, by_kind, folded
from standfast.evidence.explanation import is_broken_proof
from standfast.evidence.sealed import revealed, unsealed
from standfast.evidence.statement import (
    Calibration,
    Notice,
    Proof,
    Slot,
)
from standfast.pages.trust import words
from standfast.pages.trust.model import Happening
from standfast.pages.trust.text import news
from standfast.promises.model import Outcome

MOST = 50
"""What a feed reader that looks once a day can have missed; the record holds everything."""


NOTICES: Mapping[str, str] = {
    "enrolled": "Keys may sign",
    "scope": "What is not promised has changed",
    "company": "What the company says of itself has changed",
    "certificates": "Edges show other certificates",
    "text": "Notice",
}


def happenings(entries: Sequence[Entry], *, now: datetime) -> tuple[Happening, ...]:
    """The newest first."""
    known = dossiers(entries, now=now)
    found = [
        *outcomes(entries, known),
        *not_seen_red(entries, known, now=now),
        *notices(entries),
    ]
    return tuple(sorted(found, key=lambda each: (each.at, each.index), reverse=True)[:MOST])


def outcomes(entries: Sequence[Entry], known: Iterable[Dossier]) -> Iterator[Happening]:
    """From the first broken proof on: before, there is nothing to tell."""
    proofs = folded(entries, from_the_first_broken)
    counted = {each.index for part in known for each in part.proofs} if proofs else set()
    broken: set[tuple[str, str]] = set()
    details = revealed(entries)
    statements: dict[str, str] = {}
    for entry in merge(news(entries), proofs, key=INDEX):
        match entry.statement.predicate:
            case Slot() as slot:
                statements[slot.promise] = slot.statement
            case Proof(outcome=Outcome.BROKEN) as proof:
                part = (proof.promise, proof.drill)
                still = "Still broken" if part in broken else "Broken"
                broken.add(part)
                yield outcome(entry.index, unsealed(proof, details), still, statements)
            case Proof(outcome=Outcome.KEPT) as proof if entry.index in counted:
                part = (proof.promise, proof.drill)
                if part in broken:
                    broken.discard(part)
                    yield outcome(entry.index, proof, "Mended", statements)
            case _:
                pass


INDEX = attrgetter("index")


def from_the_first_broken(
    before: tuple[Entry, ...] | None, entries: Sequence[Entry], since: int
) -> tuple[Entry, ...]:
    new = [each for each in entries[since:] if isinstance(each.statement.predicate, Proof)]
    return (*before, *new) if before else tuple(dropwhile(is_not_broken, new))


def is_not_broken(entry: Entry) -> bool:
    return not is_broken_proof(entry)


def outcome(index: int, proof: Proof, what: str, statements: dict[str, str]) -> Happening:
    said = statements.get(proof.promise, proof.promise)
    exceeded = words.exceeded(proof.objective, proof.measured)
    return Happening(
        kind=what.lower().replace(" ", "-"),
        index=index,
        at=proof.ended_at,
        title=f"{what} ({proof.grade}): {said}",
        text=words.sentence(exceeded or words.besides(proof.measured, {}) or proof.story[0]),
    )


def not_seen_red(
    entries: Sequence[Entry], known: Iterable[Dossier], *, now: datetime
) -> Iterator[Happening]:
    seen: dict[tuple[str, str], list[tuple[datetime, int]]] = {}
    for entry in by_kind(entries).calibrations:
        if isinstance(predicate := entry.statement.predicate, Calibration):
            part = (predicate.promise, predicate.green.drill)
            seen.setdefault(part, []).append((predicate.green.ended_at, entry.index))
    for dossier in known:
        within = timedelta(seconds=dossier.current.slot.calibrated_within_s)
        of_it = sorted(seen.get((dossier.promise, dossier.drill), []))
        for (at, index), (next_at, _) in pairwise([*of_it, (now, -1)]):
            if next_at > at + within:
                yield Happening(
                    kind="not-seen-red",
                    index=index,
                    at=at + within,
                    title=f"Not seen red in time: {dossier.current.slot.statement}",
                    text=f"The check “{words.drill(dossier.drill)}” was last seen red "
                    f"{words.moment(at)}; without that its proofs do not count.",
                )


def notices(entries: Sequence[Entry]) -> Iterator[Happening]:
    for entry in by_kind(entries).notices:
        if isinstance(notice := entry.statement.predicate, Notice):
            yield Happening(
                kind="notice",
                index=entry.index,
                at=notice.at,
                title=NOTICES[notice.kind],
                text=words.notice(notice.text),
            )
