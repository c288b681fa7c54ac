"""Who leaves a site, and who must not go yet."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from standfast.mechanisms.database.observe import Cluster, Member
from standfast.mechanisms.hosts.machine import Machine, Reach, Role
from standfast.mechanisms.rollout import roster


def machine(name: str) -> Machine:
    kinds = {"db": Role.DATABASE, "monitor": Role.MONITOR, "web": Role.WEB}
    return Machine(
        name=name,
        roles=frozenset({kinds[name.split("-")[0]]}),
        address=IPv4Address(f"10.0.{ord(name[0])}.{name.split('-')[1]}"),
        public=IPv4Address("192.0.2.1") if name.startswith("web") else None,
        reach=Reach(host=name, user=None, port=2222),
    )


def site(*names: str) -> tuple[Machine, ...]:
    return tuple(map(machine, names))


def cluster(primary: str, *synchronous: str) -> Cluster:
    def member(name: str, role: str) -> Member:
        return Member(
            name=name, role=role, state="running", timeline=1, lag_bytes=0, pending_restart=False
        )

    secondaries = (member(name, "sync_standby") for name in synchronous)
    return Cluster(members=(member(primary, "leader"), *secondaries))


BEFORE = site("db-1", "db-2", "monitor-1", "monitor-2", "monitor-3", "web-1")


def data_gone(now: tuple[Machine, ...], seen: Cluster | None) -> str:
    return str(roster.without_databases(BEFORE, now, seen) or "")


def majority_gone(now: tuple[Machine, ...], votes: dict[str, bool] | None = None) -> str:
    return str(roster.without_majority(BEFORE, now, votes) or "")


def test_machines_are_read_as_they_were_written() -> None:
    assert roster.read(roster.written(BEFORE)) == BEFORE
    assert roster.read(None) == ()


def test_whoever_is_not_in_the_file_leaves() -> None:
    assert roster.leaving(BEFORE, (*BEFORE[1:], machine("db-3"))) == (machine("db-1"),)


def test_whoever_is_renamed_does_not_leave() -> None:
    renamed = replace(machine("db-9"), address=BEFORE[0].address)
    assert roster.leaving(BEFORE, (*BEFORE[1:], renamed)) == ()


def test_another_role_is_a_role_lost() -> None:
    now = (replace(BEFORE[0], roles=frozenset({Role.WEB})), *BEFORE[1:])
    assert roster.losing(BEFORE, now, Role.DATABASE) == {"db-1"}


@pytest.mark.parametrize("seen", [cluster("db-1", "db-2"), cluster("db-2", "db-1")])
def test_one_of_each_kind_may_be_replaced_at_once(seen: Cluster) -> None:
    now = site("db-2", "db-3", "monitor-2", "monitor-3", "monitor-4", "web-2")
    assert not data_gone(now, seen)
    assert not majority_gone(now)


def test_both_databases_do_not_go_at_once() -> None:
    now = (*site("db-3", "db-4"), *BEFORE[2:])
    assert "no database that holds the data" in data_gone(now, None)


def test_a_database_does_not_go_before_another_one_is_known_to_hold_all() -> None:
    now = (*site("db-2", "db-3"), *BEFORE[2:])
    assert "db-1 does, which leaves" in data_gone(now, cluster("db-1"))
    assert "db-2 does not say" in data_gone(now, None)
    assert not data_gone(now, cluster("db-2"))


def test_a_majority_of_the_voters_stays() -> None:
    now = (*BEFORE[:2], *site("monitor-3", "monitor-4", "monitor-5"))
    assert "monitor-3 of monitor-1, monitor-2, monitor-3" in majority_gone(now)
    assert "none of monitor-1" in majority_gone((*BEFORE[:2], machine("monitor-4")))


def test_votes_count_as_the_voters_themselves_say() -> None:
    now = (*BEFORE[:2], *site("monitor-2", "monitor-3", "monitor-4"))
    dead = {"monitor-1": False, "monitor-2": True, "monitor-3": True}
    assert not majority_gone(now, dead)
    assert majority_gone(now, {**dead, "monitor-1": True, "monitor-3": False})


def test_after_a_recovery_the_survivor_alone_has_to_stay() -> None:
    now = (*BEFORE[:2], *site("monitor-3", "monitor-4", "monitor-5"))
    assert not majority_gone(now, {"monitor-3": True})
