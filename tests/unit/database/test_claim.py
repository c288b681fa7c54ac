"""What Patroni keeps in etcd, as the fast path reads it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from standfast.mechanisms.database.claim import parse
from standfast.mechanisms.monitor.gateway import Value

CONFIG = {"synchronous_mode": True, "synchronous_mode_strict": False}
SYNC = {"leader": "db-1", "sync_standby": "db-2"}


def kept(revision: int, document: Any, lease: int = 0) -> Value:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Value(data=data, created=1, modified=revision, lease=lease)


def keys(**changed: Value) -> dict[str, Value]:
    return {
        "leader": kept(3, b"db-1", lease=77),
        "sync": kept(4, SYNC),
        "status": kept(9, {"optime": 1}),
        "config": kept(2, CONFIG),
        **changed,
    }


def test_revisions_and_names_are_taken_from_where_patroni_writes_them() -> None:
    claim = parse(keys(removal=kept(8, {"who": "m1"})))
    assert claim is not None
    assert (claim.leader, claim.leader_revision, claim.lease) == ("db-1", 3, 77)
    assert (claim.secondaries, claim.sync_revision) == (("db-2",), 4)
    assert json.loads(claim.sync) == SYNC
    assert (claim.status_revision, claim.removal_revision, claim.holds) == (9, 8, "")
    assert claim.removed_at is None


def test_a_removal_says_when_it_was() -> None:
    said = {"who": "m1", "at": "2026-11-28T20:36:13+00:00"}
    claim = parse(keys(removal=kept(8, said)))
    assert claim is not None
    assert claim.removed_at == datetime(2026, 11, 28, 20, 36, 13, tzinfo=UTC)


@pytest.mark.parametrize("missing", ["leader", "sync", "status", "config"])
def test_nothing_is_claimed_where_a_key_is_missing(missing: str) -> None:
    left = keys()
    del left[missing]
    assert parse(left) is None


@pytest.mark.parametrize("data", [b"no JSON", b"[]", b"7", b"null", b"\xff"])
@pytest.mark.parametrize("key", ["sync", "config"])
def test_what_is_not_patronis_is_left_alone(key: str, data: bytes) -> None:
    assert parse(keys(**{key: kept(4, data)})) is None
    assert parse(keys(leader=kept(3, b"\xff\xfe"))) is None


@pytest.mark.parametrize(
    ("sync", "names"),
    [
        ({"leader": "db-1", "sync_standby": "db-2,db-3"}, ("db-2", "db-3")),
        ({"leader": "db-1", "sync_standby": None}, ()),
        ({"leader": "db-2", "sync_standby": "db-1"}, ()),
        ({}, ()),
    ],
)
def test_only_a_sync_of_this_leader_names_secondaries(
    sync: dict[str, Any], names: tuple[str, ...]
) -> None:
    claim = parse(keys(sync=kept(4, sync)))
    assert claim is not None
    assert claim.secondaries == names


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"config": kept(2, {**CONFIG, "pause": True})}, "leave everything as it is"),
        ({"config": kept(2, {**CONFIG, "synchronous_mode": "quorum"})}, "is not on"),
        ({"config": kept(2, {"synchronous_mode": False})}, "is not on"),
        ({"config": kept(2, {**CONFIG, "synchronous_mode_strict": True})}, "strict"),
        ({"failover": kept(9, {"leader": "db-1", "member": "db-2"})}, "switchover"),
    ],
)
def test_what_the_fast_path_must_keep_out_of(changed: dict[str, Value], why: str) -> None:
    claim = parse(keys(**changed))
    assert claim is not None
    assert why in claim.holds


def test_a_switchover_that_is_over_holds_nobody() -> None:
    claim = parse(keys(failover=kept(9, {})))
    assert claim is not None
    assert claim.holds == ""
