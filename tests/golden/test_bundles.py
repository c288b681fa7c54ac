"""Every machine's bundle, byte for byte: one file here for each file there.

`STANDFAST_GOLDEN=write` writes them anew.
"""

from collections.abc import Mapping

import pytest

from standfast.mechanisms.hosts.bundle import Bundle

from .kept import GOLDEN, kept
from .sites import ALL_IN_ONE, as_files, bundles

SITES: Mapping[str, Mapping[str, Bundle]] = {
    "eleven-machines": bundles("", debian=12),
    "all-in-one": bundles(ALL_IN_ONE, debian=12),
    "debian-13": {"db-1": bundles("[volumes]\nmirrored = true\n", debian=13)["db-1"]},
}
"""On Debian 13 the others are as on 12, which a test below makes sure of."""

BUNDLES = [(site, machine) for site, machines in SITES.items() for machine in machines]


@pytest.mark.parametrize(("site", "machine"), BUNDLES)
def test_a_bundle_is_byte_for_byte_the_golden_one(site: str, machine: str) -> None:
    made = as_files(SITES[site][machine])
    golden = kept(GOLDEN / "bundles" / site / machine, made)
    assert sorted(golden) == sorted(made)
    for name, content in made.items():
        assert content.decode() == golden[name].decode(), name


def test_there_is_no_golden_machine_that_is_in_no_site() -> None:
    folders = (GOLDEN / "bundles").glob("*/*")
    assert sorted((each.parent.name, each.name) for each in folders) == sorted(BUNDLES)


def test_debian_13_changes_the_machines_with_postgresql_alone() -> None:
    older, newer = SITES["eleven-machines"], bundles("", debian=13)
    assert [name for name in older if older[name] != newer[name]] == [
        *("web-1", "web-2", "db-1", "db-2", "backup-1", "backup-2")
    ]


@pytest.mark.parametrize(("setting", "watching"), [("true", 3), ("false", 0)])
def test_monitors_watch_over_the_primary_unless_they_are_not_to(
    setting: str, watching: int
) -> None:
    site = bundles(f"[database]\nfast_failover = {setting}\n", debian=12)
    units = [unit.name for bundle in site.values() for unit in bundle.units]
    assert units.count("standfast-monitor.service") == watching
