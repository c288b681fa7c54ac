"""Who and what the tests are about."""

import os
from contextlib import contextmanager
from uuid import UUID

from django.test import Client

from timesheets.accounts import add_person

PASSWORD = "correct horse battery"
FIRST = UUID("11111111-1111-4111-8111-111111111111")
SECOND = UUID("22222222-2222-4222-8222-222222222222")


def person(email="ada@lovelace.example", account="Lovelace", name="Ada"):
    return add_person(account, email=email, name=name, password=PASSWORD)


def browser(who=None, **options):
    """A client that speaks TLS as the proxy reports it, signed in as `who`."""
    client = Client(headers={"X-Forwarded-Proto": "https", "Host": "testserver"}, **options)
    if who:
        client.force_login(who)
    return client


def put(client, entry_id, content, **options):
    return client.put(
        f"/api/entries/{entry_id}", content, content_type="application/json", **options
    )


def stored(client, query=""):
    return client.get(f"/api/entries?{query}").json()["entries"]


@contextmanager
def environment(**values):
    """The process's environment with these values; None: without."""
    before = dict(os.environ)
    os.environ.update({name: value for name, value in values.items() if value is not None})
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
