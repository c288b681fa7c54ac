"""One lasting connection to the machine's own PostgreSQL, by its socket and without a password."""

from dataclasses import dataclass

import psycopg

CONNECT_TIMEOUT_S = 2


@dataclass(slots=True, kw_only=True)
class AtSocket:
    """`name` is what PostgreSQL shows of it; `options` are libpq's. Whoever meets an error drops
    it, and the next use opens it anew."""

    socket: str
    database: str
    name: str
    options: str = ""
    _connection: psycopg.Connection | None = None

    def connected(self) -> psycopg.Connection:
        if self._connection is None:
            self._connection = psycopg.connect(
                host=self.socket,
                user="postgres",
                dbname=self.database,
                application_name=self.name,
                connect_timeout=CONNECT_TIMEOUT_S,
                options=self.options,
                autocommit=True,
            )
        return self._connection

    def drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
