"""Accounts and people as the operator makes them."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from timesheets.models import Account, Person, Project

FIRST_PROJECT = "General"
"""An account always has an open project, so that time can be entered without choosing one."""


@transaction.atomic
def add_person(account: str, *, email: str, name: str, password: str) -> Person:
    """Add a person, or give the one who is there this name and password.

    Raises `ValidationError` for a weak password, or for a person of another account. The first
    person of an account is its administrator. An unchanged password keeps its hash, and with it
    the sessions that are open. A run at the same time on another machine waits for this one at
    the account's row.
    """
    company, _ = Account.objects.get_or_create(name=account)
    Account.objects.select_for_update().get(pk=company.pk)
    if not company.projects.filter(archived_at=None).exists():
        Project.objects.get_or_create(
            account=company, name=FIRST_PROJECT, defaults={"archived_at": None}
        )
    email = email.strip().lower()
    person = Person.objects.filter(email=email).first() or Person(
        account=company, email=email, is_administrator=not company.people.exists()
    )
    if person.account_id != company.pk:
        raise ValidationError(f"{email} belongs to another account")
    person.name, person.is_active = name, True
    if not (person.pk and person.check_password(password)):
        validate_password(password, person)
        person.set_password(password)
    person.save()
    return person
