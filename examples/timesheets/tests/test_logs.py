import logging
import sys

from django.db import OperationalError
from django.test import SimpleTestCase

from timesheets.logs import DatabaseAway


def record(error):
    try:
        raise error
    except type(error):
        return logging.LogRecord(
            "x", logging.ERROR, "x.py", 1, "Failed: %s", ("/",), sys.exc_info()
        )


class Logs(SimpleTestCase):
    def test_a_database_that_is_away_is_one_line(self):
        away = record(OperationalError("connection refused\nIs the server running?"))
        assert DatabaseAway().filter(away)
        assert away.getMessage() == "Failed: /: connection refused"
        assert away.exc_info is None

    def test_any_other_failure_keeps_its_traceback(self):
        other = record(ValueError("x"))
        assert DatabaseAway().filter(other)
        assert other.exc_info is not None
