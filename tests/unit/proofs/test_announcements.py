"""What a log must say next follows from what it says already."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from standfast.evidence.company import Company
from standfast.evidence.note import vkey
from standfast.evidence.signing import Ed25519Signer
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
from standfast.promises.catalog import REDUNDANT_WEB
from standfast.proofs.announcements import Scope, announcements, telling

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIMITS = {part.drill: dict(part.objective) for part in REDUNDANT_WEB.parts}
LOOSER = {drill: {**limits, "failed_requests": 9.0} for drill, limits in LIMITS.items()}

CERTIFICATE = ShownCertificate(
    names=("shop.example",),
    addresses=("203.0.113.7", "203.0.113.8"),
    issuer="An Authority",
    serial="0A1B",
    sha256="ab" * 32,
    key="P-256",
    valid_from=NOON,
    valid_until=NOON + timedelta(days=90),
)


def enrolled(name: str) -> EnrolledSigner:
    return EnrolledSigner(name=name, key=vkey(Ed25519Signer.from_seed(name, bytes(32))))


@pytest.fixture
def scope() -> Scope:
    return Scope(
        objectives={REDUNDANT_WEB.id: LOOSER},
        usual={REDUNDANT_WEB.id: LIMITS},
        not_promised={},
        enrolled=[enrolled("vantage")],
        company=Company(),
    )


def of(kind: type, said: Sequence[AnyPredicate]) -> list[AnyPredicate]:
    return [each for each in said if isinstance(each, kind)]


def test_a_new_log_says_who_may_sign_then_what_will_be_proven_under_which_limits(
    scope: Scope,
) -> None:
    first, *slots = announcements((), scope, now=NOON)
    assert isinstance(first, EnrolledNotice)
    assert [each.name for each in first.signers] == ["vantage"]
    assert slots == of(Slot, slots)
    (slot, *_) = slots
    assert isinstance(slot, Slot)
    assert (dict(slot.objective), dict(slot.default_objective)) == (
        LOOSER["web-server"],
        LIMITS["web-server"],
    )


def test_what_is_said_is_not_said_again(scope: Scope) -> None:
    said = announcements((), scope, now=NOON)
    assert announcements(said, scope, now=NOON + timedelta(minutes=1)) == ()


def test_a_key_that_is_new_is_enrolled_by_itself(scope: Scope) -> None:
    said = announcements((), scope, now=NOON)
    more = Scope(
        objectives=scope.objectives,
        usual=scope.usual,
        not_promised={},
        enrolled=[enrolled("vantage"), enrolled("backup-1")],
        company=Company(),
    )
    (notice,) = announcements(said, more, now=NOON)
    assert isinstance(notice, EnrolledNotice)
    assert [each.name for each in notice.signers] == ["backup-1"]


def test_a_sentence_that_is_left_out_is_said_to_be(scope: Scope) -> None:
    less = Scope(
        objectives={},
        usual={},
        not_promised={REDUNDANT_WEB.id: "the operator's file says so"},
        enrolled=scope.enrolled,
        company=Company(),
    )
    said = announcements((), less, now=NOON)
    assert len(of(ScopeNotice, said)) == 1
    assert of(Slot, said) == []


def test_what_the_company_says_of_itself_is_logged_once_and_when_it_changes(scope: Scope) -> None:
    said = announcements((), replace(scope, company=Company(name="Example")), now=NOON)
    (notice,) = of(CompanyNotice, said)
    assert isinstance(notice, CompanyNotice)
    assert notice.company.name == "Example"
    assert announcements(telling(said), replace(scope, company=notice.company), now=NOON) == ()

    (taken_back,) = announcements(telling(said), scope, now=NOON)
    assert isinstance(taken_back, CompanyNotice)
    assert taken_back.company == Company()


def test_a_company_that_says_nothing_is_not_quoted(scope: Scope) -> None:
    assert of(CompanyNotice, announcements((), scope, now=NOON)) == []


def test_which_certificates_edges_show_is_logged_once_and_when_they_change(scope: Scope) -> None:
    shown = replace(scope, certificates=(CERTIFICATE,))
    said = announcements((), shown, now=NOON)
    (notice,) = of(CertificatesNotice, said)
    assert isinstance(notice, CertificatesNotice)
    assert notice.certificates == (CERTIFICATE,)
    assert notice.text == "Edges show other certificates from now on: for shop.example."
    assert announcements(telling(said), shown, now=NOON) == ()

    renewed = CERTIFICATE.model_copy(update={"sha256": "cd" * 32})
    (again,) = announcements(telling(said), replace(scope, certificates=(renewed,)), now=NOON)
    assert isinstance(again, CertificatesNotice)
    assert again.certificates == (renewed,)
    assert of(CertificatesNotice, announcements((), scope, now=NOON)) == []


def test_thousands_of_old_slots_decide_nothing_that_the_last_ones_do_not(scope: Scope) -> None:
    said: list[AnyPredicate] = []
    now = NOON
    for _ in range(50):
        said += announcements(said, scope, now=now)
        now += REDUNDANT_WEB.period
        assert announcements(telling(said), scope, now=now) == announcements(said, scope, now=now)
    assert len(telling(said)) == 1 + len(REDUNDANT_WEB.parts)
