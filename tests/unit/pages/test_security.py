"""security.txt has the fields that RFC 9116 demands, and nothing that nobody said."""

from datetime import date

from standfast.evidence.company import Security
from standfast.pages.trust.security import security_txt

from .conftest import COMPANY, NOON, Story

CANONICAL = "https://trust.example/.well-known/security.txt"


def test_it_says_what_the_company_said(story: Story) -> None:
    files = story.enrolled(NOON).said(COMPANY, NOON).pages(NOON)
    assert files["security.txt"].decode().splitlines() == [
        "Contact: mailto:security@example.test",
        "Contact: https://example.test/report",
        "Expires: 2026-09-30T23:59:59Z",
        "Policy: https://example.test/security",
        f"Canonical: {CANONICAL}",
    ]


def test_the_least_that_can_be_said_is_a_contact_and_until_when() -> None:
    least = Security(contacts=("tel:+1-201-555-0123",), expires=date(2026, 9, 30))
    said = security_txt(least, CANONICAL)
    assert [line.partition(":")[0] for line in said.splitlines()] == [
        "Contact",
        "Expires",
        "Canonical",
    ]
    assert said.endswith("\n")
