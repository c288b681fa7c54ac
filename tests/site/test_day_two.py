"""Machines come and go by editing the file and `up`, while somebody uses the service."""

from collections.abc import Iterator

import pytest

from .conftest import Site, make, tables
from .visitor import Visitor

ROLES = {
    "edge": ("edge-1", "edge-2"),
    "web": ("web-1", "web-2"),
    "database": ("db-1", "db-2"),
    "backup": ("backup-1", "backup-2"),
    "monitor": ("monitor-1", "monitor-2", "monitor-3"),
}
TABLES = tables({name: [role] for role, names in ROLES.items() for name in names})
ETCDCTL = (
    "ETCDCTL_API=3 etcdctl --endpoints=https://$(hostname):2379"
    " --cacert=/etc/standfast/identity/ca.pem --cert=/etc/standfast/identity/cert.pem"
    " --key=/etc/standfast/identity/key.pem"
)
PSQL = "runuser -u postgres -- psql -h /run/standfast-postgresql -At timesheets"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = make(tmp_path_factory.mktemp("day-two"), "test-day-two", TABLES)
    try:
        made.answer("up", "--no-wait")
        yield made
    finally:
        made.run("destroy", "--yes")


def renamed(site: Site, **names: str) -> None:
    """Other machines in the place of these: `db_1="db-3"`."""
    text = site.file.read_text()
    for old, new in names.items():
        assert text.count(f'"{old.replace("_", "-")}"') == 1
        text = text.replace(f'"{old.replace("_", "-")}"', f'"{new}"')
    site.file.write_text(text)


def voters(site: Site, asked: str) -> set[str]:
    lines = site.on(asked, f"{ETCDCTL} member list").splitlines()
    fields = (line.split(", ") for line in lines)
    return {
        name for _, state, name, *_, learner in fields if (state, learner) == ("started", "false")
    }


def named(site: Site) -> set[str]:
    return {each["name"] for each in site.status()["machines"]}


def test_a_machine_of_each_role_is_replaced_without_a_failed_request(site: Site) -> None:
    primary = site.primary()
    secondary = "db-2" if primary == "db-1" else "db-1"
    site.on(primary, f"{PSQL} -c 'CREATE TABLE kept AS SELECT 42 AS answer'")
    replaced = {
        **{"edge_1": "edge-3", "web_1": "web-3", "backup_1": "backup-3", "monitor_1": "monitor-4"},
        secondary.replace("-", "_"): "db-3",
    }
    renamed(site, **replaced)
    with Visitor(site) as visitor:
        site.answer("up", "--no-wait")
    assert set(visitor.answers) == {"200"}, visitor.wrong
    assert {each["state"] for each in site.status()["machines"]} == {"on"}
    assert voters(site, "monitor-2") == {"monitor-2", "monitor-3", "monitor-4"}
    assert site.on("db-3", f"{PSQL} -c 'SELECT answer FROM kept'").strip() == "42"
    gone = ("edge-1", "web-1", "backup-1", "monitor-1", secondary)
    assert not any(site.processes(each) for each in gone)
    assert site.answer("up", "--no-wait")["changed"] == {}


@pytest.mark.parametrize(
    ("leaving", "words"),
    [
        ({"db-3", "db-1", "db-2"}, "no database that holds the data"),
        ({"monitor-2", "monitor-3"}, "too few of the monitors that vote would stay"),
    ],
)
def test_what_would_take_data_or_a_majority_away_is_refused_untouched(
    site: Site, leaving: set[str], words: str
) -> None:
    before = site.file.read_text()
    present = leaving & named(site)
    renamed(site, **{name.replace("-", "_"): f"{name}x" for name in present})
    try:
        done = site.run("up", "--no-wait")
    finally:
        site.file.write_text(before)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Try: " in done.stderr
    assert all(site.processes(each) for each in present)


def test_two_monitors_that_are_lost_for_good_are_replaced(site: Site) -> None:
    with Visitor(site) as visitor:
        for lost in ("monitor-2", "monitor-3"):
            site.cut(lost)
        renamed(site, monitor_2="monitor-5", monitor_3="monitor-6")
        refused = site.run("up", "--no-wait")
        assert refused.returncode == 1
        assert "standfast recover monitors" in refused.stderr
        done = site.run("recover", "monitors", "--yes")
        assert done.returncode == 0, done.stderr
        site.answer("up", "--no-wait")
    assert set(visitor.answers) == {"200"}, visitor.wrong
    assert voters(site, "monitor-4") == {"monitor-4", "monitor-5", "monitor-6"}
    site.on(site.primary(), f"{PSQL} -c 'INSERT INTO kept VALUES (43)'")
