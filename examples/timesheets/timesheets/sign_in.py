"""Sign a person in, and slow down whoever guesses."""

from datetime import timedelta

from django.contrib import auth
from django.utils import timezone

from timesheets.models import FailedSignIn

WINDOW = timedelta(minutes=15)
FAILURES = 10
"""Wrong passwords for one person from one address within the window. Many more than a forgetful
person needs, far fewer than guessing needs."""

EMAIL_LENGTH = 254
PASSWORD_LENGTH = 1024
"""Argon2 reads every byte: a limit keeps a request cheap."""


class Wrong(Exception):
    """The address and the password do not belong together; which of them is not said."""


class TooMany(Exception):
    """Too many wrong passwords; try again after `WINDOW`."""


def sign_in(request, email: str, password: str):
    """Open a session. Raises `Wrong` or `TooMany`."""
    email = email.strip().lower()
    if not fits(email, EMAIL_LENGTH) or not fits(password, PASSWORD_LENGTH):
        raise Wrong
    recent = FailedSignIn.objects.filter(
        email=email, address=address(request), at__gt=timezone.now() - WINDOW
    )
    if recent.count() >= FAILURES:
        raise TooMany
    person = auth.authenticate(request, username=email, password=password)
    if person is None:
        FailedSignIn.objects.create(email=email, address=address(request))
        raise Wrong
    FailedSignIn.objects.filter(email=email, address=address(request)).delete()
    FailedSignIn.objects.filter(at__lt=timezone.now() - WINDOW).delete()
    auth.login(request, person)
    return person


def fits(text: object, length: int) -> bool:
    """The length, and no character that PostgreSQL or UTF-8 refuses."""
    return (
        isinstance(text, str)
        and 0 < len(text) <= length
        and "\0" not in text
        and not any("\ud800" <= letter <= "\udfff" for letter in text)
    )


def address(request) -> str:
    """Where the request came from: the last address is the one that our own proxy has added."""
    forwarded = request.headers.get("X-Forwarded-For", "").rsplit(",", 1)[-1].strip()
    return (forwarded or request.META.get("REMOTE_ADDR", ""))[:45]
