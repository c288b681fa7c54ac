"""The faults of the database pair are undone by what they declare, and seen by Patroni's words."""

import pytest

from standfast.mechanisms.database.planted import CHANGES, faults, shows

PAIR = {"members": [{"role": "leader"}, {"role": "sync_standby"}]}
LONE = {"members": [{"role": "leader"}, {"role": "replica"}]}


@pytest.mark.parametrize(
    ("word", "cluster", "shown"),
    [
        ("pause", {**PAIR, "pause": True}, True),
        ("pause", PAIR, False),
        ("resume", PAIR, True),
        ("resume", {**PAIR, "pause": True}, False),
        ("lone", LONE, True),
        ("lone", PAIR, False),
        ("paired", PAIR, True),
        ("paired", LONE, False),
        ("paired", {"members": [{"role": "leader"}]}, True),
    ],
)
def test_patroni_shows_what_it_was_told(word: str, cluster: dict[str, object], shown: bool) -> None:
    assert shows(word, cluster, {}) is shown


@pytest.mark.parametrize(("state", "shown"), [("sync", False), ("async", True)])
def test_a_primary_that_was_not_told_yet_still_waits(state: str, shown: bool) -> None:
    own = {"role": "primary", "replication": [{"application_name": "b", "sync_state": state}]}
    assert shows("lone", LONE, own) is shown


def test_each_fault_is_planted_and_removed_by_changes_of_one_key() -> None:
    for fault in faults("/opt/source"):
        plant, remove = CHANGES[fault.plant[-1]], CHANGES[fault.remove[-1]]
        assert plant.keys() == remove.keys()
        assert plant != remove
        assert fault.plant[:-1] == fault.remove[:-1]
        assert "PYTHONPATH=/opt/source" in fault.plant
