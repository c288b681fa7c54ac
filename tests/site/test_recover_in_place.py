"""The site's database is ruined, or both of its machines lose it, and it comes back in its place.

A site of its own, because other tests need what is destroyed here. What the operator is told, and
what the drill `both-databases-lost` claims, is compared with what a second client, written apart,
has met meanwhile.
"""

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from .conftest import Site, make
from .test_redundant_web import end, second_client, serving, until

FIVE = """
[[machines]]
name = "one"
roles = ["edge", "web", "monitor"]
[[machines]]
name = "two"
roles = ["web"]
[[machines]]
name = "db-1"
roles = ["database"]
[[machines]]
name = "db-2"
roles = ["database"]
[[machines]]
name = "safe"
roles = ["backup"]
"""
DATABASES = ("db-1", "db-2")
PSQL = "runuser -u postgres -- psql -h /run/standfast-postgresql -At timesheets -c"
ARCHIVED_WITHIN_S = 15
"""WAL is sent every five seconds; a computer under load takes longer."""

SERVES_WITHIN_S = 180
AGED_S = 10.0
"""WAL is sent every five seconds, and heartbeats are a second apart."""

HEALED_S = 120.0
"""By whoever finds a drill that was killed."""

APART_S = 5.0
"""What the command says and what the client saw, for the moment in which both begin to look."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = make(tmp_path_factory.mktemp("in-place"), "test-in-place", FIVE)
    try:
        up = made.run("up", "--no-wait")
        assert up.returncode == 0, up.stderr
        until(lambda: made.run("backup", "list").returncode == 0, 240, "there is no copy")
        yield made
    finally:
        made.run("destroy", "--yes")


def test_without_the_sites_name_nothing_is_touched(site: Site) -> None:
    asked = site.run("recover", "--to", "latest", "--into", "site")
    assert asked.returncode == 1
    assert sql(site, "SELECT 1") == "1"
    assert "recovered" not in site.on(site.primary(), "ls /var/lib/postgresql")


def test_what_was_ruined_comes_back_and_an_interrupted_command_goes_on(site: Site) -> None:
    sql(site, "CREATE TABLE precious AS SELECT generate_series(1, 1000) AS one")
    time.sleep(2)
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    time.sleep(2)
    sql(site, "DELETE FROM precious")
    time.sleep(ARCHIVED_WITHIN_S)
    words = ("recover", "--to", moment, "--into", "site", "--yes")
    for seconds in (6, 14):
        begun = site.start(*words)
        time.sleep(seconds)
        begun.send_signal(signal.SIGKILL if seconds == 6 else signal.SIGINT)
        begun.communicate(timeout=60)
    said = site.answer(*words)
    assert sql(site, "SELECT count(*) FROM precious") == "1000"
    assert said["last_change_at"] <= moment.replace("+00:00", "Z")
    assert 0 < said["data_age_s"] < 120
    assert set(said["kept_aside"]) == set(DATABASES)
    machine, folder = next(iter(said["kept_aside"].items()))
    assert site.on(machine, f"cat {folder}/PG_VERSION").strip().isdigit()
    whole(site)
    copies_go_on(site)


def test_when_both_databases_are_lost_the_site_comes_back_from_a_backup_machine(
    site: Site,
) -> None:
    copies_go_on(site)
    with second_client(site, seconds=400) as client:
        time.sleep(10)
        for name in DATABASES:
            site.cut(name)
        cut = datetime.now(UTC)
        for name in DATABASES:
            wiped(site, name)
        switched_on(site)
        began = datetime.now(UTC)
        said = site.answer("recover", "--to", "latest", "--into", "site", "--yes")
        time.sleep(3)
        verdict = end(client, site)
    age_s = (cut - datetime.fromisoformat(said["last_change_at"])).total_seconds()
    assert age_s <= ARCHIVED_WITHIN_S, said
    assert said["kept_aside"] == {}
    assert said["outage_s"] <= SERVES_WITHIN_S
    outage_s = (began - cut).total_seconds() + said["outage_s"]
    assert abs(verdict["silence_s"] - outage_s - max(age_s, 0)) <= APART_S + age_s, (verdict, said)
    assert verdict["doubled"] == 0
    whole(site)
    copies_go_on(site)


def test_the_drill_lost_what_a_second_client_misses_and_was_out_for_as_long(site: Site) -> None:
    copies_go_on(site)
    with second_client(site, seconds=400) as client:
        time.sleep(2)
        (proof,) = site.answer("drill", "both-databases-lost")["proofs"]
        time.sleep(1)
        verdict = end(client, site)
    measured = proof["measured"]
    assert proof["outcome"] == "kept", proof
    assert measured["failed_recoveries"] == measured["doubled_writes"] == verdict["doubled"] == 0
    assert measured["data_age_s"] <= AGED_S
    assert measured["outage_s"] <= SERVES_WITHIN_S
    assert abs(verdict["silence_s"] - measured["outage_s"]) <= APART_S, (verdict, measured)
    assert abs(verdict["lost_s"] - measured["data_age_s"]) <= 2.0, (verdict, measured)
    assert (verdict["missing"] > 0) == (measured["lost_writes"] > 0), (verdict, measured)
    assert set(proof["seen"]["kept"]) == set(DATABASES)
    for machine, folder in proof["seen"]["kept"].items():
        assert site.on(machine, f"cat {folder}/PG_VERSION").strip().isdigit()
    whole(site)
    copies_go_on(site)


def is_set_aside(site: Site) -> bool:
    return any((home(site, name) / "lost").exists() for name in DATABASES)


def is_in_place(site: Site) -> bool:
    return any(any(home(site, name).glob("before-*")) for name in DATABASES)


@pytest.mark.parametrize("moment", [is_set_aside, is_in_place])
def test_a_drill_that_is_killed_leaves_a_database_and_a_service(
    site: Site, moment: Callable[[Site], bool]
) -> None:
    for name in DATABASES:
        site.on(name, "rm -rf /var/lib/postgresql/before-*")
    sql(site, "DROP TABLE IF EXISTS kept")
    sql(site, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS one")
    copies_go_on(site)
    drill = site.start("drill", "both-databases-lost", "--json")
    until(lambda: moment(site), 120, "it does not come to that")
    subprocess.run(["pkill", "-KILL", "--session", str(drill.pid)], check=True)
    drill.communicate()
    until(lambda: not (site.home / "drill.json").exists(), HEALED_S, "the drill's note stays")
    until(lambda: serving(site), HEALED_S, "the service does not come back")
    assert not is_set_aside(site)
    assert sql(site, "SELECT count(*) FROM kept") == "1000"
    until(lambda: len(site.status()["database"]["copies"]) == 1, HEALED_S, "there is no copy")
    site.answer("up", "--no-wait")


def home(site: Site, name: str) -> Path:
    return site.disk(name) / "data" / "var-lib-postgresql"


def wiped(site: Site, name: str) -> None:
    """Its disk is empty; the machine is off."""
    for each in home(site, name).iterdir():
        shutil.rmtree(each) if each.is_dir() else each.unlink()


def switched_on(site: Site) -> None:
    """Whoever finds them off switches them on; nothing of the database can come up by itself."""
    done = site.run("heal")
    assert done.returncode == 0, done.stderr
    for name in DATABASES:
        until(lambda name=name: answers(site, name), 60, f"{name} is not on")


def answers(site: Site, name: str) -> bool:
    return subprocess.run(site.ssh(name, "true"), check=False, capture_output=True).returncode == 0


def whole(site: Site) -> None:
    found = site.status()["database"]
    assert found["primary"] in DATABASES
    assert len(found["copies"]) == 1, found


def copies_go_on(site: Site) -> None:
    """A copy is taken, and a moment of now can be brought back."""
    assert site.run("backup", "now").returncode == 0
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def reaches() -> bool:
        (found,) = json.loads(site.run("backup", "list", "--json").stdout)["machines"]
        return bool(found["windows"]) and found["windows"][-1]["until"] >= now

    until(reaches, 60, "what is written now is in no repository")


def sql(site: Site, statement: str) -> str:
    return site.on(site.primary(), f'{PSQL} "{statement}"').strip()
