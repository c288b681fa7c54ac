"""Patroni goes back to the voters of its file, asks another where one says nothing, wakes up when
its PostgreSQL dies, and hands over without waiting for what is there already."""

import inspect
import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

import patroni.postgresql
import pytest
from patroni.__main__ import Patroni
from patroni.dcs.etcd import AbstractEtcdClientWithFailover as Client
from patroni.dcs.etcd3 import Etcd3Client, Etcd3ClientError, PatroniEtcd3Client
from patroni.ha import Failsafe, Ha
from patroni.postgresql import Postgresql

from standfast.mechanisms.database.patroni_start import (
    LOOK_WHILE_STOPPING_S,
    REAPED_WITHIN_S,
    ask_another,
    died,
    follow,
    forget_failsafe,
    hand_over_soon,
    see_deaths,
)

ASKED = "_get_machines_cache_from_config"


def written(file: Path, *hosts: str) -> None:
    lines = "".join(f"    - {each}\n" for each in hosts)
    file.write_text(f"scope: shop\netcd3:\n  hosts:\n{lines}")


def test_voters_are_those_of_the_file_whenever_they_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Client, ASKED, getattr(Client, ASKED))  # taken back afterwards
    file = tmp_path / "patroni.yml"
    follow(file)
    client = SimpleNamespace(protocol="https")
    for hosts in (("10.0.0.1:2379", "10.0.0.2:2379"), ("10.0.0.7:2379",)):
        written(file, *hosts)
        assert getattr(Client, ASKED)(client) == [f"https://{each}" for each in hosts]


def test_this_patroni_asks_there_when_nobody_answers() -> None:
    """Upstream's own method: a release that names it otherwise would go unnoticed for long."""
    assert f"self.{ASKED}()" in inspect.getsource(Client._load_machines_cache)


def answered(code: int, words: str) -> SimpleNamespace:
    return SimpleNamespace(status=500, data=json.dumps({"code": code, "message": words}).encode())


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> PatroniEtcd3Client:
    handle = "_handle_server_response"
    monkeypatch.setattr(Etcd3Client, handle, getattr(Etcd3Client, handle))  # taken back afterwards
    ask_another()
    made = PatroniEtcd3Client.__new__(PatroniEtcd3Client)
    made._decoder = json.JSONDecoder()
    made._check_cluster_raft_term = lambda *_: None
    return made


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (1, "grpc: the client connection is closing"),
        (2, "OK: HTTP status code 200; transport: missing content-type field"),
        (13, "server closed the stream without sending trailers"),
        (14, "etcdserver: request timed out"),
    ],
)
def test_what_says_nothing_is_a_time_out_after_which_another_is_asked(
    client: PatroniEtcd3Client, code: int, words: str
) -> None:
    with pytest.raises(TimeoutError):
        client._handle_server_response(answered(code, words))


def test_what_says_no_is_no(client: PatroniEtcd3Client) -> None:
    with pytest.raises(Etcd3ClientError, match="lease not found"):
        client._handle_server_response(answered(5, "etcdserver: requested lease not found"))


def test_the_end_of_the_postmaster_is_seen_when_it_comes(tmp_path: Path) -> None:
    postmaster = subprocess.Popen(["sleep", "60"])
    pid_file = tmp_path / "postmaster.pid"
    pid_file.write_text(f"{postmaster.pid}\n/var/lib/postgresql/data\n1790000000\n")
    seen: list[bool] = []
    waiting = Thread(target=lambda: seen.append(died(pid_file)), daemon=True)
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive(), "it lives"
    postmaster.kill()
    waiting.join(5)
    assert seen == [True]
    postmaster.wait()
    assert not died(pid_file), "a stale file names nobody"


def test_a_dead_postmaster_is_told_of_once_nobody_takes_it_for_a_running_one(
    tmp_path: Path,
) -> None:
    postmaster = subprocess.Popen(["sleep", "60"])
    (tmp_path / "postmaster.pid").write_text(f"{postmaster.pid}\n")
    seen: list[bool] = []
    waiting = Thread(target=lambda: seen.append(died(tmp_path / "postmaster.pid")), daemon=True)
    waiting.start()
    postmaster.kill()
    waiting.join(REAPED_WITHIN_S / 2)
    assert seen == [], "its parent has not taken note of it"
    postmaster.wait()
    waiting.join(REAPED_WITHIN_S / 2)
    assert seen == [True]


@pytest.mark.parametrize("content", [None, "", "starting\n"])
def test_where_no_postmaster_is_named_nothing_has_died(tmp_path: Path, content: str | None) -> None:
    pid_file = tmp_path / "postmaster.pid"
    if content is not None:
        pid_file.write_text(content)
    assert not died(pid_file)


def test_patroni_is_woken_once_for_each_death(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    postmaster = subprocess.Popen(["sleep", "60"])
    (tmp_path / "postmaster.pid").write_text(f"{postmaster.pid}\n")
    woken = Event()
    ran: list[object] = []
    monkeypatch.setattr(Patroni, "run", ran.append)  # taken back afterwards, with what wraps it
    see_deaths()
    patroni = SimpleNamespace(
        postgresql=SimpleNamespace(data_dir=str(tmp_path)), ha=SimpleNamespace(wakeup=woken.set)
    )
    Patroni.run(patroni)
    assert ran == [patroni], "it runs as it did"
    assert not woken.wait(0.2)
    postmaster.kill()
    assert woken.wait(5)
    postmaster.wait()


class Standby:
    """A real `Failsafe`, and as much of `Ha` as it takes to read from etcd."""

    def __init__(self) -> None:
        self.state_handler = SimpleNamespace(name="db-2")
        self._failsafe = Failsafe(SimpleNamespace(ttl=20))
        self.cluster = SimpleNamespace()

    def asked_to_go_on(self) -> None:
        self._failsafe.update({"name": "db-1", "conn_url": "", "api_url": "", "slots": {}})

    def reads(self, lsn: int, *, leader: str = "db-1", session: str = "7587") -> bool:
        """Return whether it stands back still."""
        self.next = SimpleNamespace(
            leader=SimpleNamespace(name=leader, session=session),
            status=SimpleNamespace(last_lsn=lsn),
        )
        Ha.load_cluster_from_dcs(self)
        return self._failsafe.is_active()


@pytest.fixture
def standby(monkeypatch: pytest.MonkeyPatch) -> Standby:
    def load(self: Standby) -> None:
        self.cluster = self.next

    monkeypatch.setattr(Ha, "load_cluster_from_dcs", load)
    forget_failsafe()
    made = Standby()
    made.asked_to_go_on()
    return made


def test_a_leader_that_is_back_in_etcd_is_no_longer_stood_back_for(standby: Standby) -> None:
    assert [standby.reads(lsn) for lsn in (100, 100, 200, 200, 300)] == [True] * 4 + [False]


def test_one_that_is_still_without_etcd_is(standby: Standby) -> None:
    assert all(standby.reads(lsn) for lsn in (100, 200, 200, 200))
    standby.asked_to_go_on()
    assert standby.reads(300), "what was seen before it asked again does not count"
    assert standby.reads(400)
    assert not standby.reads(500)


def test_its_own_word_and_its_own_lead_are_no_signs(standby: Standby) -> None:
    assert all(standby.reads(lsn, session="") for lsn in range(9))
    assert all(standby.reads(lsn, leader="db-2") for lsn in range(9))


def stopping(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Upstream's stop(), which here only tells what it was given; ours is around it."""
    given: list[Any] = []

    def stop(self: object, mode: str, **named: Any) -> bool:
        given.append(named.get("on_shutdown"))
        return True

    monkeypatch.setattr(patroni.postgresql, "STOP_POLLING_INTERVAL", 1)  # taken back afterwards
    monkeypatch.setattr(Postgresql, "stop", stop)
    hand_over_soon()
    return given


def test_a_stop_is_looked_at_ten_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    stopping(monkeypatch)
    assert patroni.postgresql.STOP_POLLING_INTERVAL == LOOK_WHILE_STOPPING_S
    source = inspect.getsource(Postgresql._do_stop)
    assert "time.sleep(STOP_POLLING_INTERVAL)" in source, "upstream looks in another way"


@dataclass
class Leader:
    """Upstream's `Ha`, as far as its `on_shutdown` goes. The other machine has caught up when it
    was asked so often."""

    after: int
    asked: int = 0
    said: list[tuple[int, int]] = field(default_factory=list)

    def is_failover_possible(self, *, cluster_lsn: int) -> bool:
        assert cluster_lsn == 7
        self.asked += 1
        return self.asked > self.after

    def demote(self) -> Callable[[int, int], None]:
        def on_shutdown(checkpoint_location: int, prev_location: int) -> None:
            time.sleep(1)
            if self.is_failover_possible(cluster_lsn=checkpoint_location):
                self.said.append((checkpoint_location, prev_location))

        return on_shutdown


@pytest.mark.parametrize(("after", "asked"), [(0, 2), (2, 4)])
def test_who_hands_over_waits_until_the_other_one_has_caught_up(
    monkeypatch: pytest.MonkeyPatch, after: int, asked: int
) -> None:
    given, leader = stopping(monkeypatch), Leader(after=after)
    assert Postgresql.stop(object(), "fast", on_shutdown=leader.demote())
    began = time.monotonic()
    given[0](7, 6)
    assert (leader.said, leader.asked) == ([(7, 6)], asked)
    assert time.monotonic() - began < 0.9


def test_nobody_waits_longer_than_upstream_and_nothing_is_handed_over_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given, leader = stopping(monkeypatch), Leader(after=99)
    Postgresql.stop(object(), "fast", on_shutdown=leader.demote())
    given[0](7, 6)
    assert leader.said == []
    assert leader.asked == round(1 / LOOK_WHILE_STOPPING_S) + 1


def test_a_stop_that_hands_nothing_over_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    given = stopping(monkeypatch)
    Postgresql.stop(object(), "immediate")
    assert given == [None]


@pytest.mark.parametrize("method", [Ha.demote, Ha.shutdown])
def test_upstream_waits_a_second_and_then_asks_the_other_one(method: Callable[..., Any]) -> None:
    """By what makes waiting less safe: nobody is handed the lead who has not received it all."""
    source = inspect.getsource(method)
    asks = source.index("self.is_failover_possible(cluster_lsn=checkpoint_location)")
    assert source.index("time.sleep(1)") < asks
