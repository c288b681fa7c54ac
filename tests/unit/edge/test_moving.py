"""Who holds which address while who is there, and what keepalived and HAProxy are told of it."""

import itertools
import json
import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files as resources
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from standfast.mechanisms.edge.moving import vrrp
from standfast.mechanisms.edge.moving.ask import MovingAsk
from standfast.mechanisms.edge.moving.turns import HOME, holds, turns
from standfast.mechanisms.edge.moving.way import WAYS
from standfast.mechanisms.edge.settings import EdgeSettings
from standfast.mechanisms.hosts.firewall import plan as firewall
from standfast.mechanisms.hosts.machine import Machine, Reach, Role
from standfast.mechanisms.hosts.names import FAULTS


def edge(number: int) -> Machine:
    return Machine(
        name=f"edge-{number}",
        roles=frozenset({Role.EDGE}),
        address=IPv4Address(f"10.77.0.{10 + number}"),
        public=IPv4Address(f"203.0.113.{10 + number}"),
        moves=True,
        reach=Reach(host=f"10.77.0.{10 + number}"),
    )


def edges(count: int) -> tuple[Machine, ...]:
    return tuple(edge(number + 1) for number in range(count))


def holder(home: Machine, alive: tuple[Machine, ...], site: tuple[Machine, ...]) -> str:
    """Who has the address of `home`, by VRRP: the greatest priority among those that are there."""
    bids = [
        (turn.priority, each.name)
        for each in alive
        for turn in turns(each, site)
        if turn.name == home.name
    ]
    return max(bids)[1]


@pytest.mark.parametrize("count", [2, 3, 5])
def test_an_address_is_at_home_while_its_edge_lives_and_else_with_the_next(count: int) -> None:
    site = edges(count)
    for alive in (
        chosen for number in range(1, count + 1) for chosen in itertools.combinations(site, number)
    ):
        for place, home in enumerate(site):
            after = (*site[place:], *site[:place])
            assert holder(home, alive, site) == next(each.name for each in after if each in alive)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_no_two_edges_bid_alike_and_all_agree_on_the_numbers(count: int) -> None:
    site = edges(count)
    mine = {each.name: turns(each, site) for each in site}
    for home in site:
        bids = [turn for found in mine.values() for turn in found if turn.name == home.name]
        assert len({turn.priority for turn in bids}) == count
        assert len({turn.number for turn in bids}) == 1
        assert sum(turn.priority == HOME for turn in bids) == 1
        assert all(1 <= turn.priority <= 254 and 1 <= turn.number <= 255 for turn in bids)
    assert {turn.number for turn in mine["edge-1"]} == set(range(1, count + 1))


def test_a_lone_edge_has_nobody_who_stands_in() -> None:
    assert turns(edge(1), edges(1)) == ()


SHOWN = """\
lo               UNKNOWN        127.0.0.1/8
public@if5       UP             169.254.77.11/24 203.0.113.11/32 203.0.113.12/32
private@if6      UP             10.77.0.11/24
"""


def test_what_a_machine_holds_is_read_address_by_address() -> None:
    assert holds(SHOWN, IPv4Address("203.0.113.11"))
    assert holds(SHOWN, IPv4Address("203.0.113.12"))
    assert not holds(SHOWN, IPv4Address("203.0.113.1"))
    assert not holds("", IPv4Address("203.0.113.11"))


def contribution(count: int = 2) -> vrrp.Contribution:
    machine = edge(1)
    ask = MovingAsk(machine=machine, public_interface="eth1", private_interface="eth0")
    return WAYS["vrrp"](turns(machine, edges(count)), ask)


def content(path: str, count: int = 2) -> str:
    return next(each.content for each in contribution(count).files if each.path == path).decode()


def test_keepalived_stands_in_for_everybody_and_listens_to_its_peers_alone() -> None:
    text = content(vrrp.CONFIG, 3)
    assert re.findall(r"vrrp_instance (\S+)", text) == ["edge-1", "edge-2", "edge-3"]
    assert re.findall(r"^    priority (\d+)", text, re.MULTILINE) == ["200", "149", "150"]
    assert re.findall(r"203\S+ dev \S+", text) == [
        f"203.0.113.{number}/32 dev eth1" for number in (11, 12, 13)
    ]
    assert text.count("unicast_src_ip 10.77.0.11\n") == text.count("check_unicast_src") == 3
    assert re.findall(r"^        (10\S+)", text, re.MULTILINE) == ["10.77.0.12", "10.77.0.13"] * 3


def test_no_edge_begins_with_an_address_and_none_holds_one_without_haproxy() -> None:
    text = content(vrrp.CONFIG)
    assert "state MASTER" not in text
    assert text.count("state BACKUP") == text.count("track_script") == 2
    assert "init_fail" in text


def test_keepalived_runs_in_no_real_time_because_a_reload_would_be_its_death() -> None:
    """Most reloads in real time ended it by SIGKILL (keepalived 2.2.7, RLIMIT_RTTIME), and the edge
    was without its address for more than a second; of fifteen without, none did."""
    text = content(vrrp.CONFIG)
    assert "rt_priority" not in text
    assert "vrrp_priority -20\n" in text
    reloaded = next(each for each in contribution().files if each.path == vrrp.CONFIG)
    assert (reloaded.reloads, reloaded.restarts) == ((vrrp.UNIT,), ())


def test_with_the_planted_fault_an_edge_has_its_own_address_and_stands_in_for_nobody() -> None:
    text = content(vrrp.PINNED_CONFIG)
    assert re.findall(r"vrrp_instance (\S+)", text) == ["edge-1"]
    assert "203.0.113.12" not in text


def test_the_planted_fault_is_declared_for_the_variable_that_the_unit_reads() -> None:
    declared = json.loads(content(f"{FAULTS}/{vrrp.PINNED}.json"))
    assert declared == {"unit": vrrp.UNIT, "environment": {"CONFIG": vrrp.PINNED_CONFIG}}
    unit = vrrp.unit().content.decode()
    assert f"Environment=CONFIG={vrrp.CONFIG}\n" in unit
    assert "--use-file ${CONFIG}\n" in unit


def test_the_firewall_lets_vrrp_in_from_the_other_edges_and_from_nobody_else() -> None:
    (flow,) = contribution(3).flows
    assert flow.sources == ("10.77.0.12", "10.77.0.13")
    rules = firewall.plan((flow,)).files[0].content.decode()
    accepted = [line.strip() for line in rules.splitlines() if "protocol 112" in line]
    assert accepted == [
        "ip saddr { 10.77.0.12, 10.77.0.13 } ip protocol 112 accept "
        'comment "edges say that they are there"'
    ]
    assert "dport 0" not in rules


def test_addresses_move_by_themselves_where_machines_are_made_here_and_else_by_choice() -> None:
    assert EdgeSettings().way(made_here=True) == "vrrp"
    assert EdgeSettings().way(made_here=False) == "stay"
    for chosen in ("stay", "vrrp"):
        settings = EdgeSettings.model_validate({"addresses": chosen})
        assert {settings.way(made_here=here) for here in (True, False)} == {chosen}


def answers(path: Path) -> bool:
    program = resources(vrrp.__package__) / "templates" / "answering.pl"
    done = subprocess.run(["/usr/bin/perl", str(program), str(path), "0.2"], capture_output=True)
    assert not done.stderr
    return done.returncode == 0


@contextmanager
def listening(path: Path, said: bytes | None) -> Iterator[None]:
    """A socket that answers with these bytes, or takes the question and says nothing."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def once() -> None:
            line, _ = server.accept()
            with line:
                line.recv(100)
                if said is None:
                    done.wait(5)
                else:
                    line.sendall(said)

        done = threading.Event()
        thread = threading.Thread(target=once, daemon=True)
        thread.start()
        yield
        done.set()
        thread.join()


@pytest.mark.parametrize(
    ("said", "well"),
    [
        (b"Name: HAProxy\nVersion: 2.6.12\nPid: 43\nUptime: 0d\n", True),
        (b"Name: HAProxy\n", False),
        (b"", False),
        (None, False),
    ],
)
def test_a_haproxy_that_is_silent_or_breaks_off_does_not_answer(
    tmp_path: Path, said: bytes | None, well: bool
) -> None:
    path = tmp_path / "admin.sock"
    with listening(path, said):
        assert answers(path) is well


def test_one_that_is_not_there_does_not_answer(tmp_path: Path) -> None:
    assert not answers(tmp_path / "none.sock")
