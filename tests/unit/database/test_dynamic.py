"""What Patroni keeps in etcd, and how it comes to what the plan says."""

from typing import Any

import pytest

from standfast.mechanisms.database.dynamic import configuration, patch

PLANNED = configuration(slots={})


def patched(now: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """As Patroni applies a PATCH: tables are merged, null takes a key away."""
    made = dict(now)
    for key, value in changes.items():
        if value is None:
            made.pop(key, None)
        elif isinstance(value, dict) and isinstance(made.get(key), dict):
            made[key] = patched(made[key], value)
        else:
            made[key] = value
    return made


def test_a_copy_that_is_behind_is_still_promoted_and_no_other_mode_is_ever_chosen() -> None:
    assert PLANNED["synchronous_mode"] is True, "`quorum` would be a word"
    assert PLANNED["synchronous_mode_strict"] is False
    assert PLANNED["maximum_lag_on_failover"] == 16 * 1024**3
    assert PLANNED["failsafe_mode"] is True
    assert PLANNED["primary_start_timeout"] == 0


def test_what_is_as_planned_is_left_alone() -> None:
    assert patch(PLANNED, PLANNED) == {}


@pytest.mark.parametrize(
    ("now", "changes"),
    [
        ({}, PLANNED),
        ({**PLANNED, "ttl": 30}, {"ttl": 20}),
        ({**PLANNED, "pause": True}, {"pause": None}),
        ({**PLANNED, "synchronous_mode": "quorum"}, {"synchronous_mode": True}),
        ({**PLANNED, "slots": {"old": {"type": "physical"}}}, {"slots": {"old": None}}),
        ({**PLANNED, "postgresql": None}, {"postgresql": PLANNED["postgresql"]}),
        (
            {**PLANNED, "postgresql": {**PLANNED["postgresql"], "use_pg_rewind": False}},
            {"postgresql": {"use_pg_rewind": True}},
        ),
    ],
)
def test_only_what_differs_is_sent(now: dict[str, Any], changes: dict[str, Any]) -> None:
    assert patch(now, PLANNED) == changes
    assert patched(now, changes) == PLANNED


def test_a_receiver_that_is_no_member_has_a_slot_of_its_own() -> None:
    slots = {"backup_1": {"type": "physical"}}
    assert configuration(slots=slots)["slots"] == slots
