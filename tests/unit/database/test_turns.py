"""Restarts go from secondary to primary, one at a time, and only while all others are well."""

from standfast.mechanisms.database.observe import Cluster, Member
from standfast.mechanisms.database.turns import Turn, next_turn, waiting


def member(name: str, role: str, state: str = "streaming", *, restart: bool = False) -> Member:
    return Member(
        name=name, role=role, state=state, timeline=1, lag_bytes=0, pending_restart=restart
    )


PRIMARY, SECOND = member("db-1", "leader", "running"), member("db-2", "sync_standby")
PAIR = Cluster(members=(PRIMARY, SECOND))
BOTH = frozenset({"db-1", "db-2"})


def test_the_secondary_comes_first() -> None:
    assert next_turn(PAIR, BOTH) == Turn(machine="db-2")


def test_the_primary_hands_over_before_its_turn() -> None:
    assert next_turn(PAIR, frozenset({"db-1"})) == Turn(machine="db-1", to="db-2")


def test_nobody_is_restarted_while_another_is_away() -> None:
    for other in (member("db-2", "replica", "stopped"), member("db-2", "replica")):
        assert next_turn(Cluster(members=(PRIMARY, other)), BOTH) is None
    third = member("db-3", "replica", "starting")
    assert next_turn(Cluster(members=(PRIMARY, SECOND, third)), BOTH) is None


def test_when_nobody_waits_nobody_is_restarted() -> None:
    assert next_turn(PAIR, frozenset()) is None


def test_a_setting_that_waits_for_a_restart_makes_its_machine_wait() -> None:
    cluster = Cluster(members=(PRIMARY, member("db-2", "sync_standby", restart=True)))
    assert waiting(cluster, frozenset()) == {"db-2"}
    assert waiting(cluster, frozenset({"db-1"})) == BOTH


def test_all_who_wait_have_their_turn_and_the_primary_the_last() -> None:
    """Played to the end: each turn makes its machine a secondary that no longer waits."""
    cluster, left, turns = PAIR, set(BOTH), []
    while (turn := next_turn(cluster, frozenset(left))) is not None:
        turns.append(turn)
        left.discard(turn.machine)
        if turn.to is not None:
            cluster = Cluster(
                members=(
                    member(turn.machine, "sync_standby"),
                    member(turn.to, "leader", "running"),
                )
            )
    assert turns == [Turn(machine="db-2"), Turn(machine="db-1", to="db-2")]
