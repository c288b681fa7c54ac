"""When a dead primary's claim is taken away, and everything that forbids it."""

from dataclasses import replace

import pytest

from standfast.mechanisms.database.removal import Claim, Hold, Remove, Seen, decide

CLAIM = Claim(
    leader="db-1",
    leader_revision=10,
    lease=7,
    secondaries=("db-2",),
    sync=b"{}",
    sync_revision=11,
    status_revision=99,
    removal_revision=0,
)
DEAD = Seen(
    claim=CLAIM,
    quiet_s=2.3,
    runs_down=True,
    silent={"m1": 1.0, "m2": 0.6},
    monitors=3,
    since_removal_s=float("inf"),
    severed="db-2",
)


def test_a_dead_primary_is_removed_for_its_secondary() -> None:
    decided = decide(DEAD)
    assert isinstance(decided, Remove)
    assert (decided.claim, decided.successor) == (CLAIM, "db-2")
    assert "db-1 answers none of m1, m2 and not db-2" in decided.seen


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"quiet_s": 2.1}, "db-1 showed itself in etcd 2.1 s ago"),
        ({"runs_down": False}, "the lease of db-1 may have been renewed"),
        ({"silent": {"m1": 9.0}}, "say m1 alone"),
        ({"silent": {}}, "say none alone"),
        ({"silent": {"m1": 9.0, "m2": 0.4}}, "say m1 alone"),
        ({"silent": {"m1": 9.0, "m2": 9.0}, "monitors": 5}, "say m1, m2 alone"),
        ({"silent": {"m1": 9.0}, "monitors": 1}, "say m1 alone"),
        ({"since_removal_s": 59.0}, "removed within the last minute"),
        ({"severed": None}, "no secondary in /sync is healthy and cut off"),
        ({"severed": "db-3"}, "no secondary in /sync is healthy and cut off"),
        ({"claim": replace(CLAIM, secondaries=())}, "/sync names no secondary"),
        ({"claim": replace(CLAIM, leader_revision=100)}, "has not shown itself since it took"),
        ({"claim": replace(CLAIM, holds="a switchover is under way")}, "a switchover is under way"),
    ],
)
def test_nobody_acts_where_one_condition_is_missing(changed: dict[str, object], why: str) -> None:
    decided = decide(replace(DEAD, **changed))  # type: ignore[arg-type]
    assert isinstance(decided, Hold)
    assert why in decided.why
