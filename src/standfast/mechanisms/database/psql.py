"""How a database machine's PostgreSQL is asked something, on that machine. Pure."""

RUN = "/run/standfast-postgresql"
"""Where the socket is: on the machine itself, `postgres` needs no password (peer)."""


def psql(database: str, *words: str) -> tuple[str, ...]:
    """As the superuser, on the machine itself."""
    return (
        *("runuser", "-u", "postgres", "--", "psql", f"--host={RUN}", "--no-psqlrc", "--quiet"),
        *("--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", f"--dbname={database}", *words),
    )
