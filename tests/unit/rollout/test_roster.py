"""Who leaves a site, and who must not go yet."""

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
        address=IPv4Address("10.0.0.1"),
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


def refused(now: tuple[Machine, ...], seen: Cluster | None = None) -> str:
    return str(roster.refusal(BEFORE, now, seen) or "")


def test_machines_are_read_as_they_were_written() -> None:
    assert roster.read(roster.written(BEFORE)) == BEFORE
    assert roster.read(None) == ()


def test_whoever_is_not_in_the_file_leaves() -> None:
    assert roster.leaving(BEFORE, (*BEFORE[1:], machine("db-3"))) == (machine("db-1"),)


@pytest.mark.parametrize("seen", [None, cluster("db-1", "db-2"), cluster("db-2", "db-1")])
def test_one_of_each_kind_may_be_replaced_at_once(seen: Cluster | None) -> None:
    now = site("db-2", "db-3", "monitor-2", "monitor-3", "monitor-4", "web-2")
    assert not refused(now, seen)


def test_both_databases_do_not_go_at_once() -> None:
    now = (*site("db-3", "db-4"), *BEFORE[2:])
    assert "no database that holds the data" in refused(now)


def test_a_primary_does_not_go_before_another_mirrors_it() -> None:
    now = (*site("db-2", "db-3"), *BEFORE[2:])
    assert "db-1 does, which leaves" in refused(now, cluster("db-1"))
    assert not refused(now, cluster("db-2"))


def test_a_majority_of_the_voters_stays() -> None:
    now = (*BEFORE[:2], *site("monitor-3", "monitor-4", "monitor-5"))
    assert "monitor-3 of monitor-1, monitor-2, monitor-3" in refused(now)
    assert "none of monitor-1" in refused((*BEFORE[:2], machine("monitor-4")))


def test_after_a_recovery_the_survivor_alone_has_to_stay() -> None:
    before = roster.survived(BEFORE, "monitor-3")
    now = (*BEFORE[:2], *site("monitor-3", "monitor-4", "monitor-5"))
    assert roster.refusal(before, now, None) is None
