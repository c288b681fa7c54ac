"""`trust.json`: the page for programs. Its shape is described in the room's README."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from standfast.core.units import stamp
from standfast.evidence import availability
from standfast.evidence.state import WORST_FIRST
from standfast.evidence.timestamp.shelf import Stamped, root_path
from standfast.pages.trust.model import CertificatesSaid, Claim, CompanySaid, Page, Part, Version
from standfast.promises.model import Figures

VERSION = 1

VERSIONS_LISTED = 50
"""Of the text, each with its differences; the record holds them all."""


def document(page: Page) -> Mapping[str, object]:
    return {
        "version": VERSION,
        "site": page.site,
        "service": page.service,
        "headline": page.headlines[0].line,
        "newest_evidence_at": moment(page.newest_at),
        "valid_until": moment(page.valid_until),
        "made_at": moment(page.made_at),
        "shares_hardware": page.shares_hardware,
        **({"elsewhere": page.elsewhere} if page.elsewhere else {}),
        "log": {
            "url": page.log_url,
            "key": page.vkey,
            "origin": page.origin,
            "size": page.size,
            "root": page.root,
            "cosigned": {
                "required": page.required or None,
                "by": [
                    {"witness": each.witness, "key": each.key, "at": moment(each.at)}
                    for each in page.cosigned
                ],
            },
            "timestamps": [of_timestamp(each) for each in page.timestamps],
        },
        "promises": [promise(claim) for claim in page.claims],
        "not_promised": [
            {
                "id": each.id,
                "statement": each.statement,
                "why": each.why,
                "since": moment(each.since),
                "index": each.index,
                "was_promised": each.was_promised,
            }
            for each in page.left_out
        ],
        "notices": [
            {"index": each.index, "at": moment(each.at), "text": each.text} for each in page.notices
        ],
        "text": [of_version(each) for each in page.versions[:VERSIONS_LISTED]],
        "company": None if page.company is None else of_company(page.company),
        "certificates": None if page.certificates is None else of_certificates(page.certificates),
        "availability": availability.document(page.availability),
        "complaints": list(page.complaints),
    }


def of_timestamp(stamped: Stamped) -> Mapping[str, object]:
    """With the names of its files, below the log's address."""
    return {
        "authority": stamped.authority,
        "size": stamped.size,
        "at": moment(stamped.at),
        "checkpoint": stamped.note_path,
        "answer": stamped.answer_path,
        "root": root_path(stamped.authority),
    }


def of_version(version: Version) -> Mapping[str, object]:
    return {
        "version": version.number,
        "since": moment(version.since),
        "index": version.index,
        "removed": list(version.removed),
        "added": list(version.added),
    }


def of_company(company: CompanySaid) -> Mapping[str, object]:
    """The operator's own keys, and the entry that holds them."""
    said = company.said.model_dump(mode="json")
    return {"index": company.index, "since": moment(company.since), **said}


def of_certificates(said: CertificatesSaid) -> Mapping[str, object]:
    return {
        "index": said.index,
        "since": moment(said.since),
        "shown": [each.model_dump(mode="json") for each in said.shown],
    }


def promise(claim: Claim) -> Mapping[str, object]:
    """The names of `status --json` (design §11) where both say the same thing: figures as they are
    where one drill proves the promise, by drill where several do."""
    weakest = min(claim.parts, key=lambda each: WORST_FIRST.index(each.state))
    return {
        "id": claim.id,
        "statement": claim.statement,
        "state": claim.state,
        "grade": claim.grade,
        "reason": claim.reason,
        "valid_until": moment(claim.valid_until),
        "objective": by_drill(claim.parts, lambda part: part.objective),
        "default_objective": by_drill(claim.parts, lambda part: part.default_objective),
        "measured": by_drill(claim.parts, lambda part: part.measured),
        "worst": by_drill(claim.parts, lambda part: part.worst),
        "proven_at": moment(claim.proven_at),
        "due_at": moment(claim.due_at),
        "calibrated_at": moment(claim.calibrated_at),
        "broken_since": moment(claim.broken_since),
        "stand_ins": list(claim.stand_ins),
        "missed": missed([span for each in claim.parts for span in each.missed]),
        "evidence": evidence(weakest),
        "drills": [of_part(each) for each in claim.parts],
    }


def of_part(part: Part) -> Mapping[str, object]:
    return {
        "drill": part.drill,
        "state": part.state,
        "grade": part.grade,
        "reason": part.reason,
        "objective": dict(part.objective),
        "default_objective": dict(part.default_objective),
        "measured": figures(part.measured),
        "worst": figures(part.worst),
        "proven_at": moment(part.proven_at),
        "due_at": moment(part.due_at),
        "calibrated_at": moment(part.calibrated_at),
        "missed": missed(part.missed),
        "changes": [
            {
                "at": moment(each.at),
                "index": each.index,
                "figure": each.key,
                "before": each.before,
                "after": each.after,
            }
            for each in part.changes
        ],
        "evidence": evidence(part),
    }


def by_drill(
    parts: Sequence[Part], of: Callable[[Part], Figures | None]
) -> Mapping[str, object] | None:
    if len(parts) == 1:
        return figures(of(parts[0]))
    return {each.drill: figures(of(each)) for each in parts}


def figures(of: Figures | None) -> Mapping[str, float] | None:
    return None if of is None else dict(of)


def missed(spans: Sequence[tuple[datetime, datetime]]) -> list[list[str]]:
    return [[stamp(start), stamp(end)] for start, end in sorted(spans)]


def evidence(part: Part) -> Mapping[str, int | None]:
    return {
        "index": part.latest.index if part.latest else None,
        "calibration": part.calibration.entry.index if part.calibration else None,
    }


def moment(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)
