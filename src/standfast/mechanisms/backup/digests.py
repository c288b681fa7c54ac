"""A digest of every table's rows, the same on a primary and on what was restored of it.

The sum of a 64-bit hash of each row as text: the order in which rows lie does not matter, any row
that differs does. It finds damage; against somebody who makes rows to deceive it, it is no proof.
Pure, standard library only; psql is the caller's.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

DATABASES = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1;\n"

SAME_TEXT = """
SET datestyle = 'ISO, YMD'; SET intervalstyle = 'iso_8601'; SET timezone = 'UTC';
SET bytea_output = 'hex'; SET extra_float_digits = 1; SET xmlbinary = 'base64';
SET statement_timeout = 0; SET search_path = pg_catalog;
"""
"""Settings that decide how a value reads as text."""

OF_TABLES = (
    SAME_TEXT
    + r"""
SELECT format(
  'SELECT %L, count(*), coalesce(sum(pg_catalog.hashtextextended(t::text, 0)::numeric), 0)'
  ' FROM ONLY %I.%I AS t', n.nspname || '.' || c.relname, n.nspname, c.relname)
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'm') AND c.relpersistence = 'p'
   AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
 ORDER BY n.nspname, c.relname \gexec
"""
)
"""For psql: one line for each table of the database, with the table's name, the number of its rows
and its digest. Roles are among the tables of no database: `OF_ROLES` counts them as one."""

OF_ROLES = (
    SAME_TEXT
    + """
SELECT 'roles', count(*), coalesce(sum(pg_catalog.hashtextextended(t::text, 0)::numeric), 0)
  FROM pg_authid AS t;
"""
)

HEARTBEAT = """
SELECT CASE WHEN to_regclass('standfast.heartbeat') IS NOT NULL
  THEN 'SELECT extract(epoch FROM max(at)) FROM standfast.heartbeat' ELSE 'SELECT NULL' END \\gexec
"""
"""For psql: when the newest row was written, in seconds; an empty line where there is none."""

SEPARATOR = "\t"


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    rows: int
    digest: str


def of_all(query: Callable[[str, str], str]) -> dict[str, Digest]:
    """`query(database, script)` is what psql prints. Roles are as one table of the cluster."""
    found = dict(parse("cluster", query("postgres", OF_ROLES)))
    for database in query("postgres", DATABASES).splitlines():
        found.update(parse(database, query(database, OF_TABLES)))
    return found


def parse(database: str, printed: str) -> Iterator[tuple[str, Digest]]:
    """Name (`database.schema.table`) and digest; a name may hold anything but a tab."""
    for line in printed.splitlines():
        name, rows, digest = line.rsplit(SEPARATOR, 2)
        yield f"{database}.{name}", Digest(rows=int(rows), digest=digest)


def as_json(tables: Mapping[str, Digest]) -> dict[str, list[int | str]]:
    return {name: [each.rows, each.digest] for name, each in sorted(tables.items())}


def from_json(document: Mapping[str, list[int | str]]) -> dict[str, Digest]:
    return {
        name: Digest(rows=int(rows), digest=str(digest))
        for name, (rows, digest) in document.items()
    }
