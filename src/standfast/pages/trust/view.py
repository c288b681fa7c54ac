"""Decide what the page shows of a record: pure, from entries and derived states to a `Page`.

Fail-safe: what is `kept` in the states but has no grade, no proof or no expiry that still lies
ahead is shown as unproven. The page never says more than the states do, only less.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urljoin

from standfast.evidence.availability import Available, availability
from standfast.evidence.certificates import newest as newest_notice
from standfast.evidence.entries import Entry, by_kind
from standfast.evidence.policy import Policy
from standfast.evidence.read import Record
from standfast.evidence.scope import left_out
from standfast.evidence.sealed import revealed, unsealed
from standfast.evidence.state import WORST_FIRST, PartState, PromiseState, doubted
from standfast.evidence.statement import Calibration as CalibrationPredicate
from standfast.evidence.statement import CompanyNotice, Slot, TextNotice
from standfast.evidence.timestamp.shelf import Stamped
from standfast.pages.trust import plot, words
from standfast.pages.trust.changes import PartName, changes
from standfast.pages.trust.entries import newest, predicate_at, proof_at, told
from standfast.pages.trust.feed import happenings
from standfast.pages.trust.headline import headlines
from standfast.pages.trust.model import (
    Calibration,
    CertificatesSaid,
    Change,
    Claim,
    CompanySaid,
    Cosigned,
    LeftOut,
    Measure,
    Notice,
    Page,
    Part,
    mark,
)
from standfast.pages.trust.security import WELL_KNOWN
from standfast.pages.trust.text import versions
from standfast.promises.model import Figures, Grade, Outcome, State

NOTICES_SHOWN = 10
"""What a reader takes in; the record holds them all."""


def page(
    record: Record,
    states: Sequence[PromiseState],
    *,
    site: str,
    service: str,
    log_url: str,
    vkey: str,
    now: datetime,
    policy: Policy | None = None,
    timestamps: Sequence[Stamped] = (),
    elsewhere: str = "",
) -> Page:
    changed = changes(record.entries, now=now)
    claims = tuple(
        claim(record, each, changed, now=now) for each in doubted(states, record.complaints)
    )
    newest_at, newest_index = newest(record)
    return Page(
        site=site,
        service=service,
        url=urljoin(log_url.rstrip("/"), "./"),
        security_url=urljoin(log_url, WELL_KNOWN),
        log_url=log_url,
        vkey=vkey,
        origin=record.checkpoint.origin,
        size=record.checkpoint.size,
        root=record.checkpoint.root.hex(),
        cosigned=cosigned(record, policy) if policy else (),
        required=policy.words if policy else "",
        policy=policy.text if policy else "",
        timestamps=tuple(timestamps),
        elsewhere=elsewhere,
        made_at=now,
        newest_at=newest_at,
        newest_index=newest_index,
        valid_until=min((each.valid_until for each in claims if each.valid_until), default=None),
        headlines=headlines(claims),
        shares_hardware=any(map(shares_hardware, claims)),
        claims=claims,
        left_out=not_promised(record),
        notices=notices(record),
        versions=tuple(reversed(versions(record.entries, now=now))),
        company=company(record),
        certificates=certificates(record),
        availability=available(record, now=now),
        happenings=happenings(record.entries, now=now),
        complaints=record.complaints,
    )


def cosigned(record: Record, policy: Policy) -> tuple[Cosigned, ...]:
    return tuple(
        Cosigned(witness=name, key=each.witness.vkey, at=each.moment)
        for name, each in policy.cosigned_by(record.checkpoint_bytes).items()
    )


Changed = Mapping[PartName, tuple[Change, ...]]


def claim(record: Record, state: PromiseState, changed: Changed, *, now: datetime) -> Claim:
    stated, reason = shown(state, now=now)
    return Claim(
        id=state.promise,
        statement=state.statement,
        state=stated,
        grade=state.grade,
        mark=mark(stated, state.grade),
        reason=reason,
        valid_until=state.due_at if stated is State.KEPT else None,
        proven_at=state.proven_at,
        due_at=state.due_at,
        calibrated_at=state.calibrated_at,
        broken_since=broken_since(state) if stated is State.BROKEN else None,
        stand_ins=state.stand_ins,
        parts=tuple(
            part(record, each, changed.get((state.promise, each.drill), ()), now=now)
            for each in state.parts
        ),
    )


def part(record: Record, state: PartState, changed: tuple[Change, ...], *, now: datetime) -> Part:
    proof = proof_at(record, state.latest)
    if proof is not None:
        proof = unsealed(proof, revealed(record.entries))
    stated, reason = shown_part(state, now=now)
    return Part(
        drill=state.drill,
        proof=state.proof,
        state=stated,
        grade=state.grade,
        reason=reason,
        proven_at=state.proven_at,
        due_at=state.due_at,
        calibrated_at=state.calibrated_at,
        objective=state.objective,
        default_objective=state.default_objective,
        measured=state.measured,
        worst=state.worst,
        measures=measures(state, changed, now=now),
        besides=words.besides(state.measured or {}, state.objective),
        story=proof.story if proof else (),
        latest=told(record, state.latest),
        calibration=calibration(record, state.calibration),
        changes=changed,
        missed=state.missed,
    )


def shown(state: PromiseState, *, now: datetime) -> tuple[State, str]:
    """The state the page dares to say, and why in words: the worst part's, by its name where there
    are several."""
    parts = [(*shown_part(each, now=now), each.drill) for each in state.parts]
    stated, reason, drill = min(parts, key=lambda each: WORST_FIRST.index(each[0]))
    named = len(parts) > 1 and stated is not State.KEPT
    return stated, f"{drill}: {reason}" if named else reason


def shown_part(state: PartState, *, now: datetime) -> tuple[State, str]:
    if state.state is State.BROKEN:
        return State.BROKEN, words.exceeded(state.objective, state.measured or {}) or words.plain(
            state.reason
        )
    if state.state is State.KEPT and (state.grade is None or state.due_at is None):
        return State.UNPROVEN, "the record does not say how long the newest proof is good"
    if state.state is State.KEPT and state.due_at is not None and state.due_at <= now:
        return State.UNPROVEN, f"expired at {words.moment(state.due_at)}"
    return state.state, words.plain(state.reason)


def broken_since(state: PromiseState) -> datetime | None:
    """When the present run of broken proofs began, in any part; inconclusive ones do not end it."""
    began = (part_broken_since(each) for each in state.parts if each.state is State.BROKEN)
    return min((each for each in began if each is not None), default=None)


def part_broken_since(state: PartState) -> datetime | None:
    began = None
    for past in sorted(state.history, key=plot.when, reverse=True):
        if past.outcome is Outcome.KEPT:
            break
        if past.outcome is Outcome.BROKEN:
            began = past.ended_at
    return began


def measures(state: PartState, changed: Sequence[Change], *, now: datetime) -> tuple[Measure, ...]:
    return tuple(measure(state, key, changed, now=now) for key in words.in_order(state.objective))


def measure(state: PartState, key: str, changed: Sequence[Change], *, now: datetime) -> Measure:
    limit = state.objective[key]
    usual = state.default_objective.get(key, limit)
    return Measure(
        name=words.name(key),
        promised=words.limit(key, limit),
        usual=words.limit(key, usual) if usual < limit else "",
        last=value(state.measured, key),
        worst=value(state.worst, key),
        last_is_over=over(state.measured, key, limit),
        worst_is_over=over(state.worst, key, limit),
        plot=plot.plot(state.history, state.missed, key, limit, changed, now=now),
    )


def value(figures: Figures | None, key: str) -> str:
    return words.figure(key, figures[key]) if figures and key in figures else "—"


def over(figures: Figures | None, key: str, limit: float) -> bool:
    return bool(figures and key in figures and figures[key] > limit)


def shares_hardware(each: Claim) -> bool:
    """`promises/grade.py` says of machines that share a kernel that they share one."""
    return each.grade is Grade.REHEARSED and any(" share one " in word for word in each.stand_ins)


def calibration(record: Record, index: int | None) -> Calibration | None:
    predicate, entry = predicate_at(record, index), told(record, index)
    if not isinstance(predicate, CalibrationPredicate) or entry is None:
        return None
    return Calibration(
        entry=entry,
        fault=predicate.fault_words,
        planted_at=predicate.planted_at,
        seen=words.exceeded(predicate.red.objective, predicate.red.measured),
    )


def not_promised(record: Record) -> tuple[LeftOut, ...]:
    """A sentence that was promised once and is withdrawn says so as long as it is left out."""
    found = left_out(record.entries)
    announced = promised(record.entries) if found else frozenset()
    return tuple(
        LeftOut(
            id=each.promise,
            statement=each.statement,
            why=each.why,
            since=each.since,
            index=each.index,
            was_promised=each.promise in announced,
        )
        for each in found
    )


def promised(entries: Sequence[Entry]) -> frozenset[str]:
    """Ever."""
    return frozenset(
        slot.promise
        for entry in by_kind(entries).slots
        if isinstance(slot := entry.statement.predicate, Slot)
    )


def notices(record: Record) -> tuple[Notice, ...]:
    """The newest first. Who may sign is for the verifier; what was said is for the reader."""
    said = [
        Notice(index=entry.index, at=predicate.at, text=words.notice(predicate.text))
        for entry in by_kind(record.entries).notices
        if isinstance(predicate := entry.statement.predicate, TextNotice)
    ]
    return tuple(reversed(said))[:NOTICES_SHOWN]


def company(record: Record) -> CompanySaid | None:
    """By the newest notice; None if there never was one."""
    for entry in reversed(by_kind(record.entries).notices):
        if isinstance(predicate := entry.statement.predicate, CompanyNotice):
            return CompanySaid(said=predicate.company, since=predicate.at, index=entry.index)
    return None


def available(record: Record, *, now: datetime) -> Available | None:
    """Of a record with complaints, nothing is."""
    return None if record.complaints else availability(record.entries, now=now)


def certificates(record: Record) -> CertificatesSaid | None:
    """None if there never was a notice of them."""
    if (found := newest_notice(record.entries)) is None:
        return None
    index, notice = found
    return CertificatesSaid(shown=notice.certificates, since=notice.at, index=index)
