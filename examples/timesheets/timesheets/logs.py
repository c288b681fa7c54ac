"""How failures are written to the journal."""

import logging

from django.db import InterfaceError, OperationalError


class DatabaseAway(logging.Filter):
    """While the database is away every request fails for one reason: a line each is enough.

    What PostgreSQL says of a connection names host, database and role, never a value.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, OperationalError | InterfaceError):
            first_line = str(error).partition("\n")[0]
            record.msg, record.args = f"{record.getMessage()}: {first_line}", ()
            record.exc_info = None
        return True
