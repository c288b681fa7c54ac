"""How a command comes to the database without its password on a command line."""

from standfast.mechanisms.web.psql import environment
from standfast.mechanisms.web.session import libpq

URL = (
    "postgresql://time%20sheets:p%40ss@primary:6432/shop?sslmode=verify-full"
    "&sslrootcert=/etc/standfast/ca.pem&sslcert=/c.pem&sslkey=/k.pem"
)


def test_an_address_becomes_what_libpq_reads() -> None:
    assert libpq(URL) == {
        "PGHOST": "primary",
        "PGPORT": "6432",
        "PGUSER": "time sheets",
        "PGPASSWORD": "p@ss",
        "PGDATABASE": "shop",
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": "/etc/standfast/ca.pem",
        "PGSSLCERT": "/c.pem",
        "PGSSLKEY": "/k.pem",
    }


def test_an_operator_reads_only_until_he_asks_to_write() -> None:
    said = {"DATABASE_URL": URL, "HOME": "/"}
    assert "read_only=on" in environment(said, "read")["PGOPTIONS"]
    assert "PGOPTIONS" not in environment(said, "write")
    assert environment(said, "read")["HOME"] == "/"
