"""What Patroni says of its cluster, in its own words of 4.1."""

import json
from typing import Any

import pytest

from standfast.mechanisms.database.observe import Cluster, parse

MEMBER = {"host": "10.77.0.15", "port": 5432, "api_url": "https://10.77.0.15:8008/patroni"}


def member(name: str, role: str, state: str, **more: Any) -> dict[str, Any]:
    return {**MEMBER, "name": name, "role": role, "state": state, **more}


def seen(*members: dict[str, Any]) -> Cluster:
    return parse(json.loads(json.dumps({"members": members, "scope": "shop"})))


LEADER = member("db-1", "leader", "running", timeline=2)
MIRROR = member("db-2", "sync_standby", "streaming", timeline=2, lag=0)


def test_a_pair_that_mirrors_is_whole() -> None:
    cluster = seen(LEADER, MIRROR)
    assert cluster.primary == "db-1"
    assert cluster.synchronous == ("db-2",)
    assert [each.name for each in cluster.secondaries] == ["db-2"]
    assert cluster.is_whole


@pytest.mark.parametrize(
    "other",
    [
        member("db-2", "replica", "streaming", timeline=2, lag=0),
        member("db-2", "replica", "creating replica", lag="unknown"),
        member("db-2", "sync_standby", "starting", lag="unknown"),
        member("db-2", "replica", "stopped", lag="unknown"),
    ],
)
def test_without_a_copy_that_streams_it_is_not(other: dict[str, Any]) -> None:
    cluster = seen(LEADER, other)
    assert cluster.primary == "db-1"
    assert cluster.synchronous == ()
    assert not cluster.is_whole


def test_a_third_machine_that_does_not_follow_leaves_it_incomplete() -> None:
    third = member("db-3", "replica", "start failed", lag="unknown")
    assert not seen(LEADER, MIRROR, third).is_whole


def test_a_leader_that_does_not_run_is_no_primary() -> None:
    assert seen(member("db-1", "leader", "stopped"), MIRROR).primary is None
    assert seen().primary is None


def test_what_patroni_does_not_know_is_not_taken_for_nothing() -> None:
    (unknown,) = seen(member("db-2", "replica", "stopped", lag="unknown")).members
    assert unknown.lag_bytes is None
    assert unknown.timeline is None
    assert not unknown.pending_restart


def test_a_setting_that_waits_for_a_restart_is_seen() -> None:
    assert seen({**MIRROR, "pending_restart": True}).members[0].pending_restart
