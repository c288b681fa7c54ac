"""What is written is on both backup machines at once: they receive it, whichever machine is
primary, and acknowledge nothing. What no repository has yet comes back from there.

Nothing of the product says how it is looked for: a word is written into a table, and searched for
in the bytes of the files.
"""

import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from .conftest import Site

Proven = tuple[Site, Any]
BACKUPS = ("backup-1", "backup-2")
DATABASES = ("db-1", "db-2")
RECEIVED = "/run/standfast/received"
REPOSITORY = "/var/lib/standfast-backup/repository"
PSQL = "runuser -u postgres -- psql -h /run/standfast-postgresql -At timesheets -c"
ARRIVES_S = 2.0
"""A tenth of a second is usual."""

LAG_S = 5.0
"""With the way there, and a program that looks into the files."""

FOLLOWS_S = 40.0
"""A new primary, that the old one's silence is noticed, and a connection, under load."""

WELL_S = 120.0
FOLDER = "/srv/received"


@pytest.fixture
def site(proven: Proven) -> Site:
    return proven[0]


def test_what_no_repository_has_comes_back_after_both_databases_died(site: Site) -> None:
    """One dies, the other takes over and is followed; it dies right after a write. The last piece
    of its log is in no repository, and a restore on a backup machine has the write all the same."""
    sql(site, "CREATE TABLE IF NOT EXISTS heard (word text)")
    wait_for(lambda: said(site) and arrives(site), FOLLOWS_S, "nothing is received")
    assert acknowledging(site) == {"sync"}, "whoever receives for a backup acknowledges nothing"
    first = site.primary()
    try:
        site.cut(first)
        wait_for(lambda: takes_over(site, first), FOLLOWS_S, "no other machine takes writes")
        wait_for(lambda: said(site) and arrives(site), FOLLOWS_S, "the new primary is not followed")
        second, last = site.primary(), uuid4().hex
        sql(site, "SELECT pg_switch_wal()")  # the piece that begins now is sent in five seconds
        where = "SELECT pg_walfile_name(pg_current_wal_lsn())"
        piece = sql(site, f"INSERT INTO heard VALUES ('{last}'); {where}").split()[-1]
        site.cut(second)
        for machine in BACKUPS:
            assert holds(site, machine, last), f"{machine} has not received what was written last"
        unsent = [each for each in BACKUPS if not kept(site, each, piece)]
        assert unsent, "the piece was sent before the power was cut, so nothing is shown"
        words = ("recover", "--to", "latest", "--into", FOLDER, "--from", unsent[0])
        site.answer(*words)
        asked = ("recover", "psql", FOLDER, "--", "-Atc", "SELECT word FROM heard")
        assert last in site.run(*asked).stdout.split()
        assert site.run("recover", "discard", FOLDER).returncode == 0
    finally:
        assert site.run("heal").returncode == 0
    wait_for(lambda: whole(site), WELL_S, "the pair does not come back")
    wait_for(lambda: said(site) and arrives(site), FOLLOWS_S, "receiving does not go on")
    assert acknowledging(site) == {"sync"}
    (proof,) = site.answer("prove", "onsite-backup")["proofs"]
    assert proof["measured"]["received_lag_s"] <= LAG_S, proof


def said(site: Site) -> bool:
    """A word was written, and is on both machines in time."""
    word = uuid4().hex
    sql(site, f"INSERT INTO heard VALUES ('{word}')")
    end = time.monotonic() + ARRIVES_S
    while not all(holds(site, machine, word) for machine in BACKUPS):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def arrives(site: Site) -> bool:
    """Not by chance: once more."""
    return said(site)


def holds(site: Site, machine: str, word: str) -> bool:
    return site.on(machine, f"grep -l {word} {RECEIVED}/* 2>/dev/null || true") != ""


def kept(site: Site, machine: str, piece: str) -> bool:
    found = f"find {REPOSITORY}/archive -name '{piece}-*' ! -name '*.tmp'"
    return site.on(machine, found) != ""


def acknowledging(site: Site) -> set[str]:
    """How the primary takes those that are no receivers of backup machines. Whoever is asked to
    acknowledge must be a database machine."""
    rows = sql(site, "SELECT application_name, sync_state FROM pg_stat_replication").splitlines()
    states = dict(row.split("|") for row in rows)
    assert set(states) - set(DATABASES) == {f"receiver-{each}" for each in BACKUPS}, states
    assert {states[f"receiver-{each}"] for each in BACKUPS} == {"async"}
    assert "receiver" not in sql(site, "SHOW synchronous_standby_names")
    return {how for name, how in states.items() if name in DATABASES}


def takes_over(site: Site, before: str) -> bool:
    (other,) = set(DATABASES) - {before}
    asked = f"{PSQL} 'SELECT pg_is_in_recovery()' || true"
    return site.on(other, asked).strip() == "f"


def whole(site: Site) -> bool:
    found = json.loads(site.run("status", "--json").stdout).get("database") or {}
    return len(found.get("copies", ())) == 1


def sql(site: Site, statement: str) -> str:
    return site.on(site.primary(), f'{PSQL} "{statement}"').strip()


def wait_for(holds: Callable[[], bool], limit_s: float, otherwise: str) -> None:
    end = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < end, otherwise
        time.sleep(0.5)
