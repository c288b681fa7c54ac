"""At the address of another edge nobody is made to keep a connection, because it goes back."""

from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from edges.placing import LOOPBACK, machine
from standfast.mechanisms.edge.plan import EdgeAsk, Front, config, fronts
from standfast.mechanisms.edge.settings import EdgeSettings
from standfast.mechanisms.hosts.machine import Role

from .loopback import edge, said

OWN = IPv4Address("127.0.0.5")
HOME = replace(machine("edge-1", Role.EDGE), public=OWN)
OTHER = machine("edge-2", Role.EDGE)
SITE = (HOME, OTHER, machine("web-1", Role.WEB), machine("monitor-1", Role.MONITOR))


def ask(way: str) -> EdgeAsk:
    return EdgeAsk(
        health="/health",
        security_txt=False,
        trusted=(),
        slow=(),
        slow_limit_s=8,
        limits=EdgeSettings(),
        way=way,
    )


def lines(way: str, words: str) -> list[str]:
    text = config(HOME, SITE, ask(way)).decode()
    return [line for line in text.splitlines() if words in line]


def test_where_addresses_move_an_edge_listens_at_all_of_them_before_it_has_any() -> None:
    assert fronts(HOME, SITE, ask("vrrp")) == (
        Front(address=str(OWN), elsewhere=True, guest=False),
        Front(address=str(LOOPBACK), elsewhere=True, guest=True),
    )
    binds = [line.split()[1:3] for line in lines("vrrp", "    bind 127")]
    assert binds == [
        [f"{address}:{port}", "transparent"] for port in (80, 443) for address in (OWN, LOOPBACK)
    ]


def test_where_they_stay_it_listens_at_its_own_alone() -> None:
    assert [line.split()[1:3] for line in lines("stay", "    bind 127")] == [
        [f"{OWN}:80"],
        [f"{OWN}:443", "ssl"],
    ]
    assert lines("stay", "Connection close") == []


@pytest.mark.parametrize(("way", "kept"), [("vrrp", False), ("stay", True)])
def test_a_connection_to_another_edges_address_ends_with_its_answer(
    identity: Path, tmp_path: Path, way: str, kept: bool
) -> None:
    """The rule stands in a running edge whose only address plays the guest's."""
    rule = "".join(f"{line}\n" for line in lines(way, "Connection close"))
    assert str(OWN) not in rule

    def with_rule(text: str) -> str:
        first = "    option idle-close-on-response\n"
        assert first in text
        return text.replace(first, rule + first)

    with edge(identity, tmp_path, changed=with_rule) as running:
        connection = running.connection()
        for number in range(2):
            connection.request("GET", f"/{number}")
            open_until_now = connection.sock
            answer = said(connection.getresponse())
            assert answer.status == 200
            assert (answer.headers.get("connection") != "close") is kept
            assert (connection.sock is open_until_now) is kept
