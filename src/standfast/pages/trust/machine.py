"""`trust.json`: the page for programs. Its shape is described in the room's README."""

from collections.abc import Mapping
from datetime import datetime

from standfast.core.units import stamp
from standfast.pages.trust.model import Claim, Page

VERSION = 1


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
        "log": {
            "url": page.log_url,
            "key": page.vkey,
            "origin": page.origin,
            "size": page.size,
            "root": page.root,
        },
        "promises": [promise(claim) for claim in page.claims],
        "notices": [
            {"index": each.index, "at": moment(each.at), "text": each.text} for each in page.notices
        ],
        "complaints": list(page.complaints),
    }


def promise(claim: Claim) -> Mapping[str, object]:
    """The names of `status --json` (design §11) where both say the same thing."""
    return {
        "id": claim.id,
        "statement": claim.statement,
        "state": claim.state,
        "grade": claim.grade,
        "reason": claim.reason,
        "valid_until": moment(claim.valid_until),
        "objective": dict(claim.objective),
        "default_objective": dict(claim.default_objective),
        "measured": None if claim.measured is None else dict(claim.measured),
        "worst": None if claim.worst is None else dict(claim.worst),
        "proven_at": moment(claim.proven_at),
        "due_at": moment(claim.due_at),
        "calibrated_at": moment(claim.calibrated_at),
        "broken_since": moment(claim.broken_since),
        "stand_ins": list(claim.stand_ins),
        "missed": [[stamp(start), stamp(end)] for start, end in claim.missed],
        "evidence": {
            "index": claim.latest.index if claim.latest else None,
            "calibration": claim.calibration.entry.index if claim.calibration else None,
        },
    }


def moment(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)
