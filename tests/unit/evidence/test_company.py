"""What the company says of itself is short, plain, and the same in the file and in the log."""

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from standfast.core.errors import CannotVerify
from standfast.evidence.company import Company, Contact, Policy, Security
from standfast.evidence.envelope import leaf
from standfast.evidence.keyring import Keyring
from standfast.evidence.note import Verifier
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.statement import CompanyNotice, EnrolledNotice, EnrolledSigner, Statement

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
COMPANY = Company(
    name="Example Ltd",
    statements=("The data centre has guards.",),
    contacts=(Contact(about="data protection", address="mailto:privacy@example.test"),),
    policies=(
        Policy(title="Access", version="2", owner="operations", review_by=date(2026, 12, 31)),
    ),
    security=Security(contacts=("https://example.test/report",), expires=date(2026, 9, 1)),
)
NOTICE = CompanyNotice(text="said", at=NOON, company=COMPANY)


def test_it_survives_being_written_and_read() -> None:
    statement = Statement(site="example", predicate=NOTICE)
    assert Statement.from_payload(statement.payload()) == statement
    assert Company.model_validate(COMPANY.model_dump(mode="json")) == COMPANY


def test_a_day_lasts_until_its_last_second() -> None:
    assert COMPANY.policies[0].valid_until == datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        (Contact, {"about": "two\nlines", "address": "tel:1"}, "one line of text"),
        (Contact, {"about": " ", "address": "tel:1"}, "one line of text"),
        (Contact, {"about": "x" * 201, "address": "tel:1"}, "at most 200"),
        (Contact, {"about": "x", "address": "http://example.test"}, "begins with https://"),
        (Contact, {"about": "x", "address": "javascript:alert(1)"}, "begins with https://"),
        (Contact, {"about": "x", "address": "mailto:"}, "begins with https://"),
        (Contact, {"about": "x", "address": "tel:1\nContact: tel:2"}, "one line of text"),
        (Security, {"contacts": (), "expires": "2026-09-01"}, "at least 1 item"),
        (Security, {"contacts": ("tel:1",)}, "Field required"),
        (Company, {"statements": tuple("x" * 200 for _ in range(170))}, "must be shorter"),
    ],
)
def test_what_would_not_do_on_a_page_or_in_security_txt_is_refused(
    kind: type[Contact | Security | Company], fields: dict[str, object], said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        kind.model_validate(fields)


def test_only_the_logs_own_key_speaks_for_the_company() -> None:
    log = Ed25519Signer.from_seed("log", bytes(32))
    machine = Ed25519Signer.from_seed("web-1", b"w" * 32)
    keyring = Keyring(log=Verifier.of(log.name, log.public_key)).after(
        Statement(
            site="example",
            predicate=EnrolledNotice(
                text="may sign",
                at=NOON,
                signers=(
                    EnrolledSigner(name="web-1", key=Verifier.of("web-1", machine.public_key).vkey),
                ),
            ),
        )
    )
    assert keyring.admit(leaf("example", NOTICE, log)).statement.predicate == NOTICE
    with pytest.raises(CannotVerify, match="web-1 may not sign a notice"):
        keyring.admit(leaf("example", NOTICE, machine))
