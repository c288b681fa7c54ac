"""From `DATABASE_URL` to what Django wants."""

from typing import Any

from psycopg.conninfo import conninfo_to_dict

WAITING = {"connect_timeout": "3", "tcp_user_timeout": "5000"}
"""A host that has vanished is given up after seconds (connection, s; unacknowledged data, ms)."""


def from_url(url: str) -> dict[str, Any]:
    """Read the address with libpq's own rules, so that every parameter libpq knows is accepted.

    Without an address (collecting static files on the build machine) there is no database, and
    any use of it fails with Django's own words.
    """
    if not url:
        return {"ENGINE": "django.db.backends.dummy"}
    given = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": given.pop("dbname", ""),
        "USER": given.pop("user", ""),
        "PASSWORD": given.pop("password", ""),
        "HOST": given.pop("host", ""),
        "PORT": given.pop("port", ""),
        "OPTIONS": WAITING | {"application_name": "timesheets"} | given,
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": True,
    }
