"""One lasting session with the service's database, by `psql`. Runs on machines, standard library
only; nothing is installed for it but what a web machine has.

A session holds advisory locks, which PostgreSQL lets go when the session ends: with the machine, if
that dies, within half a minute.
"""

import os
from collections.abc import Mapping
from typing import IO
from urllib.parse import parse_qsl, unquote, urlsplit

from standfast.core.command import Command, start
from standfast.core.errors import Unreachable

PARAMETERS: Mapping[str, str] = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}

OPTIONS = (
    "-c statement_timeout=30s -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=5 "
    "-c tcp_keepalives_count=3"
)
"""The server notices within 20 s that this machine is gone, and lets its locks go."""

END = "end-of-answer"


def libpq(url: str) -> dict[str, str]:
    """`DATABASE_URL` as variables that libpq reads (PostgreSQL's manual, 34.15): a command line
    would show the password to everybody on the machine."""
    parts = urlsplit(url)
    said = dict(parse_qsl(parts.query))
    return {
        "PGHOST": unquote(parts.hostname or ""),
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
        **{name: said[key] for key, name in PARAMETERS.items() if key in said},
    }


class Session:
    def __init__(self, url: str) -> None:
        self._psql = start(
            Command(
                argv=(
                    *("psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align"),
                    "--set=ON_ERROR_STOP=1",
                ),
                environment={**libpq(url), "PGCONNECT_TIMEOUT": "5", "PGOPTIONS": OPTIONS},
            ),
            stderr=None,
        )

    def ask(self, sql: str) -> list[str]:
        """Run statements; return the lines of their answers. `Unreachable`: the session is over."""
        try:
            self._in.write(f"{sql}\n\\echo {END}\n".encode())
            self._in.flush()
        except OSError as error:
            raise over() from error
        lines: list[str] = []
        for line in self._out:
            text = line.decode().rstrip("\n")
            if text == END:
                return lines
            lines.append(text)
        raise over()

    def close(self) -> None:
        self._in.close()
        self._psql.wait()

    @property
    def _in(self) -> IO[bytes]:
        assert self._psql.stdin is not None
        return self._psql.stdin

    @property
    def _out(self) -> IO[bytes]:
        assert self._psql.stdout is not None
        return self._psql.stdout


def over() -> Unreachable:
    return Unreachable("the session with the database is over", remedy="It is begun anew.")


def of_this_service() -> Session:
    return Session(os.environ["DATABASE_URL"])


def lock_taken(session: Session, kind: str, name: str) -> bool:
    """Try to take the lock of that name for as long as the session lasts."""
    key = f"hashtext('standfast {kind}'), hashtext('{name}')"
    return session.ask(f"SELECT pg_try_advisory_lock({key});") == ["t"]
