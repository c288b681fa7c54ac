"""Restarts go from secondary to primary, one at a time, and only while all others are well."""

from standfast.mechanisms.database.observe import Cluster, Member
from standfast.mechanisms.database.turns import Turn, next_turn


def member(name: str, role: str, state: str = "streaming", *, restart: bool = False) -> Member:
    return Member(
        name=name, role=role, state=state, timeline=1, lag_bytes=0, pending_restart=restart
    )


PRIMARY, SECOND = member("db-1", "leader", "running"), member("db-2", "sync_standby")
PAIR = Cluster(members=(PRIMARY, SECOND))
BOTH = frozenset({"db-1", "db-2"})


def test_the_secondary_comes_first() -> None:
    assert next_turn(PAIR, BOTH, ()) == Turn(machine="db-2")


def test_the_primary_hands_over_before_its_turn() -> None:
    assert next_turn(PAIR, frozenset({"db-1"}), ()) == Turn(machine="db-1", to="db-2")


def test_nobody_is_restarted_while_another_is_away() -> None:
    for other in (member("db-2", "replica", "stopped"), member("db-2", "replica")):
        assert next_turn(Cluster(members=(PRIMARY, other)), BOTH, ()) is None
    third = member("db-3", "replica", "starting")
    assert next_turn(Cluster(members=(PRIMARY, SECOND, third)), BOTH, ()) is None


def test_when_nobody_waits_nobody_is_restarted() -> None:
    assert next_turn(PAIR, frozenset(), ()) is None


def settings(*, primary: bool, secondary: bool) -> Cluster:
    return Cluster(
        members=(
            member("db-1", "leader", "running", restart=primary),
            member("db-2", "sync_standby", restart=secondary),
        )
    )


def test_a_setting_that_waits_gets_a_restart_in_place_the_secondary_first() -> None:
    both, primary = settings(primary=True, secondary=True), settings(primary=True, secondary=False)
    assert next_turn(both, frozenset(), ()) == Turn(machine="db-2", in_place=True)
    assert next_turn(primary, frozenset(), ("db-2",)) == Turn(machine="db-1", in_place=True)


def test_where_less_is_wanted_the_secondary_has_another_turn_after_the_primary() -> None:
    """Its first one changed nothing: it may not allow less than its primary does."""
    both, second = settings(primary=True, secondary=True), settings(primary=False, secondary=True)
    assert next_turn(both, frozenset(), ("db-2",)) == Turn(machine="db-1", in_place=True)
    assert next_turn(second, frozenset(), ("db-2", "db-1")) == Turn(machine="db-2", in_place=True)


def test_a_setting_that_waits_whatever_is_done_does_not_go_on_for_ever() -> None:
    both = settings(primary=True, secondary=True)
    assert next_turn(both, frozenset(), ("db-2", "db-1", "db-2")) is None


def test_a_unit_that_waits_comes_before_a_setting() -> None:
    both = settings(primary=True, secondary=True)
    assert next_turn(both, BOTH, ()) == Turn(machine="db-2")


def test_all_who_wait_have_their_turn_and_the_primary_the_last() -> None:
    """Played to the end: each turn makes its machine a secondary that no longer waits."""
    cluster, left, turns = PAIR, set(BOTH), []
    while (turn := next_turn(cluster, frozenset(left), ())) is not None:
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
