"""What the log must say before anything is proven: who may sign, when, what is not promised, and
what the company says of itself."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from standfast.evidence.company import Company
from standfast.evidence.statement import (
    AnyPredicate,
    CertificatesNotice,
    CompanyNotice,
    EnrolledNotice,
    EnrolledSigner,
    ScopeNotice,
    ShownCertificate,
    Slot,
)
from standfast.promises.catalog import CATALOG
from standfast.promises.model import Figures, Promise
from standfast.proofs.schedule import due_scope, due_slots

NOTICES = EnrolledNotice | ScopeNotice | CompanyNotice | CertificatesNotice
"""Those that are announced when the site's file says something else than the log."""

Limits = Mapping[str, Mapping[str, Figures]]
"""Promise to drill to figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a site promises, with its limits and those of a site that changes none; what it does
    not promise, and why; which keys may sign proofs; what the company says of itself; and which
    certificates edges show."""

    objectives: Limits
    usual: Limits
    not_promised: Mapping[str, str]
    enrolled: Sequence[EnrolledSigner]
    company: Company
    certificates: tuple[ShownCertificate, ...] = ()

    @property
    def promises(self) -> tuple[Promise, ...]:
        """The catalogue's that this site makes, with its limits."""
        return tuple(
            replace(
                promise,
                parts=tuple(
                    replace(part, objective=self.objectives[promise.id][part.drill])
                    for part in promise.parts
                ),
            )
            for promise in CATALOG
            if promise.id in self.objectives
        )


def announcements(
    said: Iterable[AnyPredicate], scope: Scope, *, now: datetime
) -> tuple[AnyPredicate, ...]:
    """`said`: what the log says already."""
    known = tuple(said)
    usual = {drill: limits for each in scope.usual.values() for drill, limits in each.items()}
    slots = (each for each in known if isinstance(each, Slot))
    enrolled = newly_enrolled(known, scope.enrolled, now)
    left_out = due_scope(known, scope.not_promised, now=now)
    company = newly_said(known, scope.company, now)
    certificates = newly_shown(known, scope.certificates, now)
    return (
        *((enrolled,) if enrolled else ()),
        *due_slots(slots, scope.promises, usual, now=now),
        *((left_out,) if left_out else ()),
        *((company,) if company else ()),
        *((certificates,) if certificates else ()),
    )


def telling(said: Iterable[AnyPredicate]) -> tuple[AnyPredicate, ...]:
    """What of all this decides what is to be announced: notices, and of each part the slot that
    ends last. A log of years holds thousands of slots, and is asked several times a second."""
    latest: dict[tuple[str, str | None], Slot] = {}
    notices: list[AnyPredicate] = []
    for each in said:
        if isinstance(each, NOTICES):
            notices.append(each)
        if isinstance(each, Slot):
            before = latest.get((each.promise, each.drill))
            if before is None or before.until < each.until:
                latest[each.promise, each.drill] = each
    return (*notices, *latest.values())


def newly_enrolled(
    said: Iterable[AnyPredicate], enrolled: Iterable[EnrolledSigner], now: datetime
) -> EnrolledNotice | None:
    known = {
        signer.key for each in said if isinstance(each, EnrolledNotice) for signer in each.signers
    }
    new = tuple(each for each in enrolled if each.key not in known)
    if not new:
        return None
    names = ", ".join(each.name for each in new)
    return EnrolledNotice(text=f"These keys may sign proofs: {names}.", at=now, signers=new)


def newly_said(
    said: Iterable[AnyPredicate], company: Company, now: datetime
) -> CompanyNotice | None:
    """A company that never said anything of itself says nothing; one that takes its words back
    says that."""
    before = Company()
    for each in said:
        if isinstance(each, CompanyNotice):
            before = each.company
    if company == before:
        return None
    text = "The company has changed what it says of itself: contacts, policies, its own word."
    return CompanyNotice(text=text, at=now, company=company)


def newly_shown(
    said: Iterable[AnyPredicate], certificates: tuple[ShownCertificate, ...], now: datetime
) -> CertificatesNotice | None:
    """A log that names none says nothing of them until there is one."""
    before: tuple[ShownCertificate, ...] = ()
    for each in said:
        if isinstance(each, CertificatesNotice):
            before = each.certificates
    if certificates == before:
        return None
    names = ", ".join(dict.fromkeys(name for each in certificates for name in each.names))
    text = f"Edges show other certificates from now on: for {names or 'nothing'}."
    return CertificatesNotice(text=text, at=now, certificates=certificates)
