"""Ask the database itself: which machine is the primary, and where its log of writes stands."""

from dataclasses import dataclass

from standfast.core.errors import StandfastError, Unreachable
from standfast.mechanisms.backup.digests import SEPARATOR
from standfast.mechanisms.database.psql import RUN
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Role
from standfast.proofs.drills.ground import Ground

QUERY_LIMIT_S = 3 * 3600.0
"""A digest of every row is a read of the whole database."""

ASK_LIMIT_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Where the log of writes stands: a position, and the segment that holds it."""

    position: str
    segment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Primary:
    connection: Connection

    def query(self, database: str, script: str, *, timeout_s: float = QUERY_LIMIT_S) -> str:
        """What psql prints for it: columns with a tab between them, a line for each row."""
        psql = (
            *("runuser", "-u", "postgres", "--", "psql", "--no-psqlrc", "--quiet"),
            *("--tuples-only", "--no-align", f"--field-separator={SEPARATOR}"),
            *("--set=ON_ERROR_STOP=1", f"--host={RUN}", f"--dbname={database}"),
        )
        return self.connection.run(psql, stdin=script.encode(), timeout_s=timeout_s).text

    def now(self) -> Moment:
        at = "SELECT lsn, pg_walfile_name(lsn) FROM pg_current_wal_lsn() AS lsn;\n"
        position, segment = self.query("postgres", at, timeout_s=ASK_LIMIT_S).split()
        return Moment(position=position, segment=segment)

    def write_into_its_log(self, word: str) -> None:
        """No table is touched. Flushed when this returns. Written three times, because a page of
        the log that ends inside it would cut it in two."""
        said = f"SELECT pg_logical_emit_message(true, 'standfast', repeat('{word} ', 3));\n"
        self.query("postgres", said, timeout_s=ASK_LIMIT_S)

    def identifier(self) -> str:
        asked = "SELECT system_identifier FROM pg_control_system();\n"
        return self.query("postgres", asked, timeout_s=ASK_LIMIT_S).strip()


def primary_of(ground: Ground) -> Primary:
    """By PostgreSQL's own word: the one that is not in recovery."""
    for machine in ground.having(Role.DATABASE):
        candidate = Primary(connection=ground.connections[machine.name])
        try:
            asked = "SELECT pg_is_in_recovery();\n"
            if candidate.query("postgres", asked, timeout_s=ASK_LIMIT_S).strip() == "f":
                return candidate
        except StandfastError:
            continue
    raise Unreachable(
        "no database machine says that it is the primary",
        remedy="Run `standfast status`, then `standfast up`.",
    )
