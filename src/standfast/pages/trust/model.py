"""What the page shows, already decided: the templates only lay it out."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from standfast.evidence.availability import Available
from standfast.evidence.company import Company
from standfast.evidence.statement import ShownCertificate
from standfast.evidence.timestamp.shelf import Stamped
from standfast.promises.model import Figures, Grade, State


class Mark(StrEnum):
    """The sign beside a state. A rehearsal has one of its own, so that it never looks real."""

    REAL = "real"
    REHEARSED = "rehearsed"
    ATTESTED = "attested"
    BROKEN = "broken"
    UNPROVEN = "unproven"


def mark(state: State, grade: Grade | None) -> Mark:
    """The sign of a state; what has no grade is not shown as kept."""
    if state is State.BROKEN:
        return Mark.BROKEN
    if state is State.UNPROVEN or grade is None:
        return Mark.UNPROVEN
    return Mark(grade.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The line at the top, for one stretch of the reader's time."""

    mark: Mark
    line: str
    detail: str
    valid_from: datetime | None
    valid_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """One measurement over time, as SVG path data in the plot's own pixels."""

    width: float
    height: float
    top: float
    floor: float
    limit: float
    limit_text: float
    """Height at which the word beside the line of the objective stands."""
    course: str
    within: str
    beyond: str
    unsure: str
    gaps: tuple[tuple[float, float], ...]
    """Left edge and width of each stretch in which a due proof is missing."""
    since: str
    until: str
    summary: str
    """The same in words, under the plot: for everybody, and for who does not see it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure of the objective, beside what was measured."""

    name: str
    promised: str
    usual: str
    """The product's own limit where this site promises less; empty otherwise."""
    last: str
    worst: str
    last_is_over: bool
    worst_is_over: bool
    plot: Plot | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A proof or calibration in the log that the page refers to, with what the page says of it:
    `outcome` is `calibrated` for a calibration, `at` its end, `figures` what was measured of the
    objective."""

    index: int
    path: str
    signer: str
    outcome: str
    at: datetime
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One figure of an objective that was announced anew; None where it was or is not promised."""

    at: datetime
    index: int
    key: str
    before: float | None
    after: float | None

    @property
    def looser(self) -> bool:
        """Less is promised since."""
        return self.after is None or (self.before is not None and self.after > self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    entry: Told
    fault: str
    planted_at: datetime
    seen: str
    """What the check measured while the fault was in place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one drill shows of a promise."""

    drill: str
    proof: str
    state: State
    grade: Grade | None
    reason: str
    proven_at: datetime | None
    due_at: datetime | None
    calibrated_at: datetime | None
    objective: Figures
    default_objective: Figures
    measured: Figures | None
    worst: Figures | None
    measures: tuple[Measure, ...]
    besides: str
    """What else the newest proof measured, in words."""
    story: tuple[str, ...]
    latest: Told | None
    calibration: Calibration | None
    changes: tuple[Change, ...]
    """Newest first."""
    missed: tuple[tuple[datetime, datetime], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One promise as the page shows it."""

    id: str
    statement: str
    state: State
    grade: Grade | None
    mark: Mark
    reason: str
    valid_until: datetime | None
    """Set exactly when the claim is `kept`."""
    proven_at: datetime | None
    due_at: datetime | None
    calibrated_at: datetime | None
    broken_since: datetime | None
    stand_ins: tuple[str, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A sentence of the catalogue that this site does not promise."""

    id: str
    statement: str
    why: str
    since: datetime
    index: int
    was_promised: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    index: int
    at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of the text: since when, the entry with which it was whole, and how it differs
    from the one before."""

    number: int
    since: datetime
    index: int
    removed: tuple[str, ...]
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that the feed tells. `kind` and `index` together never mean two."""

    kind: str
    index: int
    at: datetime
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanySaid:
    """What the company says of itself, and the entry that says it."""

    said: Company
    since: datetime
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosigned:
    """By which witness, and when by its own clock."""

    witness: str
    key: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificatesSaid:
    """Which certificates edges show, and the entry that says it."""

    shown: tuple[ShownCertificate, ...]
    since: datetime
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    site: str
    service: str
    url: str
    """Where the page is, for who reads a part of it elsewhere."""
    security_url: str
    log_url: str
    vkey: str
    origin: str
    size: int
    root: str
    cosigned: tuple[Cosigned, ...]
    required: str
    """Whose cosignatures a reader should require, in words; empty if nobody's."""
    policy: str
    """The same for programs (C2SP tlog-policy)."""
    timestamps: tuple[Stamped, ...]
    """The newest of each time-stamp authority."""
    elsewhere: str
    """Where a copy of the page is, should the site be down; empty where nobody named one."""
    made_at: datetime
    newest_at: datetime | None
    newest_index: int | None
    valid_until: datetime | None
    """The first moment at which a claim of this page expires; none when nothing is kept."""
    headlines: tuple[Headline, ...]
    shares_hardware: bool
    claims: tuple[Claim, ...]
    left_out: tuple[LeftOut, ...]
    notices: tuple[Notice, ...]
    versions: tuple[Version, ...]
    """Of the text, newest first."""
    company: CompanySaid | None
    certificates: CertificatesSaid | None
    availability: Available | None
    happenings: tuple[Happening, ...]
    complaints: tuple[str, ...]
