"""Entries of the log for people, at 80 columns, and for programs. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from textwrap import wrap
from typing import Any

from standfast.core.units import stamp
from standfast.evidence.dossier import objections
from standfast.evidence.entries import Entry
from standfast.evidence.explanation import Explanation, explanations
from standfast.evidence.selection import speaks_of
from standfast.evidence.statement import (
    Availability,
    Calibration,
    CertificatesNotice,
    CompanyNotice,
    EnrolledNotice,
    Kind,
    Notice,
    Proof,
    Run,
    ScopeNotice,
    ShownCertificate,
    Slot,
    TextNotice,
)
from standfast.pages.trust import words
from standfast.pages.trust.text import of_company
from standfast.promises.model import Figures

WIDTH = 80
INDENT = "  "
HEADS = ("entry", "time (UTC)", "kind", "about")

NOTICE_LINES = 2
"""In the table; the rest of a notice is told when its number is asked for."""

NARROWEST = 16
"""A last column that is worth printing beside the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the rest of the log says about an entry, by the number of that entry."""

    objected: Mapping[int, str]
    explained: Mapping[int, tuple[Explanation, ...]]
    slots: Mapping[int, Slot]

    @classmethod
    def of(cls, entries: Sequence[Entry], *, now: datetime) -> "Known":
        return cls(
            objected=objections(entries, now=now),
            explained=explanations(entries),
            slots={
                each.index: predicate
                for each in entries
                if isinstance(predicate := each.statement.predicate, Slot)
            },
        )


NOTHING_ELSE = Known(objected={}, explained={}, slots={})
"""Where an entry was handed out alone."""


def document(entry: Entry, known: Known) -> Mapping[str, Any]:
    """`says` is the predicate as it was signed; `objection` is why a proof does not count."""
    said = entry.statement.predicate
    return {
        "index": entry.index,
        "kind": entry.kind,
        "promise": entry.statement.about,
        "at": stamp(speaks_of(entry)),
        "signer": entry.signer,
        "says": said.model_dump(mode="json", by_alias=True),
        "objection": known.objected.get(entry.index),
        "explanations": [
            {"index": each.index, "at": stamp(each.at), "text": each.text}
            for each in known.explained.get(entry.index, ())
        ],
    }


def table(entries: Sequence[Entry], known: Known) -> Iterator[str]:
    """A row for each; times are UTC to the minute. Of a proof everything is said, on as many lines
    as that takes."""
    cells = [
        (
            str(each.index),
            f"{speaks_of(each).astimezone(UTC):%Y-%m-%d %H:%M}",
            str(each.kind),
            each.statement.about,
        )
        for each in entries
    ]
    widths = [max(map(len, column)) for column in zip(HEADS, *cells, strict=True)]
    room = max(WIDTH - sum(widths) - len(widths), NARROWEST)
    yield from laid_out(HEADS, ["says"], widths)
    for each, front in zip(entries, cells, strict=True):
        most = NOTICE_LINES if each.kind is Kind.NOTICE else None
        says = wrap(in_short(each, known), room, max_lines=most, placeholder=" …")
        yield from laid_out(front, says or [""], widths)


def laid_out(front: Sequence[str], says: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    number, *others = front
    first = [number.rjust(widths[0]), *map(str.ljust, others, widths[1:]), says[0]]
    yield " ".join(first).rstrip()
    indent = " " * (sum(widths) + len(widths))
    yield from (indent + line for line in says[1:])


def in_short(entry: Entry, known: Known) -> str:
    match entry.statement.predicate:
        case Slot() as slot:
            return f"due until {slot.until.astimezone(UTC):%m-%d %H:%M}"
        case Proof() as proof:
            objection = ", does not count" if entry.index in known.objected else ""
            explained = ", explained" if entry.index in known.explained else ""
            return f"{proof.outcome}, {proof.grade}{objection}{explained}"
        case Calibration() as seen:
            return f"seen red by {seen.fault}"
        case Availability() as count:
            return f"{words.share(count.answered, count.looks)} of {count.looks:,} looks answered"
        case notice:
            return notice.text


def lines(entry: Entry, known: Known) -> Iterator[str]:
    """All of it, in words."""
    about = entry.statement.about
    match entry.statement.predicate:
        case Slot() as slot:
            title, said = f"announces a proof of {about}", of_slot(slot)
        case Proof() as proof:
            title, said = f"proof of {about}", of_proof(entry.index, proof, known)
        case Calibration() as seen:
            title, said = f"calibration of {about}", of_calibration(seen)
        case Availability() as count:
            title, said = "how available the service was", of_count(count)
        case notice:
            title, said = "notice", of_notice(notice)
    yield f"Entry {entry.index}: {title}"
    for text in said:
        yield from wrap(text, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)
    yield from wrap(f"Signed by {entry.signer}.", WIDTH, initial_indent=INDENT)


def of_slot(slot: Slot) -> Iterator[str]:
    yield slot.statement
    by = f" by the drill {slot.drill}" if slot.drill else ""
    yield f"To be proven{by} from {words.moment(slot.starts_at)} to {words.moment(slot.until)}:"
    yield slot.proof
    yield f"Promised: {limits(slot.objective)}."
    if slot.default_objective != slot.objective:
        yield f"Usual is: {limits(slot.default_objective)}."


def of_proof(index: int, proof: Proof, known: Known) -> Iterator[str]:
    slot = known.slots.get(proof.slot)
    if slot is not None and slot.promise == proof.promise:
        yield slot.statement
    yield from of_run(proof)
    yield f"Announced by entry {proof.slot}."
    if index in known.objected:
        yield f"It does not count: {known.objected[index]}."
    for each in known.explained.get(index, ()):
        yield f"Explained on {words.day(each.at)} in entry {each.index}: {each.text}"


def of_run(run: Run) -> Iterator[str]:
    """State and grade are said together, with the stand-ins that made it a rehearsal."""
    stand_ins = f" ({'; '.join(run.stand_ins)})" if run.stand_ins else ""
    yield f"{words.capitalised(run.outcome)}, {run.grade}{stand_ins}"
    yield f"Drill {run.drill}, {words.moment(run.started_at)} to {words.moment(run.ended_at)}"
    yield from figures(run)
    yield from (words.sentence(each) for each in run.story)


def figures(run: Run) -> Iterator[str]:
    for key in words.in_order(run.objective):
        found = words.figure(key, run.measured[key]) if key in run.measured else "not measured"
        yield f"{words.name(key)}: {found} (promised: {words.limit(key, run.objective[key])})"
    besides = words.besides(run.measured, run.objective)
    if besides:
        yield f"besides: {besides}"


def of_calibration(seen: Calibration) -> Iterator[str]:
    yield f"{words.moment(seen.planted_at)}, planted on purpose: {seen.fault_words}."
    yield from of_run(seen.red)
    yield f"{words.moment(seen.removed_at)}, taken away again."
    yield from of_run(seen.green)


def of_count(count: Availability) -> Iterator[str]:
    yield (
        f"From {words.moment(count.starts_at)} to {words.moment(count.until)}, asked every "
        f"{words.figure('every_s', count.every_s)} from inside the site:"
    )
    yield f"{count.answered:,} of {count.looks:,} looks were answered."
    for each in count.addresses:
        yield f"{each.address} answered {each.answered:,}."
    for start, end in count.outages:
        yield f"No answer from {words.second(start)} to {words.second(end)}."
    if count.down:
        yield "Then it was still down."


def of_notice(notice: Notice) -> Iterator[str]:
    yield f"{words.moment(notice.at)}: {notice.text}"
    match notice:
        case EnrolledNotice():
            yield from (each.key for each in notice.signers)
        case ScopeNotice():
            yield from (f"{each.promise}: {each.why}" for each in notice.not_promised)
        case CompanyNotice():
            yield from of_company(notice.company)
        case CertificatesNotice():
            yield from map(of_certificate, notice.certificates)
        case TextNotice():
            return


def of_certificate(shown: ShownCertificate) -> str:
    return (
        f"{', '.join(shown.names)} at {', '.join(shown.addresses)}: {shown.key}, "
        f"by {shown.issuer}, serial {shown.serial}, "
        f"until {words.moment(shown.valid_until)}, SHA-256 {shown.sha256}"
    )


def limits(objective: Figures) -> str:
    keys: Iterable[str] = words.in_order(objective)
    return ", ".join(f"{words.name(key)} {words.limit(key, objective[key])}" for key in keys)
