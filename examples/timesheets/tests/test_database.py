from django.test import SimpleTestCase

from timesheets.database import from_url


class Addresses(SimpleTestCase):
    def test_everything_libpq_reads_from_the_address_is_kept(self):
        url = (
            "postgresql://ada:p%40ss@db.example:6543/hours"
            "?sslmode=verify-full&sslrootcert=/etc/ca.pem&connect_timeout=9"
        )
        found = from_url(url)
        assert found["HOST"] == "db.example"
        assert found["PORT"] == "6543"
        assert (found["USER"], found["PASSWORD"]) == ("ada", "p@ss")
        assert found["NAME"] == "hours"
        options = found["OPTIONS"]
        assert options["sslmode"] == "verify-full"
        assert options["sslrootcert"] == "/etc/ca.pem"
        assert options["connect_timeout"] == "9"

    def test_connections_last_and_are_checked_before_use(self):
        found = from_url("postgresql://ada@db.example/hours")
        assert found["CONN_MAX_AGE"] > 0
        assert found["CONN_HEALTH_CHECKS"]

    def test_a_build_machine_needs_no_database(self):
        assert from_url("") == {"ENGINE": "django.db.backends.dummy"}
